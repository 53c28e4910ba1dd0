"""What the pages show, as tables; no Streamlit here. Energies in eV, lengths in Å."""
