"""The teachers of a campaign beside its labels and beside each other, from stored energies: nothing is computed.

No torch; `stored_doubts` alone needs dftd4, for a process that may load it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.systems import System
from nci_core.errors import InputError
from nci_core.metrics import ErrorSummary, summaries
from nci_core.store import configurations, tables, teacher_labels, teachers
from nci_core.teachers.comparison import Judged, judge
from nci_core.units import from_cm1

if TYPE_CHECKING:
    from pandas import DataFrame

FloatArray = npt.NDArray[np.float64]
#: The labels that teachers are held against: of the frozen test set or of the training pool, never both in one number.
Against = Literal["test", "pool"]


@dataclass(frozen=True)
class Standing:
    """One teacher.

    Attributes:
        name: what its energies are stored under; spec: as people name it.
        used: whether the campaign distils it.
        count: energies that are stored.
        per_second: of them, on the machine that computed them; None where nobody took the time.
        judged: errors against labels by where these are ("test", "pool"); those without are left out.
    """

    name: str
    spec: str
    used: bool
    count: int
    per_second: float | None
    judged: dict[str, Judged] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """How far one teacher is from another where neither has a label: mean and largest |difference| (cm⁻¹) by region."""

    spec: str
    other: str
    regions: dict[str, ErrorSummary]


@dataclass(frozen=True)
class Comparison:
    """All teachers that have energies; those that the campaign distils first, and what they differ by."""

    standings: tuple[Standing, ...]
    differences: tuple[Difference, ...]

    @property
    def against(self) -> Against:
        """The frozen test set where it has labels, else the training pool."""
        return "test" if any("test" in each.judged for each in self.standings) else "pool"

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def teacher_specs(campaign: Campaign) -> dict[str, str]:
    """Teachers with stored energies: name in the store → as people name it; those that are distilled first."""
    known = teachers.specs(campaign.store)
    there = teacher_labels.names(campaign.store)
    first = [name for name in campaign.teachers if name in there]
    return {name: known.get(name, name) for name in dict.fromkeys([*first, *there])}


def compare_teachers(campaign: Campaign, systems: Sequence[System] | None = None) -> Comparison:
    """Each teacher against the labels of the target recipe, and against each other; of training systems or some."""
    names, chosen = teacher_specs(campaign), systems or campaign.training_systems
    table = known_energies(campaign, [system.id for system in chosen], list(names))
    label, of = table["label_ev"].to_numpy(dtype=float), table["system_id"].to_numpy()
    sectors, split = table["sector"].to_numpy(dtype=str), table["split"].to_numpy(dtype=str)
    labelled = np.isfinite(label)
    standings = []
    for name, spec in names.items():
        energies = table[name].to_numpy(dtype=float)
        judged = {}
        for which in ("test", "pool"):
            rows = labelled & np.isfinite(energies) & (split == which)
            if rows.any():
                judged[which] = judge(energies[rows], label[rows], sectors[rows], campaign.bounds.of(of[rows]))
        count, seconds = teacher_labels.spent(campaign.store, name, [system.id for system in chosen])
        rate = count / seconds if seconds > 0 else None
        standings.append(Standing(name, spec, name in campaign.teachers, count, rate, judged))
    differences = []
    for one, two in combinations(names, 2):
        first, second = (table[name].to_numpy(dtype=float) for name in (one, two))
        rows = ~labelled & np.isfinite(first) & np.isfinite(second)
        if rows.any():  # the first's energies decide the region: there is no label
            regions = summaries(second[rows], first[rows], campaign.bounds.of(of[rows]))
            differences.append(Difference(names[two], names[one], regions))
    return Comparison(tuple(standings), tuple(differences))


def known_energies(campaign: Campaign, system_ids: Sequence[int], names: Sequence[str]) -> "DataFrame":
    """Configurations of some systems with their labels and a column (eV) for each teacher, NaN where it has none."""
    recipe = campaign.recipe.hash
    table = tables.configurations_table(campaign.store, teacher=None, recipe_hash=recipe, model_id=None)
    table = table[table["system_id"].isin(list(system_ids))].set_index("id")
    return table.join(tables.teachers_table(campaign.store, names).reindex(columns=list(names)))


def stored_doubts(folder: str | Path, system_id: int) -> dict[str, str]:
    """What is absurd in teachers' stored energies of a system: name in the store → one sentence. Needs dftd4.

    For the predictor process, which has only the folder.
    """
    from nci_core.teachers.sanity import sentence, stored_doubt

    with Campaign.open(folder, read_only=True) as campaign:
        system, found = campaign.system(system_id), {}
        place = {row.id: row for row in configurations.fetch(campaign.store, system_id=system_id)}
        for name, spec in teacher_specs(campaign).items():
            labels = teacher_labels.fetch(campaign.store, name, system_id=system_id)
            rows = [place[each.configuration_id] for each in labels]
            if not rows:
                continue
            at = system.dimer.at([row.position for row in rows], [row.pose for row in rows])
            doubt = stored_doubt(at, np.array([each.energy_ev for each in labels]))
            if doubt is not None:
                found[name] = f"{sentence(spec, system.dimer, doubt)}."
        return found


def teacher_field(folder: str | Path, model_id: int, system_id: int, name: str, positions: npt.ArrayLike) -> FloatArray:
    """Energies (m,) in eV of any teacher with stored ones, by its name there, at positions (m, 3) in Å about the host.

    A student gives the shape between them; NaN far from all. InputError for too few. For the predictor process.
    """
    from nci_core.campaign.queries.live_stored import FEWEST, MOST, places, through_stored

    with Campaign.open(folder, read_only=True) as campaign:
        table = known_energies(campaign, [system_id], [name])
        limit = from_cm1(campaign.system(system_id).bounds.limit_cm1)
    rows = table[(table["split"] == "pool") & (table[name] < limit)]
    if len(rows) < FEWEST:
        raise InputError(f"Teacher {name} has {len(rows)} energies below the energy limit; a map takes {FEWEST}.")
    rows = rows if len(rows) <= MOST else rows.sample(MOST, random_state=0)
    return through_stored(folder, model_id, system_id, places(rows), rows[name].to_numpy(dtype=float), positions)
