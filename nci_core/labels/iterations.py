"""Hartree–Fock and CCSD that go on exactly where they were.

Energies of a restart must not depend on its being one. CCSD stops at 1e-8 hartree, so a restart from its amplitudes
alone, with an empty DIIS space, would end some 1e-9 hartree elsewhere; and orbitals converged a second time may
turn within a degenerate pair, for which amplitudes mean nothing. So the orbitals are taken over as they are, and
the DIIS space (Pulay, DOI 10.1016/0009-2614(80)80396-4) with the amplitudes: every later iteration is the one
that an undisturbed calculation would have made.
"""

from typing import Any

import numpy as np

from nci_core.labels.resuming import Arrays

ORBITALS = ("mo_coeff", "mo_energy", "mo_occ")


def orbital_state(mf: Any) -> Arrays:
    """A converged Hartree–Fock calculation as arrays."""
    found = {name: np.asarray(getattr(mf, name)) for name in ORBITALS}
    return found | {"hf_hartree": np.array(mf.e_tot), "scf_cycles": np.array(mf.cycles)}


def take_up_orbitals(mf: Any, state: Arrays) -> None:
    """Make `mf` the converged calculation that `orbital_state` described."""
    for name in ORBITALS:
        setattr(mf, name, state[name])
    mf.e_tot, mf.cycles, mf.converged = float(state["hf_hartree"]), int(state["scf_cycles"]), True
    # One Fock matrix, so that PySCF holds the integrals in memory (or not) as after the iterations:
    # what it holds decides how it transforms them.
    mf.get_veff(mf.mol, mf.make_rdm1())


def iteration_bytes(variables: dict[str, Any]) -> int:
    """About how large `iteration_state` is, without reading vectors that PySCF keeps on disk."""
    # A DIIS vector holds each amplitude of t2 once, t2 itself nearly all of them twice.
    vectors = 2 * variables["adiis"].get_num_vec() + 1
    return int(variables["t2"].nbytes * (1 + vectors / 2))


def iteration_state(variables: dict[str, Any], cycles_before: int) -> Arrays:
    """The state before the iteration that is being made, from the local variables that PySCF's callback gets."""
    diis = variables["adiis"]
    found = {"t1": variables["t1"], "t2": variables["t2"], "cc_cycles": np.array(cycles_before + variables["istep"])}
    order = diis._bookkeep  # slots of the vectors, oldest first
    if diis._xprev is not None:
        found["diis_previous"] = np.asarray(diis._xprev)
    if order:
        found["diis_vectors"] = np.array([diis.get_vec(slot) for slot in order])
        found["diis_errors"] = np.array([diis.get_err_vec(slot) for slot in order])
    return found


def restored_diis(solver: Any, state: Arrays) -> Any:
    """The DIIS space of `iteration_state`, for `solver.diis`.

    PySCF's own DIIS.restore reads a file that a crash may have left half-written, and forgets
    which vector is the oldest.
    """
    from pyscf import lib

    diis = lib.diis.DIIS(solver, solver.diis_file, incore=solver.incore_complete)
    diis.space = solver.diis_space
    if "diis_previous" in state:
        diis._store("xprev", state["diis_previous"])
        diis._xprev = state["diis_previous"]
    if "diis_vectors" in state:
        errors = state["diis_errors"]
        count = len(errors)
        for slot in range(count):
            diis._store(f"x{slot}", state["diis_vectors"][slot])
            diis._store(f"e{slot}", errors[slot])
        diis._bookkeep, diis._head = list(range(count)), count
        diis._H = np.zeros((diis.space + 1, diis.space + 1))
        diis._H[0, 1:] = diis._H[1:, 0] = 1.0
        diis._H[1 : count + 1, 1 : count + 1] = errors @ errors.T
    return diis
