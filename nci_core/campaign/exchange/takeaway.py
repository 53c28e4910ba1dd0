"""What can be taken away from a campaign as one file: its models in several forms, its dataset, all of it, inputs.

Importing this loads no torch; the dashboard has `packed` and `packed_inputs` run in a process of their own.
"""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nci_core import __version__
from nci_core.campaign.campaign import Campaign
from nci_core.campaign.exchange.archive import export_campaign, export_extxyz
from nci_core.campaign.rounds.stored_models import load_student, load_terms
from nci_core.campaign.systems import System
from nci_core.errors import InputError, StoreError
from nci_core.files import file_stem, python_name, write_atomically, write_whole
from nci_core.store import configurations, models
from nci_core.store.schema import Model
from nci_core.systems.folding import distinct

FloatArray = npt.NDArray[np.float64]

MODEL_FILES = (".pt", ".py")
#: Those of a MACE network; the last is for LAMMPS.
MACE, LAMMPS = ".model", "-lammps.pt"
NETWORK_FILES = (".pt", MACE, LAMMPS)
#: Suffix → what the file is, for people.
GRID_FILES = {".npz": "NumPy (npz)", ".cube": "cube", ".csv": "table (CSV)"}
DATASET_FILES = (".extxyz", ".xyz")
#: Of a grid, in Å: fine enough for 0.1 cm⁻¹ in the well with a cubic spline, and far enough for the tail.
SPACING, MARGIN = 0.2, 5.0
#: Configurations at which an evaluator is compared with the model.
COMPARED = 200


class Packed(NamedTuple):
    """A file that was made, and a sentence on it."""

    name: str
    content: bytes
    said: str


def file_name(suffix: str, *parts: str) -> str:
    """What a file is called when it is downloaded. Python can import a .py.

    >>> file_name(".py", "he-benzene", "Round 1"), file_name(".csv", "he-benzene", "Round 1")
    ('he_benzene_Round_1.py', 'he-benzene-Round-1-grid.csv')
    """
    stem = file_stem(*parts, *(["grid"] if suffix in GRID_FILES else []))
    return (python_name(stem) if suffix == ".py" else stem) + suffix


def chosen_model(campaign: Campaign, name: str | None = None) -> Model:
    """A model by name, the one in use without; InputError where there is none."""
    row = campaign.active_model() if name is None else models.find(campaign.store, name)
    if row is not None:
        return row
    if name is None:
        raise InputError(f"Campaign {campaign.name} has no student yet; distil one first.")
    has = ", ".join(model.name for model in models.fetch(campaign.store, others=True)) or "none"
    raise InputError(f"Campaign {campaign.name} has no model {name!r} (it has {has}).")


def facts_of(campaign: Campaign, row: Model, system: System) -> dict[str, str]:
    """Where a model comes from, for headers of files."""
    recipe = campaign.recipe
    learnt = f"{row.n_labels} labels of recipe" if row.n_labels else "no labels; the campaign's recipe is"
    labels = f"{learnt} {recipe.name} (version {recipe.version}, {recipe.hash}): {recipe.method}, {recipe.basis_name}"
    if (other := row.settings.get(models.OTHER_METHOD)) is not None:
        labels = f"{row.n_labels} energies of {other['method']} ({other['set']}), not of the campaign's recipe"
    return {
        "Model": f"{row.name} ({row.kind}) of campaign {campaign.name}, {system.dimer.name}",
        "Labels": labels,
        "Teachers": ", ".join(campaign.teacher_specs),
        "Checkpoint": f"SHA-256 {row.sha256}",
        "Written by": f"nci {__version__}",
    }


def export_model_file(
    campaign: Campaign,
    row: Model,
    path: Path,
    *,
    system: str | None = None,
    spacing: float = SPACING,
    margin: float = MARGIN,
) -> str:
    """Write a model as the end of `path` says: .pt, .py, .npz, .cube, .csv, .model or -lammps.pt; a sentence on it.

    A .pt evaluates every system that the model knows; the others are of one, whose name `system` is where there are
    several. `spacing` and `margin` (Å) are of grids. Raises InputError for another suffix, a grid of no use or
    the name of a .py that Python cannot import; StoreError for a checkpoint that has changed, or a path inside the
    campaign or that cannot be written.
    """
    if campaign.folder.resolve() in path.resolve().parents:
        raise StoreError(f"{path} lies in the campaign's own folder; choose a place outside it.")
    if path.suffix == MACE or path.name.endswith(LAMMPS):
        return _for_mace(campaign, row, path)
    if path.suffix == ".pt":
        content = models.file_content(campaign.store, row)
        write_atomically(path, content)
        return f"{path}: {row.name}, {len(content) / 1000:.0f} kB."
    if path.suffix == ".py":
        return _evaluator(campaign, row, campaign.chosen_system(system), path)
    if path.suffix in GRID_FILES:
        return _grid(campaign, row, campaign.chosen_system(system), path, spacing, margin)
    known = ", ".join((*MODEL_FILES, *NETWORK_FILES[1:], *GRID_FILES))
    raise InputError(f"{path.name} has no suffix that says what to write; choose one of {known}.")


def files_of(row: Model) -> tuple[str, ...]:
    """Suffixes of the files that a model can be taken away as, but for grids."""
    return NETWORK_FILES if models.is_network(row) else MODEL_FILES


def _for_mace(campaign: Campaign, row: Model, path: Path) -> str:
    from nci_core.potentials.networks.ensemble import NetworkEnsemble
    from nci_core.potentials.networks.exports import write_lammps, write_mace_model

    model = load_student(campaign, row)
    if not isinstance(model, NetworkEnsemble):
        raise InputError(f"Model {row.name} is a student of terms; {path.name} is for MACE networks. Choose one.")
    write = write_lammps if path.name.endswith(LAMMPS) else write_mace_model
    write(model.members[0], path)
    count = len(model.members)
    which = f"network 1 of the {count} whose mean the model is; " if count > 1 else ""
    return f"{path}: {row.name}, {which}total energies, whose differences are interaction energies."


def _evaluator(campaign: Campaign, row: Model, system: System, path: Path) -> str:
    from nci_core.potentials.standalone import standalone

    if not path.stem.isidentifier():
        raise InputError(f"Python cannot import {path.name}; name it {python_name(path.stem)}.py, for example.")
    model = load_terms(campaign, row, "a file for NumPy")
    _, points = configurations.positions(campaign.store, system_id=system.id)
    some = points[:: max(1, len(points) // COMPARED)]
    if not len(some):
        some = system.dimer.a.positions.max(axis=0)[None] + 3.0
    facts = facts_of(campaign, row, system)
    named = model.with_metadata(model=row.name)
    made = standalone(named, system.dimer, title=campaign.title, module=path.stem, facts=facts, points=some)
    write_atomically(path, made.text.encode())
    return (
        f"{path}: {row.name} for NumPy, within {made.largest_difference:.0e} eV of the model at "
        f"{made.compared} configurations."
    )


def _grid(campaign: Campaign, row: Model, system: System, path: Path, spacing: float, margin: float) -> str:
    from nci_core.potentials.grid_files import WRITERS, missed_words
    from nci_core.potentials.grids import make_grid
    from nci_core.potentials.models import load_model

    dimer = system.dimer
    model = load_model(campaign.model_path(row), dimer=dimer)

    def evaluate(points: FloatArray) -> tuple[FloatArray, FloatArray]:
        first, which = distinct(dimer.a, points)
        energy, std = model.energies_and_std(dimer.at(points[first]))
        return energy[which], std[which]

    grid = make_grid(dimer, evaluate, spacing=spacing, margin=margin, bounds=system.bounds)
    write_whole(path, lambda part: WRITERS[path.suffix](grid, part, facts_of(campaign, row, system)))
    shape = " × ".join(str(len(axis)) for axis in (grid.x, grid.y, grid.z))
    said = "; ".join(missed_words(each) for each in grid.missed if each.region in ("all", "well"))
    return f"{path}: {shape} points, {grid.spacing:g} Å apart. Interpolated: {said}.".replace("cm-1", "cm⁻¹")


def export_zip(campaign: Campaign, path: Path) -> str:
    """Write the archive of `nci export` as one zip, which `nci import` reads. Returns a sentence."""
    with tempfile.TemporaryDirectory(prefix="nci-archive-") as folder:
        archive = Path(folder) / file_stem(campaign.name)
        said = export_campaign(campaign, archive).partition(": ")[2]
        zipped = _zipped(archive)
        write_whole(path, lambda part: shutil.move(zipped, part))
    return f"{path}: {said}"


def _zipped(folder: Path) -> Path:
    """A zip beside a folder, of the folder with all that is in it."""
    return Path(shutil.make_archive(str(folder), "zip", folder.parent, folder.name))


def packed(
    folder: str | Path, suffix: str, model_id: int | None = None, options: Mapping[str, Any] | None = None
) -> Packed:
    """A file to download: a model as `export_model_file`, ".extxyz" the dataset, ".zip" the archive.

    Raises as what it calls; `options` are spacing and margin of a grid in Å, and the system's name
    where a model's file is of one of several.
    """
    with (
        Campaign.open(folder, read_only=True) as campaign,
        tempfile.TemporaryDirectory(prefix="nci-download-") as temporary,
    ):
        if suffix in DATASET_FILES or suffix == ".zip":
            path = Path(temporary) / file_name(suffix, campaign.name)
            said = (export_zip if suffix == ".zip" else export_extxyz)(campaign, path)
        else:
            row = chosen_model(campaign) if model_id is None else models.get(campaign.store, model_id)
            of = (
                []
                if suffix in NETWORK_FILES or len(campaign.systems) == 1
                else [str((options or {}).get("system", ""))]
            )
            path = Path(temporary) / file_name(suffix, campaign.name, row.name, *of)
            said = export_model_file(campaign, row, path, **(options or {}))
        return Packed(path.name, path.read_bytes(), said.replace(str(path), path.name))


def packed_inputs(
    folder: str | Path, configuration_ids: Sequence[int], picked_by: str, recipe: str | None = None
) -> Packed:
    """Inputs of labels as a zip; the labels wait for results then, as with `nci label --export-inputs`.

    Raises InputError where none of them needs inputs, and as `elsewhere.export_inputs` does.
    """
    from nci_core.campaign.exchange.elsewhere import export_inputs

    try:
        with Campaign.open(folder) as campaign, tempfile.TemporaryDirectory(prefix="nci-download-") as temporary:
            inputs = Path(temporary) / file_stem(campaign.name, "inputs")
            done = export_inputs(campaign, configuration_ids, picked_by, inputs, recipe)
            if not done.folders:
                raise InputError("All of these have a label already, or one is being computed here.")
            path = _zipped(inputs)
            left = "".join(f" No inputs for {program}: {why}." for program, why in done.left_out.items())
            return Packed(path.name, path.read_bytes(), f"Inputs of {len(done.folders)} labels.{left}")
    except OSError as error:
        raise StoreError(f"The inputs cannot be written ({error.strerror or error}); free some space.") from error
