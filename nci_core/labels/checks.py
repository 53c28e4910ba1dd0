"""Checks of a finished label: numbers in, doubts out. They know nothing of storage, and import no PySCF.

A label that fails one is kept whole but set aside until a person or a tighter calculation settles it. Measured ranges
are those of the 174 embedded labels (24 of He–benzene, 150 of He–ethylene, recipe `standard`, −35 to 1,040 cm⁻¹);
`docs/labels.md` says how.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from nci_core.labels.doubts import Doubt
from nci_core.labels.results import FragmentName, LabelResult, difference
from nci_core.units import HARTREE_EV, to_cm1

#: Above this a single reference determinant is doubtful (Lee and Taylor, DOI 10.1002/qua.560360824).
T1_LIMIT = 0.02
#: Part of (T) in the correlation of the interaction, as a share of CCSD's.
TRIPLES_SHARE = (0.02, 0.25)
#: Nor is (T) doubted if it is this close to the share's bounds, in cm⁻¹.
TRIPLES_FLOOR_CM1 = 0.5
#: hartree (0.002 cm⁻¹): a thousand times the threshold of Hartree–Fock.
GHOSTS_MAY_RAISE_HARTREE = 1e-8
#: hartree (4,400 cm⁻¹). Ghosts can lower a monomer's energy by no more than what its own basis lacks to the
#: Hartree–Fock limit, and do so by a small part of that. Eight times the largest of the embedded labels, and three
#: times what helium lacks in all in a double-zeta basis.
GHOSTS_MAY_LOWER_HARTREE = 0.02
#: Standard deviations between label and student that count as agreement.
OUTLIER_SIGMAS = 4.0


def _cm1(energy_ev: float) -> str:
    """An energy as people read it.

    >>> _cm1(-0.012398)
    '−100.00 cm⁻¹'
    """
    value = float(to_cm1(energy_ev))
    return f"{value:.2f}".replace("-", "−") + " cm⁻¹"


def _correlation(label: LabelResult, part: str) -> float:
    """CCSD or (T) of the interaction in eV, as computed: not the scaled or extrapolated parts of such a recipe."""
    if label.smaller is None and label.larger is None:
        return float(getattr(label, f"{part}_ev"))
    return difference(label.fragments, f"{part}_hartree")


def check_t1(label: LabelResult) -> Doubt | None:
    """T1 diagnostic of any fragment above 0.02; the embedded labels have 0.0107 at most.

    No threshold of the calculation moves it: it is a property of the molecule.
    """
    found = {name: part.t1_diagnostic for name, part in label.fragments.items()}
    worst = max(found, key=lambda name: found[name])
    if found[worst] <= T1_LIMIT:
        return None
    return Doubt(
        code="t1",
        sentence=f"The T1 diagnostic of the {worst} is {found[worst]:.3f}, above {T1_LIMIT}: one determinant may "
        "not be enough here, so CCSD(T) may be wrong.",
    )


def check_triples(label: LabelResult) -> Doubt | None:
    """(T) of the interaction not between 2% and 25% of CCSD's correlation, give or take 0.5 cm⁻¹.

    The embedded labels lie between 8.1% and 11.6%, from −0.1 to −413 cm⁻¹ of correlation; the bounds are twice and
    a quarter of that. The floor keeps the tail out of it, where both parts come near the thresholds of CCSD.
    """
    ccsd, triples = (_correlation(label, part) for part in ("ccsd", "triples"))
    low, high = sorted(share * float(to_cm1(ccsd)) for share in TRIPLES_SHARE)
    if low - TRIPLES_FLOOR_CM1 <= float(to_cm1(triples)) <= high + TRIPLES_FLOOR_CM1:
        return None
    share = f"{100 * triples / ccsd:.0f}%".replace("-", "−") if ccsd else "not a share"
    return Doubt(
        code="triples",
        sentence=f"(T) is out of line: {_cm1(triples)}, {share} of CCSD's correlation energy ({_cm1(ccsd)}), "
        f"expected between {TRIPLES_SHARE[0]:.0%} and {TRIPLES_SHARE[1]:.0%}.",
    )


def check_counterpoise(label: LabelResult, alone_hartree: Mapping[str, float]) -> Doubt | None:
    """Hartree–Fock of a monomer higher with the ghost functions of the other than without, or far lower.

    Hartree–Fock is variational and the own basis is part of the dimer's, so its counterpoise correction (Boys and
    Bernardi, DOI 10.1080/00268977000101561) cannot have the other sign for a solution that is the lowest one. In the
    embedded labels it is 9 to 549 cm⁻¹ for the host and 0.06 to 6.7 for helium. `alone_hartree`: monomer → energy
    without ghosts.
    """
    monomers: tuple[FragmentName, ...] = ("host", "probe")
    for name in monomers:
        if name not in alone_hartree:
            continue
        change = label.fragments[name].hf_hartree - alone_hartree[name]
        if change > GHOSTS_MAY_RAISE_HARTREE:
            return Doubt(
                code="counterpoise",
                sentence=f"The counterpoise energy of the {name} has the wrong sign: the functions of its partner "
                f"raise its Hartree–Fock energy by {_cm1(change * HARTREE_EV)}, but can only lower it.",
            )
        if not change >= -GHOSTS_MAY_LOWER_HARTREE:
            return Doubt(
                code="counterpoise",
                sentence=f"The counterpoise energy of the {name} is out of line: the functions of its partner lower "
                f"its Hartree–Fock energy by {_cm1(-change * HARTREE_EV)}, expected are at most "
                f"{_cm1(GHOSTS_MAY_LOWER_HARTREE * HARTREE_EV)}.",
            )
    return None


@cache
def small_sample_factor(n: int, sigmas: float = OUTLIER_SIGMAS) -> float:
    """How much wider a standard deviation counts that is known from `n` errors only: the bound at `sigmas` is then
    Student's t with the same probability.

    >>> [round(small_sample_factor(n), 2) for n in (5, 10, 20, 1000)]
    [3.07, 1.64, 1.26, 1.0]
    """
    from scipy import stats

    return float(stats.t.isf(stats.norm.sf(sigmas), n)) / sigmas


def check_outlier(
    label_ev: float, student_ev: float, std_ev: float, errors_ev: Sequence[float], sigmas: float = OUTLIER_SIGMAS
) -> Doubt | None:
    """Label further from the student than `sigmas` standard deviations.

    Their variance is the student's own at that point plus the mean square of its errors on labels it has not seen,
    `errors_ev`: its error bars alone are far too narrow before fine-tuning.
    """
    mean_square = sum(error**2 for error in errors_ev) / len(errors_ev)
    sigma = float((std_ev**2 + mean_square * small_sample_factor(len(errors_ev), sigmas) ** 2) ** 0.5)
    off = label_ev - student_ev
    if abs(off) <= sigmas * sigma:
        return None
    return Doubt(
        code="outlier",
        sentence=f"The label ({_cm1(label_ev)}) is {_cm1(abs(off))} {'above' if off > 0 else 'below'} the student "
        f"({_cm1(student_ev)}), more than {sigmas:g} times its uncertainty of {_cm1(sigma)} here.",
    )


def check_label(label: LabelResult, alone_hartree: Mapping[str, float] | None = None) -> list[Doubt]:
    """The checks that a label's own numbers allow."""
    found = (check_t1(label), check_triples(label), check_counterpoise(label, alone_hartree or {}))
    return [doubt for doubt in found if doubt is not None]
