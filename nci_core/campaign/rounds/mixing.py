"""A campaign's mixture of teachers: learnt from its labels, stored and distilled like a teacher."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import orjson

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.rounds.stored_models import observations
from nci_core.errors import InputError
from nci_core.metrics import ErrorSummary, summarise
from nci_core.store import configurations, labels, teacher_labels, teachers
from nci_core.store.labels import LabelSet
from nci_core.switches import require_writable
from nci_core.teachers.mixture import Channels, Mixture, learn

if TYPE_CHECKING:
    from nci_core.fitting import Lesson

FloatArray = npt.NDArray[np.float64]
#: As people name it; its energies are stored under this and a digest of its shares.
MIXTURE = "mixture"


@dataclass(frozen=True)
class Known:
    """What several teachers say where all of them do.

    Attributes:
        ids: (m,) configurations; system_ids: (m,); positions: (m, 3) in Å; pool: (m,) whether of the training pool.
        channels: teacher → channel → (m,) in eV.
    """

    ids: npt.NDArray[np.int64]
    system_ids: npt.NDArray[np.int64]
    positions: FloatArray
    pool: npt.NDArray[np.bool_]
    channels: Channels

    def at(self, rows: npt.NDArray[np.int64]) -> Channels:
        """The channels of some rows."""
        return {
            name: {channel: values[rows] for channel, values in parts.items()} for name, parts in self.channels.items()
        }


def known_together(campaign: Campaign, names: Sequence[str]) -> Known:
    """Stored energies of these teachers (names in the store) where all have some; InputError where nowhere."""
    rows = {name: {row.configuration_id: row for row in teacher_labels.fetch(campaign.store, name)} for name in names}
    place = {row.id: row for row in configurations.fetch(campaign.store)}
    trained = {system.id for system in campaign.training_systems}
    common = [k for k, at in place.items() if at.system_id in trained and all(k in own for own in rows.values())]
    if not common:
        raise InputError("These teachers have no energies at the same configurations; run `nci teach` for each.")
    channels = {}
    for name, own in rows.items():
        first = own[common[0]].channels_ev
        same = all(own[number].channels_ev.keys() == first.keys() for number in common)
        # A teacher of another version of nci may have told others apart; then their sum counts.
        parts = {key: np.array([own[k].channels_ev[key] for k in common]) for key in first} if same else {}
        channels[name] = parts or {"total": np.array([own[number].energy_ev for number in common])}
    found = [place[number] for number in common]
    return Known(
        np.array(common),
        np.array([row.system_id for row in found]),
        np.array([[row.x_angstrom, row.y_angstrom, row.z_angstrom] for row in found]),
        np.array([row.split == "pool" for row in found]),
        channels,
    )


def learnt(known: Known, of: LabelSet) -> Mixture:
    """The mixture that labels tell, of those that lie where all teachers are known."""
    from nci_core.fitting.objective import label_weights

    rows, energies = _labelled(known, of)
    return learn(known.at(rows), energies, label_weights(energies))


def _labelled(known: Known, of: LabelSet) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Rows of `known` that have a label in the set, and these labels (n,) in eV."""
    energy = dict(zip(of.configuration_ids.tolist(), of.energy_ev.tolist(), strict=True))
    rows = np.array([k for k, number in enumerate(known.ids.tolist()) if number in energy], dtype=np.int64)
    return rows, np.array([energy[int(known.ids[k])] for k in rows])


def mixed_lesson(campaign: Campaign, known: Known, mixture: Mixture) -> "Lesson":
    """What the mixture says at the pool, for a distillation."""
    from nci_core.fitting import Lesson

    rows = np.flatnonzero(known.pool)
    parts = mixture.channels(known.at(rows))
    total = np.sum(list(parts.values()), axis=0)
    return Lesson(MIXTURE, observations(campaign, known.system_ids[rows], known.positions[rows], total, parts))


def mix(campaign: Campaign, specs: Sequence[str] = ()) -> dict[str, Any]:
    """Learn the mixture of some teachers, by default of those that are distilled, and store its energies.

    Its shares are learnt from the labels of the target recipe in the training pool; those of the frozen test set only
    measure it. A mixture of before is replaced.

    Returns:
        name, shares, ridge, n_labels, errors: for "mixture" and each teacher, its MAE in cm⁻¹ below the energy limit
        at those labels ("pool"; of the mixture each left out in turn) and at the test set ("test"; None without one);
        and better: whether the mixture has the least error at the test set, or without one at the pool.
    """
    require_writable()
    by_spec = {spec: teachers.stored_name(campaign.store, spec) for spec in specs or campaign.teacher_specs}
    if MIXTURE in by_spec:
        raise InputError("A mixture is made of teachers, not of mixtures; name others with --teacher.")
    for spec, name in by_spec.items():
        if not teacher_labels.spent(campaign.store, name, [system.id for system in campaign.systems])[0]:
            raise InputError(f"Campaign {campaign.name} has no energies of teacher {spec}; run `nci teach`.")
    known = known_together(campaign, list(by_spec.values()))
    pool, test = (labels.complete(campaign.store, campaign.recipe.hash, split=split) for split in ("pool", "test"))
    mixture = learnt(known, pool)
    errors = {
        spec: {"pool": _mae(campaign, known, name, pool), "test": _mae(campaign, known, name, test)}
        for spec, name in by_spec.items()
    }
    rows, energies = _labelled(known, pool)
    own = {
        "pool": _of(campaign, known.system_ids[rows], mixture.left_out, energies),
        "test": _mixed(campaign, known, mixture, test),
    }
    digest = hashlib.sha256(orjson.dumps([mixture.shares, *by_spec], option=orjson.OPT_SORT_KEYS)).hexdigest()
    stored = f"{MIXTURE}@{digest[:12]}"
    before = teachers.stored_name(campaign.store, MIXTURE)
    details = {"teachers": " + ".join(by_spec), "labels": str(len(rows))}
    teachers.settle(campaign.store, MIXTURE, stored, details, anew=True)
    teacher_labels.forget(campaign.store, before)
    parts = mixture.channels(known.channels)
    teacher_labels.record(campaign.store, stored, known.ids.tolist(), np.sum(list(parts.values()), axis=0), parts)
    where = "test" if own["test"] is not None else "pool"
    best = min((value for each in errors.values() if (value := each[where]) is not None), default=0.0)
    back = {name: spec for spec, name in by_spec.items()}
    return {
        "name": stored,
        "shares": {back[name]: dict(parts) for name, parts in mixture.shares.items()},
        "ridge": mixture.ridge if np.isfinite(mixture.ridge) else None,
        "n_labels": len(rows),
        "errors": {MIXTURE: own} | errors,
        "better": bool((own[where] or np.inf) < best),
    }


def _mae(campaign: Campaign, known: Known, name: str, of: LabelSet) -> float | None:
    rows, energies = _labelled(known, of)
    own = np.sum(list(known.channels[name].values()), axis=0)[rows]
    return _of(campaign, known.system_ids[rows], own, energies)


def _mixed(campaign: Campaign, known: Known, mixture: Mixture, of: LabelSet) -> float | None:
    rows, energies = _labelled(known, of)
    own = np.sum(list(mixture.channels(known.at(rows)).values()), axis=0)
    return _of(campaign, known.system_ids[rows], own, energies)


def _of(campaign: Campaign, system_ids: npt.NDArray[np.int64], own: FloatArray, energies: FloatArray) -> float | None:
    """MAE (cm⁻¹) below the energy limit; None without labels there."""
    if not len(energies):
        return None
    inside = campaign.bounds.of(system_ids).classify(energies) != "beyond"
    found: ErrorSummary | None = summarise(own[inside], energies[inside])
    return found.mae_cm1 if found else None
