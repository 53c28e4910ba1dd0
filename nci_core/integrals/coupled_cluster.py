"""CCSD(T) of one fragment with the fitted integrals of Hartree–Fock, in torch: one code for processors and GPUs.

The integrals are products of one tensor B that all counterpoise fragments share, so the transformation costs seconds.
CCSD begins, and all of (T) is, in single precision, which halves the time: Pokhilko, Epifanovsky and Krylov,
DOI 10.1021/acs.jctc.8b00321. The relative error of (T) is 3e-7, 1e-3 cm⁻¹ of the interaction of helium
and benzene.
"""

import logging
import os
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import psutil
import torch

from nci_core.integrals import ccsd
from nci_core.integrals.amounts import DOUBLE, least_bytes
from nci_core.integrals.orbital_integrals import transform
from nci_core.integrals.scf import Solution
from nci_core.integrals.triples import Triples

FloatArray = npt.NDArray[np.float64]

log = logging.getLogger("nci.labels")

#: 0: no GPU for CCSD(T).
SWITCH = "NCI_GPU"
#: Of what is free, for a block of integrals while it is made.
WORK_SHARE, WORK_BYTES = 0.2, 2e9
#: Arrays of the size of (ov)² while (T) runs, in double precision.
HELD_PAIRS = 4


@dataclass(frozen=True)
class Correlation:
    """CCSD and (T) correlation energies in Hartree, cycles of CCSD, and ‖t1‖/√N of N correlated electrons.

    `gpu` is the name of the one that computed them, '' for the processor.
    """

    ccsd: float
    triples: float
    cycles: int
    t1_diagnostic: float
    converged: bool
    gpu: str = ""


@dataclass(frozen=True)
class Place:
    """Where a fragment is computed, and the bytes that it may take there."""

    device: torch.device
    memory_bytes: float

    @property
    def name(self) -> str:
        """Of the GPU; '' on the processor."""
        return str(torch.cuda.get_device_name(self.device)) if self.device.type == "cuda" else ""


def gpu_there() -> bool:
    """Whether torch finds a CUDA device and the user has not switched it off."""
    return os.environ.get(SWITCH) != "0" and torch.cuda.is_available()


def find_place(x: int, o: int, v: int, memory_bytes: float = float("inf")) -> Place:
    """The GPU where there is one and its memory is enough for CCSD(T) of these sizes (`least_bytes`), else the CPU.

    `memory_bytes`: what this process may take of the machine's memory, if that is less than what is free.
    """
    if gpu_there():
        free = float(torch.cuda.mem_get_info()[0])
        if least_bytes(x, o, v) < free:
            return Place(torch.device("cuda"), 0.95 * free)
    return processor(memory_bytes)


def processor(memory_bytes: float = float("inf")) -> Place:
    """The processor, with so much of its memory, or what is free of it."""
    return Place(torch.device("cpu"), min(memory_bytes, float(psutil.virtual_memory().available)))


def budget(x: int, o: int, v: int, memory_bytes: float) -> tuple[float, float, float]:
    """Bytes for a block of the ladder while it is made, for those that are kept, and later for (T)."""
    spare = max(memory_bytes - least_bytes(x, o, v), 0.0)
    work = min(WORK_SHARE * spare, WORK_BYTES)
    held = 1.5 * DOUBLE * (x * float(o + v) ** 2 + HELD_PAIRS * float(o * v) ** 2)
    return work, spare - work, max(memory_bytes - held, 0.0)


def correlation(
    B: FloatArray,
    state: Solution,
    n_core: int,
    energy_tol: float,
    amplitude_tol: float,
    max_cycle: int,
    place: Place | None = None,
) -> Correlation:
    """CCSD(T) of one fragment in canonical orbitals, core orbitals frozen; two electrons have no triples.

    Args:
        B: (P, n, n) fitted integrals.
        state: Hartree–Fock in the same functions.
        n_core: occupied orbitals that are not correlated, the lowest.
        energy_tol: of CCSD, Hartree; amplitude_tol: norm of the amplitudes' change.
        max_cycle: iterations before CCSD counts as not converging.
        place: None for `find_place`.
    """
    x, o = len(B), state.n_occupied - n_core
    v = state.coefficients.shape[1] - state.n_occupied
    place = place or find_place(x, o, v)
    try:
        return _computed(B, state, n_core, (energy_tol, amplitude_tol, max_cycle), place)
    except torch.cuda.OutOfMemoryError:  # another process took some of it meanwhile
        log.warning("%s has too little memory left; CCSD(T) begins anew on the processor", place.name)
    return _computed(B, state, n_core, (energy_tol, amplitude_tol, max_cycle), processor())


def _computed(
    B: FloatArray, state: Solution, n_core: int, thresholds: tuple[float, float, int], place: Place
) -> Correlation:
    x, o = len(B), state.n_occupied - n_core
    v = state.coefficients.shape[1] - state.n_occupied
    work, kept, for_triples = budget(x, o, v, place.memory_bytes)
    with torch.no_grad():
        integrals = transform(B, state, n_core, place.device)
        found = ccsd.solve(integrals, *thresholds, work, kept)
        triples = 0.0
        if found.converged and o > 1:
            single = integrals.to(torch.float32), found.t1.float(), found.t2.float()
            triples = Triples(*single, for_triples).energy()
    return Correlation(
        ccsd=found.energy,
        triples=triples,
        cycles=found.cycles,
        t1_diagnostic=float(found.t1.norm()) / (2 * o) ** 0.5,
        converged=found.converged,
        gpu=place.name,
    )
