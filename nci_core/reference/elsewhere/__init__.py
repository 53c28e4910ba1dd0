"""Labels computed elsewhere: inputs for a machine that this one cannot reach, and what comes back.

task.py        what one label needs, as data: `manifest.json`
run_pyscf.py   the script that travels with it; imports only PySCF and numpy
inputs.py      the same calculation for Psi4, ORCA and Molpro
outputs.py     energies and convergence from the outputs of those three
results.py     a checked LabelResult from either
"""
