"""Reference labels: counterpoise-corrected CCSD(T) interaction energies by named recipes."""
