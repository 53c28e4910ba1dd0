"""Labels computed elsewhere: inputs for a machine that this one cannot reach, and what comes back.

task.py          what one label needs, as data: `manifest.json`
run_pyscf.py     the script that travels with it; imports only PySCF and numpy
inputs.py        the same calculation for Psi4, ORCA and Molpro
outputs/         energies and convergence from the outputs of those three
returned.py      the result that the script writes, its form and bounds
results.py       a LabelResult from either
plausible.py     bounds on its energies
hartree_fock.py  its Hartree–Fock energies, computed again here
"""
