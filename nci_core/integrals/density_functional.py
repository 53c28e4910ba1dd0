"""Kohn–Sham interaction energies of a dimer with counterpoise correction and fitted Coulomb and exchange integrals.

The fragments have the dimer's functions, ghosts included, and the dimer's grid, so that what the grid misses is the
same in all three: E = E_AB − E_A − E_B, each on Becke's grid of all atoms (DOI 10.1063/1.454033).
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from pyscf import dft, gto

from nci_core.errors import NotConvergedError
from nci_core.integrals.functions import Functions, host_label, probe_label
from nci_core.systems import Dimer

FloatArray = npt.NDArray[np.float64]

#: PySCF's level of the grid.
GRID_LEVEL = 3
CONV_TOL = 1e-9


def interaction_energy(
    dimer: Dimer, position: FloatArray, functional: str, functions: Functions, guesses: dict[str, FloatArray]
) -> float:
    """Interaction energy in Hartree with the probe at position (3,) in Å; raises NotConvergedError.

    `guesses` keeps each fragment's density matrix from point to point.
    """
    fragments = {"dimer": (True, True), "host": (True, False), "probe": (False, True)}
    molecules = {name: _molecule(dimer, position, functions, *real) for name, real in fragments.items()}
    grid = dft.gen_grid.Grids(molecules["dimer"])
    grid.level = GRID_LEVEL
    grid.build()
    energies = {
        name: _energy(name, molecule, functional, functions, grid, guesses) for name, molecule in molecules.items()
    }
    return energies["dimer"] - energies["host"] - energies["probe"]


def _molecule(dimer: Dimer, position: FloatArray, functions: Functions, host: bool, probe: bool) -> Any:
    labels = [f"{'' if host else 'GHOST-'}{host_label(symbol)}" for symbol in dimer.a.symbols]
    labels.append(f"{'' if probe else 'GHOST-'}{probe_label(dimer.b.symbols[0])}")
    places = [*dimer.a.positions.tolist(), np.asarray(position, dtype=float).tolist()]
    basis = {f"{ghost}{label}": found for label, found in functions.orbital.items() for ghost in ("", "GHOST-")}
    return gto.M(
        atom=list(zip(labels, places, strict=True)),
        basis={label: basis[label] for label in labels},
        ecp={label: functions.ecp[label] for label in labels if label in functions.ecp},
        unit="Angstrom",
        verbose=0,
    )


def _energy(
    name: str, molecule: Any, functional: str, functions: Functions, grid: Any, guesses: dict[str, FloatArray]
) -> float:
    auxiliary = {f"{ghost}{label}": found for label, found in functions.auxiliary.items() for ghost in ("", "GHOST-")}
    field = dft.RKS(molecule, xc=functional).density_fit(auxbasis=auxiliary)
    field.conv_tol, field.verbose = CONV_TOL, 0
    field.grids, field.small_rho_cutoff = grid, 0.0
    energy = field.kernel(dm0=guesses.get(name))
    if not field.converged:
        raise NotConvergedError(f"The Kohn–Sham equations of the {name} with {functional} do not converge.")
    guesses[name] = np.asarray(field.make_rdm1())
    return float(energy)
