"""Labels for a cluster that cannot be reached: inputs out, results back in. No engine takes part."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.rounds.label_checks import require_closed_shells, with_doubts
from nci_core.campaign.rounds.requests import check_picks, request_labels
from nci_core.errors import InputError, NCIError
from nci_core.files import decode_text, read_limited, write_atomically
from nci_core.labels.elsewhere import run_pyscf
from nci_core.labels.elsewhere.hartree_fock import compared
from nci_core.labels.elsewhere.inputs import PROGRAMS, CannotExpressError, Program, file_name, write_input
from nci_core.labels.elsewhere.outputs import NAMES, hashes_in
from nci_core.labels.elsewhere.results import label_from_outputs, label_from_result, programs_with_outputs
from nci_core.labels.elsewhere.returned import MOST_BYTES, parse_result
from nci_core.labels.elsewhere.task import FRAGMENTS, MANIFEST, SCRIPT, LabelTask
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import LabelResult
from nci_core.store import configurations, journal, labels, picks
from nci_core.store import jobs as queue
from nci_core.store.schema import Configuration, Label
from nci_core.switches import require_writable
from nci_core.visible import visible

README = "README.txt"
#: Names of results: of the script as it writes them, or renamed by people who gather them in one folder.
RESULTS = "result*.json"
#: Bytes of one program's output; real ones have some MB.
MOST_OUTPUT_BYTES = 100_000_000


class Exported(NamedTuple):
    """What `export_inputs` wrote.

    Attributes:
        folders: one for each label, below the folder asked for.
        skipped: configurations that have a label, or one that is queued here.
        left_out: program → why it has no inputs.
    """

    folders: list[Path]
    skipped: list[int]
    left_out: dict[Program, str]


@dataclass
class Imported:
    """What `import_results` did.

    Attributes:
        label_ids: labels that are complete now.
        refused: one sentence for each result that was not stored.
        without_result: folders of labels that have no result yet.
    """

    label_ids: list[int] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    without_result: int = 0


def task_of(campaign: Campaign, row: Configuration, recipe: Recipe | None = None) -> LabelTask:
    """The task of one configuration's label, of the target recipe if none is given.

    Raises InputError for a recipe that is more than one CCSD(T) calculation with exact integrals of each fragment.
    """
    chosen = recipe or campaign.recipe
    if chosen.integrals != "exact" or chosen.more_functions:
        raise InputError(
            f"Labels of recipe {chosen.name} cannot be computed elsewhere (fitted integrals or further basis sets); "
            "choose a recipe with exact integrals and one set of functions."
        )
    return LabelTask.build(campaign.system(row.system_id).dimer.at(row.position, row.pose), chosen)


def export_inputs(
    campaign: Campaign, configuration_ids: Sequence[int], picked_by: str, folder: Path, recipe: str | None = None
) -> Exported:
    """Write inputs for these configurations' labels, one folder each, and let the labels wait for results.

    Files first: a label waits for results only when its inputs are on the disk. Repeating it writes
    the same files again. Raises InputError as `submit_labels` does, StoreError for a full disk.
    """
    require_writable()
    chosen = list(dict.fromkeys(configuration_ids))
    check_picks(campaign, chosen, picked_by)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; give a folder to write the inputs to.")
    chosen_recipe = campaign.find_recipe(recipe)
    there = labels.fetch(campaign.store, chosen_recipe.hash)
    taken = {label.configuration_id for label in there if not _free(label)}
    wanted = [number for number in chosen if number not in taken]
    folders: list[Path] = []
    left_out: dict[Program, str] = {}
    for row in configurations.fetch(campaign.store, ids=wanted):
        target, reasons = _write_task(task_of(campaign, row, chosen_recipe), folder)
        folders.append(target)
        left_out |= reasons
    if wanted:
        write_atomically(folder / README, _readme(campaign, chosen_recipe, len(wanted), left_out).encode())
        asked = request_labels(campaign, wanted, picked_by, recipe=chosen_recipe.name)
        when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        note = f"Its inputs were exported to {folder.absolute().name} on {when}; results are due."
        labels.set_note(campaign.store, [label.id for label in asked], note)
    picks.set_state(campaign.store, chosen, "submitted")
    return Exported(folders, [number for number in chosen if number in taken], left_out)


def _free(label: Label) -> bool:
    """Whether nothing here computes or has computed this label."""
    return label.status in ("error", "cancelled") or (label.status == "waiting" and label.job_id is None)


def _write_task(task: LabelTask, folder: Path) -> tuple[Path, dict[Program, str]]:
    target = folder / task.folder
    write_atomically(target / MANIFEST, task.model_dump_json(indent=2).encode())
    write_atomically(target / SCRIPT, Path(run_pyscf.__file__).read_bytes())
    left_out: dict[Program, str] = {}
    for program in PROGRAMS:
        try:
            texts = {name: write_input(program, task, name) for name in FRAGMENTS}
        except CannotExpressError as reason:
            left_out[program] = str(reason)
            continue
        for name, text in texts.items():
            write_atomically(target / file_name(program, name), text.encode())
    return target, left_out


def _readme(campaign: Campaign, recipe: Recipe, count: int, left_out: dict[Program, str]) -> str:
    names = {p: ", ".join(file_name(p, fragment) for fragment in FRAGMENTS) for p in PROGRAMS}
    lines = [
        f"Inputs for {count} CCSD(T) labels of campaign {campaign.name}, recipe {recipe.name} ({recipe.hash}).",
        "",
        "One folder a label; use one program for all three fragments of a label.",
        "",
        f"PySCF    python {SCRIPT}    needs only pyscf and numpy; writes result-pyscf.json beside itself",
        *(f"{NAMES[p]:8} {names[p]}" for p in PROGRAMS if p not in left_out),
        "",
        "An output has the name of its input with .out, and stays in its folder. In the inputs only the lines about",
        "memory and processors may be changed. Then, where the campaign is:",
        "",
        "    nci label --import-results THIS_FOLDER",
        "",
        "Psi4, ORCA and Molpro are experimental: these inputs follow the manuals and the readers of outputs follow",
        "published ones, but the authors of nci have run neither. Compare one label with the PySCF script first.",
        *(f"There are no inputs for {NAMES[p]}: {reason}." for p, reason in left_out.items()),
    ]
    return "\n".join(lines) + "\n"


def import_results(campaign: Campaign, folder: Path) -> Imported:
    """Read every result below a folder and store those that are good; the others are refused, each with a reason.

    A result is stored through the journal like a computed label; a complete label is never
    overwritten. Raises InputError when there is nothing to read, LabelError for an open-shell monomer.
    """
    require_writable()
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder} to import results from.")
    require_closed_shells(campaign, (system.id for system in campaign.systems))
    found: list[tuple[Path, Program | None]] = [(path, None) for path in sorted(folder.rglob(RESULTS))]
    for place in sorted({path.parent for path in folder.rglob("*.out")}):
        programs = programs_with_outputs({path.name for path in place.glob("*.out")})
        found += [(place, program) for program in programs]
    if not found:
        raise InputError(
            f"{folder} holds no results: neither {RESULTS} of the script nor {file_name('psi4', 'dimer', output=True)} "
            "and the like; see the README.txt of the export."
        )
    done, reader = Imported(), _Reader(campaign, folder)
    for path, program in found:
        reader.take(done, path, program)
    answered = {path if program else path.parent for path, program in found}
    done.without_result = sum(path.parent not in answered for path in folder.rglob(MANIFEST))
    tested = {row.id for row in reader.known.values() if row.split == "test"}
    if any(reader.asked[key] in done.label_ids for key in reader.asked if key[0] in tested):
        from nci_core.campaign.rounds.evaluation import renew_errors

        renew_errors(campaign)
    return done


class _Reader:
    """Takes one result after the other into a campaign."""

    def __init__(self, campaign: Campaign, folder: Path) -> None:
        self.campaign, self.folder = campaign, folder
        self.known = {row.geometry_hash: row for row in configurations.fetch(campaign.store)}
        self.recipes = {recipe.hash: recipe for recipe in campaign.recipes}
        rows = [row for name in self.recipes for row in labels.fetch(campaign.store, name)]
        self.asked = {(row.configuration_id, row.recipe_hash): row.id for row in rows}

    def take(self, done: Imported, path: Path, program: Program | None) -> None:
        """Store the script's result at `path`, or the outputs of a program in the folder `path`."""
        where = self._name(path)
        try:
            row, label, result = self._read(path, where, program)
            at = self.campaign.system(row.system_id).dimer.at(row.position, row.pose)
            result = compared(result, at, self.recipes[label.recipe_hash], where)
        except InputError as error:
            done.refused.append(str(error))
            return
        store = self.campaign.store
        known = with_doubts(self.campaign, row, result).model_dump(mode="json")
        journal.record_label(store, label.id, known, folder=self.campaign.folder)
        if label.job_id is not None:  # queued here meanwhile: no need to compute it any more
            queue.cancel(store, label.job_id)
        done.label_ids.append(label.id)

    def _name(self, path: Path) -> str:
        """The path below the folder, for messages: names of files may hold anything but a slash."""
        return visible(path.relative_to(self.folder).as_posix())

    def _read(self, path: Path, where: str, program: Program | None) -> tuple[Configuration, Label, LabelResult]:
        """What this result belongs to, the label that waits for it and the result, checked; raises InputError."""
        try:
            if program is None:
                returned = parse_result(self._content(path, MOST_BYTES), where)
                row, label, task = self._expected(returned.geometry_hash, returned.recipe_hash, where)
                return row, label, label_from_result(returned, task, where)
            files = {name: path / file_name(program, name, output=True) for name in FRAGMENTS}
            texts = {
                name: decode_text(self._content(file, MOST_OUTPUT_BYTES))
                for name, file in files.items()
                if os.path.lexists(file)  # a link to nowhere is refused, not missing
            }
            hashes = hashes_in(next(iter(texts.values())))
            if hashes is None:
                raise InputError(f"{where}: the {NAMES[program]} output does not repeat an input that nci exported.")
            row, label, task = self._expected(*hashes, where)
            return row, label, label_from_outputs(program, texts, task, where)
        except NCIError:
            raise
        except Exception as error:  # whatever a file of somebody else does to a reader, the other files are read
            raise InputError(
                f"{where} cannot be read as a result ({type(error).__name__}); copy it again or compute it again."
            ) from error

    def _content(self, path: Path, most_bytes: int) -> bytes:
        """A file's content; raises InputError with its name below the folder."""
        try:
            return read_limited(path, most_bytes, links=False)
        except InputError as error:
            raise InputError(str(error).replace(str(path), self._name(path))) from None

    def _expected(self, geometry_hash: str, recipe_hash: str, where: str) -> tuple[Configuration, Label, LabelTask]:
        """The configuration and the unfinished label that a result belongs to, and the task that was exported."""
        campaign = self.campaign
        row = self.known.get(geometry_hash)
        if row is None:
            raise InputError(f"{where} belongs to geometry {geometry_hash}, which {campaign.name} does not have.")
        if recipe_hash not in self.recipes:
            uses = ", ".join(f"{recipe.name} ({recipe.hash})" for recipe in campaign.recipes)
            raise InputError(f"{where} was computed by recipe {recipe_hash}, but {campaign.name} uses {uses}.")
        if (row.id, recipe_hash) not in self.asked:
            raise InputError(f"{where}: nobody asked for a label of configuration {row.id}; export its inputs first.")
        label = labels.get(campaign.store, self.asked[row.id, recipe_hash])
        if label.status == "complete":
            raise InputError(f"{where}: configuration {row.id} has its label already; the result was not stored.")
        return row, label, task_of(campaign, row, self.recipes[recipe_hash])
