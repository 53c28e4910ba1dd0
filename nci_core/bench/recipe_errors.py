"""How far labels of recipes are from published energies of many dimers: one row a label, and figures over groups.

No torch and no PySCF: the dashboard reads the figures. Rows of single labels hold published energies and so stay with
whoever has the reference; figures over groups can go anywhere.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson
from ase.data import atomic_numbers
from pydantic import BaseModel, ConfigDict, Field

from nci_core.bench.recipe_rows import RecipeRow
from nci_core.errors import InputError
from nci_core.files import write_atomically
from nci_core.labels.prediction_error import Part

FloatArray = npt.NDArray[np.float64]

#: Names of the files of a run: a row a label, and a row a group.
LABELS_FILE, GROUPS_FILE = "recipe_labels.jsonl", "recipes_by_group.jsonl"
#: What the factor of the general recipe was fitted to, and how it does elsewhere.
FACTOR_FILE = "focal_point_factor.json"
REGIONS = ("well", "tail", "wall")
#: Bins of the hosts' sizes: the most heavy atoms of each but the last.
SIZES = (2, 4, 6)


class LabelRow(BaseModel):
    """One label of a recipe, or of a part of one, at a published dimer; energies in cm⁻¹."""

    model_config = ConfigDict(extra="forbid")

    recipe: str = Field(description="name; 'composite: MP2 alone' and the like are parts of a composite")
    recipe_hash: str = ""
    reference: str = Field(description="set of published energies, or the file's name")
    frame: int = Field(description="number in the file, from 0")
    system: str = Field(description="what all distances of one curve share")
    scaling: float | None = None
    geometry_hash: str
    probe: str
    host: str = Field(description="formula")
    elements: list[str] = Field(description="of the host")
    heavy_atoms: int
    host_class: str
    region: str
    reference_cm1: float
    energy_cm1: float | None = None
    error_cm1: float | None = Field(None, description="energy − published energy")
    std_cm1: float | None = Field(None, description="what the recipe says of its own error here")
    parts_cm1: dict[Part, float] = Field(default_factory=dict, description="of the interaction energy")
    cpu_minutes: float | None = None
    memory_gb: float | None = None
    failure: str = Field("", description="why there is no label, one sentence")
    doubt: str = Field("", description="what the checks say against the label; a campaign would set it aside")


class GroupErrors(BaseModel):
    """Errors of one recipe over one group of labels, in cm⁻¹; of labels that failed only the number."""

    model_config = ConfigDict(extra="forbid")

    recipe: str
    reference: str = Field(description="sets of published energies")
    by: str = Field(description="what the groups are made by")
    group: str
    n: int
    failed: int
    mae_cm1: float | None = None
    median_cm1: float | None = None
    max_cm1: float | None = None
    mean_cm1: float | None = Field(None, description="signed; positive is too weak")
    mean_reference_cm1: float | None = Field(None, description="mean published energy")
    relative: float | None = Field(None, description="mean of |error| ÷ |published energy|")
    of_repulsion: float | None = Field(None, description="of repulsive labels: mean of |error| ÷ Hartree–Fock part")
    cpu_minutes: float | None = Field(None, description="mean of a label")
    memory_gb: float | None = Field(None, description="largest of a label")
    n_std: int = Field(0, description="labels whose recipe says how uncertain they are")
    within_1: float | None = Field(None, description="share of them closer than 1 σ")
    within_2: float | None = Field(None, description="share of them closer than 2 σ")
    mean_std_cm1: float | None = None
    rms_z: float | None = Field(None, description="root mean square of error ÷ σ; 1 is right")


class FittedFactor(BaseModel):
    """Factors of a recipe that were fitted to labels of a probe, and the errors of each host by a fit to the others."""

    model_config = ConfigDict(extra="forbid")

    probe: str
    factors: dict[Part, float]
    hosts: int
    left_out: list[GroupErrors] = Field(description="attractive and repulsive labels")
    dimers: list[str] = Field(description="set, system, scaling and geometry hash of each label")


#: What groups are made by, in the order of the tables; parts of recipes are counted over all labels only.
BY: dict[str, Callable[[LabelRow], str]] = {
    "all": lambda row: "all",
    "sign": lambda row: "attractive" if row.reference_cm1 < 0 else "repulsive",
    "region": lambda row: row.region,
    "probe": lambda row: row.probe,
    "probe and region": lambda row: f"{row.probe}, {row.region}",
    "host class": lambda row: row.host_class,
    "heavy atoms of the host": lambda row: size(row.heavy_atoms),
    "distance": lambda row: "" if row.scaling is None else f"{row.scaling:g} of the equilibrium one",
    "set": lambda row: row.reference,
}
#: Groupings that one kind of row has too: parts of a recipe, beside which the others would be clutter.
OF_PARTS = ("all", "sign", "region")


def size(heavy_atoms: int) -> str:
    """The bin of a host's size.

    >>> size(0), size(4), size(9)
    ('0–2', '3–4', '7 or more')
    """
    low = 0
    for most in SIZES:
        if heavy_atoms <= most:
            return f"{low}–{most}"
        low = most + 1
    return f"{low} or more"


def is_part(recipe: str) -> bool:
    """Whether a row is of a part of a recipe."""
    return ": " in recipe


def group_errors(rows: Sequence[LabelRow]) -> list[GroupErrors]:
    """The figures of every recipe over every group that has labels, in the order of `BY`."""
    found = []
    for recipe in dict.fromkeys(row.recipe for row in rows):
        mine = [row for row in rows if row.recipe == recipe]
        reference = ", ".join(sorted({row.reference for row in mine}))
        for by, name_of in BY.items():
            if is_part(recipe) and by not in OF_PARTS:
                continue
            groups: dict[str, list[LabelRow]] = {}
            for row in mine:
                groups.setdefault(name_of(row), []).append(row)
            if set(groups) != {""}:
                names = sorted((name for name in groups if name), key=_place)
                found += [_figures(recipe, reference, by, name, groups[name]) for name in names]
    return found


def _place(group: str) -> tuple[int, int, str]:
    """Probes by their atomic numbers, then regions from the bottom up; other groups by name."""
    probe, _, after = group.partition(", ")
    region = after or group
    return (atomic_numbers.get(probe, 0), REGIONS.index(region) if region in REGIONS else 0, group)


def _figures(recipe: str, reference: str, by: str, group: str, rows: Sequence[LabelRow]) -> GroupErrors:
    done = [row for row in rows if row.error_cm1 is not None]
    figures = GroupErrors(
        recipe=recipe, reference=reference, by=by, group=group, n=len(done), failed=len(rows) - len(done)
    )
    if not done:
        return figures
    error = _column(done, lambda row: row.error_cm1)
    published, repulsion = _column(done, lambda row: row.reference_cm1), _column(done, _mean_field)
    std = _column(done, lambda row: row.std_cm1)
    away, contact = np.abs(error), (repulsion > 0) & (published > 0)
    values = {
        "mae_cm1": away.mean(),
        "median_cm1": np.median(away),
        "max_cm1": away.max(),
        "mean_cm1": error.mean(),
        "mean_reference_cm1": published.mean(),
        "relative": _mean(away[published != 0] / np.abs(published[published != 0])),
        "of_repulsion": _mean(away[contact] / repulsion[contact]),
        "cpu_minutes": _mean(_column(done, lambda row: row.cpu_minutes)),
        "memory_gb": max((row.memory_gb for row in done if row.memory_gb is not None), default=None),
    }
    known = std > 0
    if known.any():
        z = error[known] / std[known]
        values |= {
            "within_1": (np.abs(z) <= 1).mean(),
            "within_2": (np.abs(z) <= 2).mean(),
            "mean_std_cm1": std[known].mean(),
            "rms_z": np.sqrt((z**2).mean()),
        }
    return figures.model_copy(
        update={name: None if value is None else float(value) for name, value in values.items()}
        | {"n_std": int(known.sum())}
    )


def _mean_field(row: LabelRow) -> float | None:
    return row.parts_cm1.get("mean_field")


def _column(rows: Sequence[LabelRow], value: Callable[[LabelRow], float | None]) -> FloatArray:
    """(m,) values, NaN for None."""
    return np.array([np.nan if (found := value(row)) is None else found for row in rows], dtype=float)


def _mean(values: FloatArray) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def overview(groups: Sequence[GroupErrors]) -> list[RecipeRow]:
    """A row for each recipe as the table and figure of recipes take them, cheapest first.

    Its regions are those of each system's own curve.
    """
    at = {(one.recipe, one.by, one.group): one for one in groups}

    def error(recipe: str, by: str, group: str) -> float | None:
        found = at.get((recipe, by, group))
        return found.mae_cm1 if found else None

    rows = []
    for (recipe, by, _), whole in at.items():
        if by != "all" or not whole.n:
            continue
        attractive = at.get((recipe, "sign", "attractive"))
        rows.append(
            RecipeRow(
                recipe=recipe,
                n=whole.n,
                n_attractive=attractive.n if attractive else 0,
                mae_attractive_cm1=error(recipe, "sign", "attractive"),
                mae_cm1=whole.mae_cm1,
                well_cm1=error(recipe, "region", "well"),
                tail_cm1=error(recipe, "region", "tail"),
                wall_cm1=error(recipe, "region", "wall"),
                cpu_minutes=whole.cpu_minutes,
                rss_gb=whole.memory_gb,
            )
        )
    return sorted(rows, key=lambda row: row.cpu_minutes or 0.0)


def write_lines(path: Path, rows: Iterable[BaseModel]) -> None:
    """One row a line."""
    write_atomically(path, b"".join(orjson.dumps(row.model_dump()) + b"\n" for row in rows))


def read_rows(path: Path) -> list[LabelRow]:
    """Rows of single labels as `write_lines` wrote them; raises InputError."""
    try:
        return [LabelRow.model_validate(orjson.loads(line)) for line in path.read_bytes().splitlines()]
    except (OSError, ValueError):
        raise InputError(f"{path} holds no rows of labels; give the {LABELS_FILE} of `nci bench recipes`.") from None


def read_groups(path: Path) -> list[GroupErrors]:
    """Figures as `write_lines` wrote them; raises InputError."""
    try:
        return [GroupErrors.model_validate(orjson.loads(line)) for line in path.read_bytes().splitlines()]
    except (OSError, ValueError):
        raise InputError(
            f"{path} holds no figures; run `nci bench recipes --data FILE --recipe NAME --labels FOLDER` first."
        ) from None


def read_factor(path: Path) -> FittedFactor:
    """What `benchmarks/calibrate_focal_point.py` kept; raises InputError."""
    try:
        return FittedFactor.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        raise InputError(f"{path} holds no fitted factor; `benchmarks/calibrate_focal_point.py` writes it.") from None
