"""Tighter settings for a label that did not converge or is doubted: the same quantity, approached more carefully.

A recipe's hash is of the quantity, so a tightened label keeps it and says in `tightened` how it was
converged. This module imports no PySCF: it sets what a calculation is handed.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from nci_core.labels.recipes import Recipe

#: Energies of some hundred hartree hold no more digits than this.
LEAST_SCF_ENERGY_HARTREE = 1e-12
#: Descents to a lower solution before the last one is taken.
DESCENTS = 3


class Tightening(BaseModel):
    """Convergence settings of one retry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: int = Field(ge=1, description="1 for the first retry, 2 for every later one")
    threshold_factor: float = Field(description="thresholds of HF and CCSD are the recipe's times this")
    cycles: int = Field(description="iterations before HF or CCSD counts as not converging")
    diis_space: int = Field(description="vectors that DIIS extrapolates from, in HF and in CCSD")
    level_shift_hartree: float = Field(description="added to HF's virtual orbital energies while it iterates")
    cc_damping: float = Field(description="share of the new amplitudes in each step of CCSD; 1 for no damping")

    def thresholds(self, recipe: Recipe) -> Recipe:
        """The recipe with its thresholds tightened; its hash is no label's."""
        names = ("scf_gradient", "cc_energy_hartree", "cc_amplitudes")
        tighter = {name: getattr(recipe, name) * self.threshold_factor for name in names}
        least = max(recipe.scf_energy_hartree * self.threshold_factor, LEAST_SCF_ENERGY_HARTREE)
        return recipe.model_copy(update=tighter | {"scf_energy_hartree": least})

    def prepare_hf(self, mf: Any) -> None:
        """How a Hartree–Fock calculation iterates."""
        mf.max_cycle, mf.diis_space = self.cycles, self.diis_space
        mf.level_shift = self.level_shift_hartree
        mf.direct_scf_tol = min(mf.direct_scf_tol, 1e-14)  # integrals left out must not hide what is asked for

    def finish_hf(self, mf: Any) -> None:
        """Go on with second-order steps if it did not converge, and descend from a saddle point.

        A stationary solution need not be the lowest one near it; one that is not makes CCSD start from a wrong
        determinant and a counterpoise correction come out with the wrong sign.
        """
        if not mf.converged:
            _take_second_order(mf, mf.mo_coeff, mf.mo_occ)
        for _ in range(DESCENTS):
            if not mf.converged:
                return
            orbitals, _, stable, _ = mf.stability(return_status=True)
            if stable:
                return
            _take_second_order(mf, orbitals, mf.mo_occ)

    def prepare_cc(self, solver: Any) -> None:
        """How a CCSD calculation iterates; the caller sets `max_cycle`."""
        solver.diis_space, solver.iterative_damping = self.diis_space, self.cc_damping


def _take_second_order(mf: Any, orbitals: Any, occupations: Any) -> None:
    """Converge by second-order steps from these orbitals, and make `mf` that calculation."""
    second = mf.newton()
    second.kernel(orbitals, occupations)
    cycles = int(getattr(mf, "cycles", 0))
    for name in ("mo_coeff", "mo_energy", "mo_occ", "e_tot", "converged"):
        setattr(mf, name, getattr(second, name))
    mf.cycles = cycles + int(getattr(second, "cycles", 0) or 0)


#: The ladder of retries: the second step also moves more carefully.
STEPS = (
    Tightening(step=1, threshold_factor=0.1, cycles=300, diis_space=12, level_shift_hartree=0.0, cc_damping=1.0),
    Tightening(step=2, threshold_factor=0.01, cycles=600, diis_space=16, level_shift_hartree=0.3, cc_damping=0.7),
)


def tightening_after(tries: int) -> Tightening:
    """The settings to use after so many tightened tries.

    >>> [tightening_after(tries).step for tries in (0, 1, 5)]
    [1, 2, 2]
    """
    return STEPS[min(tries, len(STEPS) - 1)]
