"""What the frames of a dataset say: their keys, their units, and whether their energies can be true."""
