"""nci import-energies: energies of one's own, as an outside test set or as labels of a named method."""

import os
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from pydantic import ValidationError

from nci_core.campaign import Campaign
from nci_core.cli.options import given, refuse
from nci_core.cli.output import (
    ERROR_COLUMNS,
    CampaignOption,
    JsonOption,
    SystemOption,
    err,
    error_rows,
    open_campaign,
    out,
    print_json,
    print_table,
)
from nci_core.datasets.energy_tables import Choices, Table
from nci_core.errors import InputError
from nci_core.store.base import SetKind
from nci_core.visible import first_problem

#: Options that say how a table is read.
OF_TABLES = ("layout", "columns", "unit", "sign", "length", "angles", "axes", "origin", "polar", "theta", "phi")
ROLES = {"x", "y", "z", "r", "theta", "phi", "energy", "e"}


def import_energies(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(
            help="A table, extended xyz, outputs of Psi4, ORCA or Molpro, or structures and the table of theirs; "
            "several files of one kind, or a folder of them."
        ),
    ],
    name: Annotated[str, typer.Option("--name", help="Name of the set.")],
    method: Annotated[str, typer.Option("--method", help='Their method, such as "CCSD(T)/CBS, Smith 2020".')],
    campaign: CampaignOption = None,
    system: SystemOption = None,
    kind: Annotated[
        str, typer.Option("--as", help="test: an outside test set; labels: a student may learn them.")
    ] = "test",
    layout: Annotated[str, typer.Option(help="cartesian, polar or wide. Default: by header.", show_default=False)] = "",
    columns: Annotated[
        str,
        typer.Option(
            help='Roles of the columns in order, "x,y,z,e" or "r,theta,-,e", or "x=x_A,…,e=E". Default: by header.',
            show_default=False,
        ),
    ] = "",
    unit: Annotated[
        str,
        typer.Option(
            "--unit",
            help="cm-1, kcal/mol, kJ/mol, meV, eV, K, hartree, … Default: what the file states.",
            show_default=False,
        ),
    ] = "",
    sign: Annotated[
        str, typer.Option("--sign", help="negative: bound energies are below zero; positive: above.")
    ] = "negative",
    length: Annotated[
        str, typer.Option("--length", help="angstrom or bohr. Default: by header, else angstrom.", show_default=False)
    ] = "",
    angles: Annotated[
        str, typer.Option("--angles", help="degrees or radians. Default: by header, else degrees.", show_default=False)
    ] = "",
    axes: Annotated[str, typer.Option("--axes", help="campaign (as in its structure) or principal.")] = "campaign",
    origin: Annotated[
        str,
        typer.Option(
            "--origin",
            help="coordinates (0, 0, 0), mass (centre of mass) or centre. Default: coordinates.",
            show_default=False,
        ),
    ] = "",
    polar: Annotated[str, typer.Option("--polar", help="The axis θ is measured from: x, y or z.")] = "z",
    theta: Annotated[float, typer.Option("--theta", help="θ of all rows, where no column has it.")] = 0.0,
    phi: Annotated[float, typer.Option("--phi", help="φ of all rows, where no column has it.")] = 0.0,
    level: Annotated[
        str,
        typer.Option(
            "--level",
            help='Of outputs with several, such as "MP2/cc-pVTZ, counterpoise, ORCA". Default: the highest.',
            show_default=False,
        ),
    ] = "",
    leave_out: Annotated[bool, typer.Option("--leave-out", help="Leave out entries that cannot be used.")] = False,
    anyway: Annotated[bool, typer.Option("--anyway", help="Import even if unit or sign look wrong.")] = False,
    hold_out: Annotated[
        int, typer.Option("--hold-out", min=0, help="How many of the labels, drawn at random, no fit may see.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Draws the points held out.")] = 0,
    person: Annotated[
        str,
        typer.Option("--by", help="Who imports them; kept with the set. Default: nobody named.", show_default=False),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Import energies of your own: as an outside test set, or as labels of a named method."""
    from nci_core.campaign.exchange import energy_files, energy_sources, own_energies
    from nci_core.campaign.queries import expected_energies

    opened = open_campaign(campaign)
    whose = opened.chosen_system(system)
    read = energy_sources.open_paths(whose.dimer, files, level)
    if read.table is None:
        refuse(context, OF_TABLES, "says how a table is read; frames and outputs state all of it themselves")
    elif not unit and "energy_unit" not in read.guess().model_fields_set:
        raise InputError(f"Say the unit of the energies: {read.name} does not state it, so give --unit, such as cm-1.")
    if read.note:
        err.print(read.note)
    if len(read.levels) > 1 and not level:
        err.print(f"Read at the level {read.level}; there are also {'; '.join(list(read.levels)[1:])} (--level).")
    stated = {"energy_unit": unit, "length_unit": length, "angle_unit": angles, "origin": origin, "layout": layout}
    chosen = given(context, ("sign", "axes", "polar", "theta", "phi"))
    rest: dict[str, tuple[str, Any]] = {
        "--sign": ("bound", sign),
        "--axes": ("axes", axes),
        "--polar": ("polar", polar),
    }
    rest |= {"--theta": ("theta", theta), "--phi": ("phi", phi)}
    changes: dict[str, Any] = {key: value for key, value in stated.items() if value}
    changes |= dict(rest[flag] for flag in chosen)
    named = _columns(columns, read.table) if read.table else {}
    checked = energy_files.check(opened, whose, read, _choices(read.guess(), changes, named))
    energy_files.require_whole(checked, leave_out=leave_out)
    right, sentence = _plausible(opened, checked, expected_energies)
    if problems := checked.points.problems:
        err.print(f"{checked.counted(len(problems))} cannot be used.")
    err.print(f"{checked.describe()} {sentence}")
    if not right and not anyway:
        raise InputError(f"{sentence} Change --unit or --sign, or give --anyway; nothing was stored.")
    who = person or os.environ.get("USER") or "command line"
    row = own_energies.import_energies(
        opened,
        checked,
        name=name,
        method=method,
        kind=cast(SetKind, kind),
        person=who,
        leave_out=leave_out,
        hold_out=hold_out,
        seed=seed,
    )
    report = own_energies.evaluate_set(opened, row.id)
    if as_json:
        print_json({"id": row.id, "name": row.name, "identity": row.identity, "n": len(checked.points)} | report)
        return
    out.print(f"{row.name}: {len(checked.points):,} energies imported as {own_energies.KINDS[row.kind]}.")
    split = "outside" if own_energies.is_blind(row) else "labels"
    active = opened.active_model()
    rows = [
        row
        for model, found in report["errors"].items()
        for row in error_rows(model, {split: found})
        if row[2] == "all" or (active is not None and model == active.name)
    ]
    if rows:
        print_table(f"Errors against {row.name} ({row.method})", ERROR_COLUMNS, rows)
    for model, problem in report.get("problems", {}).items():
        err.print(f"Model {model} was not evaluated: {problem}")


def _columns(given_columns: str, table: Table) -> dict[str, str]:
    """Role → column, from "x=x_A,e=E" or from roles in the order of the file's columns, "x,y,z,-,e"."""
    found: dict[str, str] = {}
    in_order = "=" not in given_columns
    for index, part in enumerate(given_columns.split(",") if given_columns else ()):
        role, _, column = part.partition("=")
        role = role.strip().lower()
        if in_order and role == "-":
            continue
        if role not in ROLES or not (in_order or column.strip()) or (in_order and index >= len(table.columns)):
            raise InputError(
                f"--columns takes roles (x, y, z, r, theta, phi, e) in the order of the file's {len(table.columns)} "
                f"columns, - for one that is not used, or ROLE=COLUMN; {part!r} is none of these."
            )
        found["energy" if role == "e" else role] = table.columns[index] if in_order else column.strip()
    return found


def _choices(guessed: Choices, changes: dict[str, Any], named: dict[str, str]) -> Choices:
    """What was guessed with what was said; InputError for what is no choice."""
    if named:
        layout = "named" if guessed.layout == "named" else "polar" if "r" in named else "cartesian"
        changes = {"layout": layout} | changes | {"columns": named}
    try:
        return Choices.model_validate(guessed.model_dump() | changes)
    except ValidationError as error:
        raise InputError(f"The table cannot be read like this: {first_problem(error)}.") from None


def _plausible(opened: Campaign, checked: Any, expected_energies: Any) -> tuple[bool, str]:
    places, energies = expected_energies.compared(checked)
    model = opened.active_model()
    found = expected_energies.expected(opened.folder, model.id if model else None, checked.system.id, places)
    answer: tuple[bool, str] = expected_energies.sentence(checked, energies, found, model)
    return answer


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("import-energies")(import_energies)
