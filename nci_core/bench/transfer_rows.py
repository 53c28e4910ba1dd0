"""Errors of students on hosts that they were not trained on: rows, kept as lines of JSON. No torch.

Every row says what its reference energies are: rows of labels and of a teacher's energies are never mixed.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import orjson
from pydantic import BaseModel, ConfigDict, Field

from nci_core.bench.rows import spread
from nci_core.errors import InputError
from nci_core.files import write_atomically
from nci_core.units import to_cm1

FloatArray = npt.NDArray[np.float64]

#: Names of the stored rows in the folder of the other benchmarks.
FILE, ATLAS_FILE, FLAKES_FILE = "transfer.jsonl", "transfer_atlas.jsonl", "transfer_flakes.jsonl"
#: The name that rows give to a student without a teacher.
DIRECT = "none"
#: How a reference of a teacher's energies begins.
OF_TEACHER = "energies of "
#: Where a student learnt its teacher: around the hosts whose labels it has, or around the unseen ones too.
TAUGHT_TRAINING, TAUGHT_ALL = "training hosts", "all hosts"
#: What was set out: MAE (cm⁻¹) on attractive points of coronene without a label of its own.
TARGET_ZERO_CM1 = 3.0


class _Measured(BaseModel):
    """Errors at n reference energies below the energy limit of a host, or of a class of hosts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: str = Field(default="", description="digest of the energies that it was fitted to and measured against")
    n_labels: int = Field(ge=0, description="reference energies of this host that were fitted, chosen I-optimally")
    seed: int = Field(ge=0, description="of starting points and of what is drawn")
    n: int = Field(description="reference energies below the limit, which errors are of; none of them was fitted")
    n_attractive: int = Field(description="those below zero")
    mae_attractive_cm1: float | None
    mae_cm1: float | None
    bias_cm1: float | None = Field(description="mean of predicted − reference over the attractive ones")
    within_2: float | None = Field(description="share of all n errors within 2 sd of the error bar")
    mean_std_cm1: float | None = Field(description="mean error bar of the attractive ones, 1 sd")
    seconds: float = Field(description="CPU seconds of the fits")

    @property
    def group(self) -> tuple[Any, ...]:
        """The same of all seeds."""
        raise NotImplementedError

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes it the same measurement."""
        return (*self.group, self.seed)


class TransferRow(_Measured):
    """One student on one host that it was not trained on.

    `reference` is 'labels by RECIPE', 'energies of TEACHER' or 'energies NAME: METHOD', sets beside the campaign's own.
    """

    reference: str = Field(description="what errors are measured against, and what training hosts were labelled by")
    labels: bool = Field(description="whether the reference energies are labels of a recipe")
    teacher: str = Field(description="what was distilled; none: fitted without a teacher")
    taught_from: str = Field(default="", description="where its energies are from, unless the campaign stores them")
    training: tuple[str, ...] = Field(description="hosts trained on, in their order")
    labels_per_host: int = Field(ge=0, description="reference energies of each of them at most")
    host: str
    heavy_atoms: int
    tested: str = Field(description="which of the host's configurations errors are of")

    @property
    def group(self) -> tuple[Any, ...]:
        """The same of all seeds."""
        return (self.reference, self.teacher, self.training, self.labels_per_host, self.host, self.n_labels)


class AtlasRow(_Measured):
    """Students of several folds on the hosts of one class that each of them had not seen."""

    reference: str
    teacher: str
    taught: str = Field(
        default=TAUGHT_TRAINING, description="hosts around which the teacher was learnt, see TAUGHT_ALL"
    )
    host_class: str
    hosts: int = Field(description="hosts of the class, each left out once")
    training_hosts: float = Field(description="hosts trained on, mean over folds")
    teacher_mae_cm1: float | None = Field(default=None, description="MAE of the teacher itself on the attractive ones")

    @property
    def group(self) -> tuple[Any, ...]:
        """The same of all seeds."""
        return (self.reference, self.teacher, self.taught, self.host_class, self.n_labels)


class FlakeRow(BaseModel):
    """The depth over the centre of a flake of graphene by a student."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: str = Field(default="", description="digest of the energies that the student was fitted to")
    reference: str
    teacher: str
    training: tuple[str, ...]
    host: str
    carbons: int
    height_angstrom: float
    depth_cm1: float = Field(description="energy at the minimum over the ring's centre, negative")
    std_cm1: float
    seed: int

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes it the same measurement."""
        return (self.reference, self.teacher, self.training, self.host, self.seed)


R = TypeVar("R", TransferRow, AtlasRow, FlakeRow)


class TransferResults(Generic[R]):
    """Rows in a file of one JSON document a line; what is there is not measured again."""

    def __init__(self, path: Path, kind: type[R]) -> None:
        self.path = path
        self.rows: list[R] = read(path, kind)

    def has(self, key: tuple[Any, ...], data: str = "") -> bool:
        """Whether this measurement is there, and of the same energies."""
        return any(row.key == key and row.data == data for row in self.rows)

    def add(self, row: R) -> None:
        """Keep a measurement, at once and whole, in the place of one of other energies."""
        self.rows = [each for each in self.rows if each.key != row.key] + [row]
        write_atomically(self.path, b"".join(orjson.dumps(each.model_dump()) + b"\n" for each in self.rows))


def read(path: Path, kind: type[R]) -> list[R]:
    """Stored rows, none where there is no file; InputError for a damaged one."""
    if not path.is_file():
        return []
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            found.append(kind.model_validate(orjson.loads(line)))
        except ValueError:
            raise InputError(f"{path}, line {number}, is damaged; delete the file to measure again.") from None
    return found


def digest(parts: Iterable[FloatArray]) -> str:
    """Tells energies (eV) and places (Å) from others; rounded to well below what files hold.

    >>> digest([np.zeros(2)]) == digest([-np.zeros(2)]), digest([np.zeros(2)]) == digest([np.ones(2)])
    (True, False)
    """
    content = hashlib.sha256()
    for values in parts:
        content.update((np.round(values, 7) + 0.0).tobytes())
    return content.hexdigest()[:16]


def measured(predicted: FloatArray, std: FloatArray, reference: FloatArray, limit_cm1: float) -> dict[str, Any]:
    """The error columns of a row from energies and error bars (m,) in eV.

    >>> found = measured(np.array([-1e-3, 1e-3]), np.array([1e-4, 1e-4]), np.array([-1e-3, 2e-3]), 1000.0)
    >>> found["n_attractive"], found["mae_attractive_cm1"], found["within_2"]
    (1, 0.0, 0.5)
    """
    inside = to_cm1(reference) < limit_cm1
    error, bar = to_cm1(predicted - reference)[inside], to_cm1(std)[inside]
    attractive = reference[inside] < 0.0

    def mean(values: npt.NDArray[Any]) -> float | None:
        return float(values.mean()) if len(values) else None

    return {
        "n": int(inside.sum()),
        "n_attractive": int(attractive.sum()),
        "mae_attractive_cm1": mean(np.abs(error[attractive])),
        "mae_cm1": mean(np.abs(error)),
        "bias_cm1": mean(error[attractive]),
        "within_2": mean(np.abs(error) <= 2.0 * bar),
        "mean_std_cm1": mean(bar[attractive]),
    }


def over_seeds(rows: Iterable[TransferRow | AtlasRow]) -> list[dict[str, Any]]:
    """One entry for each measurement: the first row's fields, means over seeds, and the spread of the error."""
    found: dict[tuple[Any, ...], list[TransferRow | AtlasRow]] = {}
    for row in rows:
        found.setdefault(row.group, []).append(row)
    entries = []
    for members in found.values():
        entry = members[0].model_dump() | spread(row.mae_attractive_cm1 for row in members)
        entry["seeds"] = len(members)
        for name in ("mae_cm1", "bias_cm1", "within_2", "mean_std_cm1", "seconds", "teacher_mae_cm1"):
            if name in entry:
                entry[name] = spread(getattr(row, name) for row in members).get("mean")
        entries.append(entry)
    return entries


def reference_note(rows: Sequence[TransferRow]) -> str:
    """What errors of one reference say, where it is not labels; empty where it is, or without rows.

    >>> reference_note([])
    ''
    """
    if not rows or any(row.labels for row in rows):
        return ""
    if rows[0].reference.startswith(OF_TEACHER):
        return "The reference is a teacher's energies: this is how the shape carries over, not CCSD(T)."
    made = rows[0].reference.partition(": ")[2]
    return f"The reference, {made}, has errors of its own: it is not labels of the campaign's recipe."


def short_reference(reference: str) -> str:
    """A reference without how its energies were made.

    >>> short_reference("energies mp2+delta: HF + MP2 and a difference"), short_reference("energies of hf-mp2:midbond")
    ('energies mp2+delta', 'energies of hf-mp2:midbond')
    """
    return reference.partition(": ")[0]


@dataclass(frozen=True)
class TeacherFactor:
    """How much the teacher changes the error on a host that students were not trained on.

    Attributes:
        host: which.
        ratio: largest error over smallest, of students with a teacher.
        training: hosts that all of them were trained on.
        reference: what errors are measured against.
        labels: whether these are labels.
        maes: teacher, or none, → MAE in cm⁻¹ on attractive points, mean over seeds; smallest first.
    """

    host: str
    ratio: float
    training: tuple[str, ...]
    reference: str
    labels: bool
    maes: dict[str, float]

    @property
    def tenfold(self) -> bool:
        """What the paper says of it."""
        return self.ratio >= 10

    @property
    def listed(self) -> str:
        """The errors, in words."""
        return ", ".join(f"{name} {mae:.2g}" for name, mae in self.maes.items())


def teacher_factor(rows: Sequence[TransferRow], host: str = "coronene") -> TeacherFactor | None:
    """The paper's claim that the teacher decides how far a student transfers; None where nothing is known.

    Compared are students of different teachers that were trained on the same hosts with the same labels, of which the
    host had none, on the largest training set; the reference is the one with labels where there is such, else the
    first.
    """
    mine = [row for row in rows if row.host == host and row.n_labels == 0 and row.mae_attractive_cm1 is not None]
    if not mine:
        return None
    chosen = next((row for row in mine if row.labels), mine[0])
    mine = [row for row in mine if row.reference == chosen.reference]
    most = max(len(row.training) for row in mine)
    mine = [row for row in mine if len(row.training) == most]
    means = {entry["teacher"]: float(entry["mean"]) for entry in over_seeds(mine)}
    taught = [mean for name, mean in means.items() if name != DIRECT]
    if len(taught) < 2:
        return None
    maes = dict(sorted(means.items(), key=lambda item: item[1]))
    ratio = max(taught) / min(taught)
    return TeacherFactor(host, ratio, mine[0].training, chosen.reference, chosen.labels, maes)


def teacher_claim(rows: Sequence[TransferRow], host: str = "coronene") -> str:
    """`teacher_factor` in words; empty where nothing is known."""
    found = teacher_factor(rows, host)
    if found is None:
        return ""
    verdict = f"{'' if found.tenfold else 'not '}reproduced{'' if found.labels else ', against what is not CCSD(T)'}"
    return (
        f"The teacher changes the error on {host} by a factor of {found.ratio:.1f} (paper: about ten): {verdict}. "
        f"MAE in cm⁻¹ on attractive points, trained on {', '.join(found.training)}, against {found.reference}: "
        f"{found.listed}."
    )
