"""δ-learning: what a costly method adds to a cheap one, as a student of the cheap one learns it.

E_costly(x) ≈ E_cheap(x) + δ(x), where the cheap energy is computed and δ learnt from few labels (Δ-machine learning,
DOI 10.1021/acs.jctc.5b00099). With S_k the optima of a student of the cheap method and δᵢ = E_costly − E_cheap at the
labelled places, D_k is S_k fine-tuned on δᵢ + S_k(xᵢ), so that S_k's own errors are not learnt, and

    δ(x) = Σ_k w_k [D_k(x) − S_k(x)],

with weights by evidence as those of any fit (`members.pooled`). It ends where the labels leave the parameters alone:
without labels D_k is S_k and δ zero. A sum over pairs of atoms does not meet δ of every host: labels of one that are
followed to the last digit bend the parameters, and other hosts pay for it. So the noise σ of the labels is larger than
in fine-tuning, and where hosts can be left out they choose it (`SIGMAS_CM1`).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError
from nci_core.fitting.delta_errors import ErrorBar, LeftOut, error_bar, folds, mean_error
from nci_core.fitting.finetuning import finetune
from nci_core.fitting.members import pooled
from nci_core.fitting.observations import Observation
from nci_core.fitting.run import FitRun
from nci_core.fitting.settings import FitSettings
from nci_core.potentials.arrays import FloatArray
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.remembered import same_molecule
from nci_core.regions import RegionBounds
from nci_core.systems.configurations import Configurations
from nci_core.systems.dimer import Dimer

#: No fit learns from fewer labels.
FEWEST = 8
#: Noise σ (cm⁻¹) that labels of δ may be given, and the one where no host can be left out. HF + MP2 and `standard` on
#: ethylene and benzene (100 labels of ethylene, one optimum): with 0.03, 1 and 3 a test set of ethylene was met to
#: 0.05, 0.12 and 0.17 cm⁻¹, benzene, unseen, to 89, 43 and 27 where HF + MP2 alone is 38 off.
SIGMAS_CM1, SIGMA_CM1 = (0.3, 1.0, 3.0), 1.0
#: Parts that labels are left out in.
FOLDS = 5


@dataclass(frozen=True)
class Difference:
    """Energies of two methods at configurations of one system.

    Attributes:
        configurations: m of them.
        costly, cheap: (m,) interaction energies in eV.
        bounds: regions of this system, by which errors are reported; they decide nothing.
    """

    configurations: Configurations
    costly: FloatArray
    cheap: FloatArray
    bounds: RegionBounds = field(default_factory=RegionBounds)

    def __len__(self) -> int:
        return len(self.configurations)

    @property
    def delta(self) -> FloatArray:
        """(m,) costly − cheap, eV."""
        return np.asarray(self.costly - self.cheap, dtype=float)

    def take(self, rows: npt.NDArray[np.bool_]) -> "Difference":
        """Those of a mask (m,)."""
        return Difference(self.configurations[rows], self.costly[rows], self.cheap[rows], self.bounds)

    def beside(self, student: Ensemble) -> Observation:
        """What a copy of a student of the cheap method is fitted to: its own energies and δ."""
        return Observation(self.configurations, self.delta + student.energies(self.configurations), bounds=self.bounds)


@dataclass(frozen=True)
class Pairs:
    """Students before and after they learnt δ; each difference is of one optimum with itself.

    Attributes:
        before, after: S_k and D_k; the D_k of the largest weight has displaced members.
        weights: of the differences; they add up to 1.
    """

    before: tuple[Ensemble, ...]
    after: tuple[Ensemble, ...]
    weights: tuple[float, ...]

    def delta_and_spread(self, at: Configurations) -> tuple[FloatArray, FloatArray]:
        """δ and its standard deviation between optima and within the posterior of the best, (m,) each, in eV.

        spread² = Σ_k w_k (δ_k − δ)² + σ²_best, the law of total variance as in `Ensemble`; S_k is exactly known, so
        that what is left open about D_k is left open about δ_k.
        """
        known = [after.energies_and_std(at) for after in self.after]
        delta = np.array([after[0] - before.energies(at) for after, before in zip(known, self.before, strict=True)])
        mean = np.tensordot(self.weights, delta, axes=1)
        between = np.tensordot(self.weights, (delta - mean) ** 2, axes=1)
        return mean, np.sqrt(between + known[int(np.argmax(self.weights))][1] ** 2)


@dataclass(frozen=True)
class DeltaStudent:
    """A learnt difference of two methods, with error bars from labels that it had not seen.

    Attributes:
        pairs: of the fit to all labels.
        hosts: systems with labels.
        left_out: the labels, each predicted by a fit without it.
        known: error bar in systems with labels, from labels left out in FOLDS parts.
        new: in other systems, from hosts left out whole, and nowhere less than `known`; None where no host could be
            left out. `known` stands in for it then and says nothing of what another host adds.
        sigma_cm1: noise σ that labels were given.
    """

    pairs: Pairs
    hosts: tuple[Dimer, ...]
    left_out: tuple[LeftOut, ...]
    known: ErrorBar
    new: ErrorBar | None
    sigma_cm1: float

    def bar_of(self, dimer: Dimer) -> ErrorBar:
        """The error bar of a system."""
        learnt = any(same_molecule(dimer.a, host.a) and same_molecule(dimer.b, host.b) for host in self.hosts)
        return self.known if learnt or self.new is None else self.new

    def delta_and_std(self, at: Configurations) -> tuple[FloatArray, FloatArray]:
        """δ and its standard deviation, (m,) each, in eV: sd² = spread² + (share·δ)² + floor² (`ErrorBar`)."""
        delta, spread = self.pairs.delta_and_spread(at)
        return delta, self.bar_of(at.dimer).std(delta, spread)


def starting_points(base: Ensemble, teacher: str, count: int) -> tuple[Ensemble, ...]:
    """The best optima of a distilled model, each a model of its own; of several teachers' those of `teacher`."""
    names, sources = list(base.metadata.get("teachers", ())), list(base.metadata.get("source", ()))
    number = names.index(teacher) if teacher in names else None
    mine = [
        student for k, student in enumerate(base.optima) if number is None or k >= len(sources) or sources[k] == number
    ]
    about = {**base.metadata, "source": []}
    return tuple(Ensemble((student,), base.prior, base.sigma_cm1, 1.0, about) for student in mine[:count])


def learn(
    known: Sequence[Difference], before: Sequence[Ensemble], settings: FitSettings, run: FitRun | None = None
) -> Pairs:
    """Fine-tune each starting point on δ and its own energies; the best gets displaced members for the spread."""
    run, parts = run or FitRun(), len(before) + (len(before) > 1 and settings.members > 1)
    alone = settings.model_copy(update={"restarts": 1, "averaged": 1, "members": 1})
    spread = alone.model_copy(update={"members": settings.members})

    def fitted(k: int, part: int, chosen: FitSettings) -> Ensemble:
        seen = [each.beside(before[k]) for each in known if len(each)]
        return finetune(seen, before[k], settings=chosen, run=run.part(part, parts))

    after = [fitted(k, k, alone if parts > 1 else spread) for k in range(len(before))]
    evidence = [float(each.metadata["fit"]["log_evidence"][0]) for each in after]
    order = sorted(range(len(after)), key=lambda k: -evidence[k])
    weights = pooled([evidence[k] for k in order], [0] * len(order), settings.averaged)
    if parts > len(before):
        after[order[0]] = fitted(order[0], parts - 1, spread)
    return Pairs(tuple(before[k] for k in order), tuple(after[k] for k in order), tuple(weights))


def fit_delta(
    known: Sequence[Difference],
    base: Ensemble,
    *,
    teacher: str = "",
    settings: FitSettings | None = None,
    run: FitRun | None = None,
) -> DeltaStudent:
    """Learn δ from all labels, and its error bar by leaving labels and hosts out.

    Args:
        known: labels with the cheap method's energies, one element a system.
        base: distilled student of the cheap method, or of several teachers.
        teacher: the cheap method's name among these.
        settings: of all fits; `averaged` starting points are taken, `members` make the spread, `sigma_cm1` is the
            noise of labels if it is given.
        run: who watches and may stop.

    Raises InputError for fewer than FEWEST labels, ModelError for a base that does not know a system; CancelledError.
    """
    known = [each for each in known if len(each)]
    count = sum(map(len, known))
    if count < FEWEST:
        raise InputError(f"A difference of two methods is learnt from {FEWEST} labels or more; there are {count}.")
    settings, run = settings or FitSettings(), run or FitRun()
    before = starting_points(base, teacher, settings.averaged)
    parts = folds([len(each) for each in known], FOLDS, settings.seed)
    rests = [[each.take(part != k) for each, part in zip(known, parts, strict=True)] for k in range(FOLDS)]
    hosts = [k for k in range(len(known)) if count - len(known[k]) >= FEWEST] if len(known) > 1 else []
    sigmas = (settings.sigma_cm1,) if settings.sigma_cm1 else SIGMAS_CM1 if hosts else (SIGMA_CM1,)
    parts_of_run = iter(range(total := 1 + FOLDS + len(hosts) * len(sigmas)))

    def fitted(those: Sequence[Difference], sigma_cm1: float) -> Pairs:
        chosen = settings.model_copy(update={"sigma_cm1": sigma_cm1})
        return learn(those, before, chosen, run.part(next(parts_of_run), total))

    whole: dict[float, list[LeftOut]] = {sigma: [] for sigma in sigmas}
    for sigma, k in itertools.product(sigmas, hosts):
        others = [*known[:k], *known[k + 1 :]]
        whole[sigma].append(_left_out(fitted(others, sigma), known[k], others, whole=True))
    sigma = min(sigmas, key=lambda each: mean_error(whole[each]))
    pairs = fitted(known, sigma)
    found: list[LeftOut] = []
    for k, rest in enumerate(rests):
        fold = fitted(rest, sigma)
        asked = [each.take(part == k) for each, part in zip(known, parts, strict=True)]
        found += [_left_out(fold, each, rest, whole=False) for each in asked if len(each)]
    same, new = error_bar(found), error_bar(whole[sigma])
    assert same is not None  # every label is in a fold
    dimers = tuple(each.configurations.dimer for each in known)
    new = None if new is None else new.at_least(same)
    return DeltaStudent(pairs, dimers, (*found, *whole[sigma]), same, new, sigma)


def _left_out(fold: Pairs, asked: Difference, rest: Sequence[Difference], *, whole: bool) -> LeftOut:
    delta, spread = fold.delta_and_spread(asked.configurations)
    inside = asked.bounds.classify(asked.costly) != "beyond"
    name = asked.configurations.dimer.name
    return LeftOut(name, whole, sum(map(len, rest)), asked.delta, delta, spread, inside)
