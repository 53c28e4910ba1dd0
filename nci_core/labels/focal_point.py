"""The general recipe: MP2 near the basis-set limit and δ[CCSD(T) − MP2] in smaller functions, for any host.

A focal-point composite (Császár, Allen, Schaefer, DOI 10.1063/1.476449) with midbond functions in both parts. Which
functions δ takes depends on the probe: those of helium and neon are few; from argon on the probe needs f functions
and the host diffuse ones. Atoms beyond argon correlate what lies outside their chemical core, which for Ga–Kr and
In–Xe includes the d shell, in sets made for that.

One number is fitted, to many dimers of helium: where electrons overlap MP2 still lacks some correlation, in proportion
to Hartree–Fock's repulsion, which a factor makes up for. With the other probes δ errs the other way by as much.
`benchmarks/calibrate_focal_point.py` finds the factor, and what is left of the errors, hosts left out.

No PySCF here: the dashboard reads it.
"""

from collections.abc import Sequence

from ase.data import atomic_numbers

from nci_core.integrals.basis_names import AUTOAUX
from nci_core.labels.prediction_error import PredictionError
from nci_core.labels.recipe_fields import ANY
from nci_core.labels.recipes import Composite, FunctionSet, Midbond, Recipe

NAME = "focal-point"
#: Midbond functions, exponents in bohr⁻²; the built-in recipes share them.
SMALL = Midbond(exponents={"s": (0.9, 0.3, 0.1), "p": (0.6, 0.2), "d": (0.35,)})
MEDIUM = Midbond(exponents={"s": (0.9, 0.3, 0.1), "p": (0.9, 0.3, 0.1), "d": (0.6, 0.2)})
LARGE = Midbond(
    exponents={"s": (0.9, 0.3, 0.1), "p": (0.9, 0.3, 0.1), "d": (0.9, 0.3, 0.1), "f": (0.6, 0.2), "g": (0.35,)}
)
#: Heaviest probe for which the small functions do.
LIGHT = int(atomic_numbers["Ne"])
#: What Hartree–Fock of the larger functions is multiplied by, by probe; 1 for the others.
MEAN_FIELD = {"He": 0.9855}
_CALIBRATED_ON = "{} labels at dimers of the NCI Atlas{}, each host by a fit to the others"
#: How far labels of helium and of neon are off, and those of heavier probes.
ERRORS = {
    "He": PredictionError(
        floor_cm1=0.2,
        shares={"mean_field": 0.012},
        source=_CALIBRATED_ON.format(54, " and of helium and benzene"),
    ),
    "Ne": PredictionError(floor_cm1=1.7, shares={"mean_field": 0.016}, source=_CALIBRATED_ON.format(19, "")),
}
ERROR_OF_HEAVIER = PredictionError(floor_cm1=0.18, shares={"step": 0.2}, source=_CALIBRATED_ON.format(16, ""))
#: Main-group atoms whose outermost d shell correlates, and those whose correlation-consistent sets are not there.
WITH_D_SHELL = frozenset((*range(31, 37), *range(49, 55)))
NO_CONSISTENT_SET = frozenset((19, 20, 37, 38))
SECOND_TRANSITION_ROW = frozenset(range(39, 49))
#: In their place, of about the same size (DOI 10.1039/b508541a, 10.1063/1.3484283).
DEF2 = {"cc-pvdz": "def2-svp", "aug-cc-pvdz": "def2-svpd", "aug-cc-pvtz": "def2-tzvppd"}
#: Elements that the fitting sets of DOI 10.1002/jcc.20702 have; the others get AutoAux functions.
FITTED = frozenset((1, *range(5, 11), *range(13, 19)))


def basis_for(name: str, symbol: str) -> str:
    """The member of a correlation-consistent family that fits an element, lightest row's name given.

    >>> basis_for("aug-cc-pvtz", "C"), basis_for("aug-cc-pvtz", "Xe"), basis_for("cc-pvdz", "K")
    ('aug-cc-pvtz', 'aug-cc-pwcvtz-pp', 'def2-svp')
    """
    number = int(atomic_numbers[symbol])
    if number in WITH_D_SHELL:
        return name.replace("pv", "pwcv") + "-pp"
    if number in SECOND_TRANSITION_ROW:
        return f"{name}-pp"
    return DEF2[name] if number in NO_CONSISTENT_SET else name


def _host(name: str, hydrogen: str, symbols: Sequence[str]) -> dict[str, str]:
    """Bases of a host's elements: one name for most, hydrogen's, and those that other rows need."""
    named = {ANY: name, "H": hydrogen}
    others = {symbol: basis_for(name, symbol) for symbol in sorted(set(symbols)) if symbol != "H"}
    return named | {symbol: basis for symbol, basis in others.items() if basis != name}


def focal_point(probe: str = "He", symbols: Sequence[str] = ()) -> Recipe:
    """The recipe for a probe and a host of these elements; without them for helium and hosts of light elements."""
    light = int(atomic_numbers[probe]) <= LIGHT
    fitting = {ANY: "aug-cc-pvtz-jkfit", "H": "cc-pvtz-jkfit"}
    fitting |= {symbol: AUTOAUX for symbol in sorted(set(symbols)) if int(atomic_numbers[symbol]) not in FITTED}
    return Recipe(
        name=NAME,
        host_basis=_host(*(("cc-pvdz", "6-31g") if light else ("aug-cc-pvdz", "cc-pvdz")), symbols),
        probe_basis=basis_for("aug-cc-pvdz" if light else "aug-cc-pvtz", probe),
        midbond=SMALL if light else MEDIUM,
        integrals="fitted",
        composite=Composite(
            larger=FunctionSet(
                host_basis=_host("aug-cc-pvtz", "cc-pvdz", symbols),
                probe_basis=basis_for("aug-cc-pvtz", probe),
                midbond=LARGE,
                host_fitting=fitting,
            ),
            mean_field=MEAN_FIELD.get(probe, 1.0),
        ),
        description="CCSD(T) near the basis-set limit for any host: MP2 in large functions and a correction to it",
        prediction_error=ERRORS.get(probe, ERROR_OF_HEAVIER),
    )
