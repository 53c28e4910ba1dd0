"""nci bench transfer: errors on hosts that a student has not seen."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel

from nci_core.bench.transfer_rows import (
    ATLAS_FILE,
    DIRECT,
    FILE,
    FLAKES_FILE,
    AtlasRow,
    FlakeRow,
    TransferResults,
    TransferRow,
    over_seeds,
    reference_note,
    short_reference,
    teacher_claim,
)
from nci_core.cli.options import refuse
from nci_core.cli.output import JsonOption, err, out, print_json, print_table
from nci_core.errors import InputError

SEEDS = 3
COLUMNS = ("teacher", "trained on", "asked about", "own labels", "n, E < 0", "MAE, E < 0", "MAE", "bias", "in 2 sd (%)")
ATLAS_COLUMNS = (
    "teacher",
    "taught on",
    "hosts of",
    "hosts",
    "own labels",
    "n, E < 0",
    "teacher itself",
    "MAE, E < 0",
    "MAE",
    "bias",
    "in 2 sd (%)",
)

CampaignOption = Annotated[
    Path | None,
    typer.Option(
        "--campaign",
        help="Campaign of several systems, its folder or an export. Default: the embedded one, he-aromatics.",
        show_default=False,
    ),
]
AgainstOption = Annotated[
    str,
    typer.Option(
        "--against",
        help="'labels', the teacher whose energies are the reference, or energies:NAME, sets of one name. Default: "
        "labels where unseen hosts have them, else the campaign's first teacher.",
        show_default=False,
    ),
]
AtlasOption = Annotated[
    Path | None,
    typer.Option(
        "--atlas",
        help="Instead of a campaign, published dimers of helium with many hosts: extxyz, with a table of "
        "Hartree–Fock and MP2 energies of the same name beside it.",
        show_default=False,
    ),
]


def transfer(
    context: typer.Context,
    campaign: CampaignOption = None,
    against: AgainstOption = "",
    atlas: AtlasOption = None,
    teacher: Annotated[
        list[str] | None,
        typer.Option(
            "--teacher", help="Only these teachers; 'none' for fits without one. Default: all.", show_default=False
        ),
    ] = None,
    gfn2: Annotated[bool, typer.Option("--gfn2/--no-gfn2", help="Evaluate GFN2-xTB as a teacher too.")] = True,
    per_host: Annotated[
        int, typer.Option("--labels-per-host", min=1, help="Reference energies of each training host at most.")
    ] = 40,
    folder: Annotated[Path, typer.Option("--out", help="Folder of results; what is there is not run again.")] = Path(
        "bench"
    ),
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Seeds 0, 1, … of fits and draws.")] = SEEDS,
    first_seed: Annotated[int, typer.Option("--first-seed", min=0, help="First seed.")] = 0,
    quick: Annotated[bool, typer.Option("--quick", help="One seed, few training sets or folds.")] = False,
    figures: Annotated[
        Path | None, typer.Option("--figures", help="Folder of the figure. Default: none.", show_default=False)
    ] = None,
    stored: Annotated[bool, typer.Option("--stored", help="Print what is in --out; nothing is measured.")] = False,
    as_json: JsonOption = False,
) -> None:
    """How a student does on hosts that it has not seen, by training set, teacher and labels of the host's own.

    In a campaign of several systems, training sets grow in its order. With --atlas, every host is left out once.
    """
    chosen = range(first_seed, first_seed + seeds)
    if not stored:
        if atlas is not None:
            refuse(context, ("campaign", "against", "per_host"), "is for campaigns; leave out --atlas")
            _atlas(atlas, folder, chosen, quick, teacher or [])
        else:
            _campaign(campaign, against, folder, chosen, quick, teacher or [], gfn2, per_host)
    rows = TransferResults(folder / FILE, TransferRow).rows
    published = TransferResults(folder / ATLAS_FILE, AtlasRow).rows
    depths = TransferResults(folder / FLAKES_FILE, FlakeRow).rows
    if figures is not None:
        from nci_core.bench.transfer_figure import draw_transfer

        for path in draw_transfer(rows, figures):
            _say(f"Wrote {path}.")
    if as_json:
        every: dict[str, Sequence[BaseModel]] = {"hosts": rows, "atlas": published, "flakes": depths}
        print_json({name: [row.model_dump() for row in found] for name, found in every.items()})
        return
    _tables(rows, published, depths)


def _campaign(
    campaign: Path | None,
    against: str,
    folder: Path,
    seeds: range,
    quick: bool,
    teachers: list[str],
    gfn2: bool,
    per_host: int,
) -> None:
    import torch

    from nci_core.bench.transfer import transfer as measure
    from nci_core.bench.transfer_data import GFN2, open_transfer, with_gfn2
    from nci_core.bench.transfer_flakes import flakes
    from nci_core.campaign.exchange.archive import SEVERAL, data_folder

    where = campaign or data_folder() / SEVERAL
    if not where.is_dir():
        raise InputError(f"There is no campaign in {where}; name one of several systems with --campaign FOLDER.")
    torch.set_num_threads(1)  # small problems: a second thread only waits
    problem = open_transfer(where, against, _say)
    if gfn2 and (not teachers or GFN2 in teachers):
        problem = with_gfn2(problem, _say)
    known = [*problem.teachers, DIRECT]
    unknown = [name for name in teachers if name not in known]
    if unknown:
        raise InputError(f"--teacher {unknown[0]}: there are {', '.join(known)}.")
    _say(f"Reference: {problem.reference}. Hosts: {', '.join(host.name for host in problem.hosts)}.")
    results = TransferResults(folder / FILE, TransferRow)
    measure(problem, results, seeds=seeds, quick=quick, say=_say, teachers=teachers, per_host=per_host)
    depths = TransferResults(folder / FLAKES_FILE, FlakeRow)
    taught = [name for name in teachers or known if name != DIRECT]
    if taught and not quick:
        flakes(problem, depths, seeds=seeds, say=_say, teacher=taught[0], per_host=per_host)


def _atlas(path: Path, folder: Path, seeds: range, quick: bool, teachers: list[str]) -> None:
    import torch

    from nci_core.bench.transfer_atlas import TEACHERS, atlas

    unknown = [name for name in teachers if name not in TEACHERS]
    if unknown:
        raise InputError(f"--teacher {unknown[0]}: with --atlas there are {', '.join(TEACHERS)}.")
    torch.set_num_threads(1)
    results = TransferResults(folder / ATLAS_FILE, AtlasRow)
    atlas(path, results, seeds=seeds, quick=quick, say=_say, teachers=teachers)


def _say(text: str) -> None:
    err.print(text, soft_wrap=True)


def _errors(entry: dict[str, Any]) -> list[str]:
    numbers = [f"{entry['mean']:.3g} ± {entry['sd']:.2g}" if entry.get("mean") is not None else "—"]
    for name, spec, factor in (("mae_cm1", ".3g", 1.0), ("bias_cm1", "+.2g", 1.0), ("within_2", ".0f", 100.0)):
        value = entry[name]
        numbers.append("—" if value is None else format(factor * value, spec))
    return numbers


def _tables(rows: list[TransferRow], published: list[AtlasRow], depths: list[FlakeRow]) -> None:
    for reference in dict.fromkeys(row.reference for row in rows):
        same = [row for row in rows if row.reference == reference]
        mine = over_seeds(same)
        table = [
            [e["teacher"], " + ".join(e["training"]), e["host"], e["n_labels"], e["n_attractive"], *_errors(e)]
            for e in mine
        ]
        print_table(f"Transfer, against {reference}", COLUMNS, table)
        if said := reference_note(same):
            out.print(said, soft_wrap=True)
    claim = teacher_claim(rows)
    if claim:
        out.print(claim)
    for reference in dict.fromkeys(row.reference for row in published):
        table = [
            [
                e["teacher"],
                "—" if e["teacher"] == DIRECT else e["taught"],
                e["host_class"],
                e["hosts"],
                e["n_labels"],
                e["n_attractive"],
                "—" if e["teacher_mae_cm1"] is None else f"{e['teacher_mae_cm1']:.3g}",
                *_errors(e),
            ]
            for e in over_seeds(row for row in published if row.reference == reference)
        ]
        print_table(f"Hosts left out, against {reference}", ATLAS_COLUMNS, table)
        out.print("Published energies are rounded to 0.35 cm⁻¹.")
    if depths:
        _depths(depths)


def _depths(rows: list[FlakeRow]) -> None:
    from nci_core.bench.rows import spread
    from nci_core.bench.transfer_flakes import NOT_COMPARED

    groups: dict[tuple[str, str, tuple[str, ...], str], list[FlakeRow]] = {}
    for row in rows:
        groups.setdefault((row.reference, row.teacher, row.training, row.host), []).append(row)
    table = []
    for (reference, teacher, training, host), members in groups.items():
        depth = spread(row.depth_cm1 for row in members)
        bar = spread(row.std_cm1 for row in members)["mean"]
        height = spread(row.height_angstrom for row in members)["mean"]
        depth_text = f"{depth['mean']:.1f} ± {depth['sd']:.1f}"
        table.append(
            [
                short_reference(reference),
                teacher,
                " + ".join(training),
                host,
                members[0].carbons,
                depth_text,
                f"{bar:.1f}",
                f"{height:.2f}",
            ]
        )
    columns = (
        "reference",
        "teacher",
        "trained on",
        "flake",
        "C",
        "depth, cm⁻¹, ± sd over seeds",
        "error bar, 1 sd",
        "height, Å",
    )
    print_table("Helium over the centre of flakes of graphene", columns, table)
    out.print(NOT_COMPARED)


def register(bench: typer.Typer) -> None:
    """Add the command to the group."""
    bench.command()(transfer)
