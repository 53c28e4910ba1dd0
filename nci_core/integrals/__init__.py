"""Hartree–Fock, MP2 and CCSD(T) of a dimer and its monomers in one set of fitted integrals."""
