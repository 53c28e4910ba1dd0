"""nci check and nci report: whether a student obeys physics, and a round on one page."""

import importlib.util
from pathlib import Path
from typing import Annotated, Any

import typer

from nci_core.campaign import Campaign
from nci_core.children import become
from nci_core.cli.options import given, refuse
from nci_core.cli.output import (
    CampaignOption,
    JsonOption,
    campaign_folder,
    format_cell,
    open_campaign,
    out,
    print_json,
    print_table,
)
from nci_core.errors import InputError, ModelError
from nci_core.gates import Gate
from nci_core.store import models
from nci_core.store.schema import Model
from nci_core.units import to_cm1


def check(
    context: typer.Context,
    campaign: CampaignOption = None,
    model: Annotated[
        str | None,
        typer.Option(help="Name of a student of the campaign, or a checkpoint file. Default: the one in use."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every student of the campaign.")] = False,
    host: Annotated[
        str | None,
        typer.Option(help="Host of a checkpoint file: benzene, ethylene, or a structure file (Å).", show_default=False),
    ] = None,
    limit: Annotated[
        float, typer.Option(help="Upper end of the range of interest of a checkpoint file, in cm⁻¹.")
    ] = 1000.0,
    as_json: JsonOption = False,
) -> None:
    """Check a student's physics: tail, wells, wall, symmetry, forces. Exit code 7 if a check fails."""
    if model is not None:
        refuse(context, ("every",), "takes every student of the campaign; give it without --model")
    if model is not None and Path(model).is_file():
        if given(context, ("campaign",)):
            refuse(context, ("host", "limit"), "is for a checkpoint without a campaign; --campaign says it")
        found = {model: check_file(Path(model), host, limit, campaign)}
    else:
        refuse(context, ("host", "limit"), "is for a checkpoint file (--model); a campaign has its own")
        found = check_stored(open_campaign(campaign), model, every)
    if as_json:
        print_json({name: [gate.as_dict() for gate in gates] for name, gates in found.items()})
    else:
        for name, gates in found.items():
            show_gates(name, gates)
    bad = {name: [gate.name for gate in gates if not gate.passed] for name, gates in found.items()}
    if any(bad.values()):
        text = "; ".join(f"{name}: {', '.join(names)}" for name, names in bad.items() if names)
        raise ModelError(f"A student fails physics checks: {text}.")


def check_file(path: Path, host: str | None, limit_cm1: float, folder: Path | None = None) -> list[Gate]:
    """Gates of a checkpoint; its host is that of the campaign, named by --host, or known to the checkpoint itself."""
    from nci_core.campaign.rounds.gates import check_model
    from nci_core.potentials.agreement import check_fits, named_systems
    from nci_core.potentials.models import load_model
    from nci_core.systems import Monomer
    from nci_core.systems.dimer import Dimer
    from nci_core.systems.reading.structure_file import find_host

    if folder is not None:
        opened = open_campaign(folder, read_only=True)
    student = load_model(path)
    if folder is not None:
        known = [(system.dimer, system.bounds.limit_cm1) for system in opened.training_systems]
    elif host is None:
        known = [(dimer, limit_cm1) for dimer in named_systems(student)]
    else:
        known = [(Dimer(find_host(host), Monomer.atom(probe)), limit_cm1) for probe in student.probes]
    if not known:
        raise InputError(f"{path} does not say which molecule it is for; give --host.")
    found = []
    for dimer, limit_cm1 in known:
        check_fits(student, dimer, f"Model {path.name}")
        found += check_model(student, dimer, limit_cm1)
    return found


def check_stored(campaign: Campaign, name: str | None, every: bool) -> dict[str, list[Gate]]:
    """Gates of stored students, renewed in the campaign's database."""
    from nci_core.campaign.rounds.gates import check_campaign_model

    rows: list[Model | None]
    if every:
        rows = [*models.fetch(campaign.store, others=True)]
    else:
        rows = [campaign.active_model() if name is None else models.find(campaign.store, name)]
    if not rows or rows[0] is None:
        what = f"no student called {name!r}, nor is there such a file" if name else "no student yet"
        raise InputError(f"Campaign {campaign.name} has {what}; `nci models` lists them.")
    return {row.name: check_campaign_model(campaign, row) for row in rows if row is not None}


def show_gates(name: str, gates: list[Gate]) -> None:
    """A table of answers; energies in cm⁻¹."""
    rows: list[list[Any]] = []
    for gate in gates:
        bounds = [None if bound is None else _number(bound, gate.unit) for bound in (gate.low, gate.high)]
        limits = " and ".join(
            f"{sign} {text}" for sign, text in zip((">", "≤"), bounds, strict=True) if text is not None
        )
        value = "not a number" if gate.value is None else _number(gate.value, gate.unit)
        unit = "cm⁻¹" if gate.unit == "eV" else gate.unit
        rows.append(["pass" if gate.passed else "FAIL", gate.name, value, limits, unit])
    print_table(name, ("", "gate", "value", "limits", "unit"), rows)
    for gate in gates:
        if not gate.passed:
            out.print(f"{gate.name}: {gate.meaning} ({gate.where})")


def _number(value: float, unit: str) -> str:
    return format_cell(to_cm1(value) if unit == "eV" else value)


def report(
    target: Annotated[Path, typer.Option("--out", help="File to write, ending in .html.")],
    campaign: CampaignOption = None,
    number: Annotated[
        int | None, typer.Option("--round", min=0, help="Round. Default: that of the student in use.")
    ] = None,
    unit: Annotated[str, typer.Option(help="Energy unit: cm1, meV, kcal_mol, kJ_mol or K.")] = "cm1",
) -> None:
    """Write a round as one HTML file with interactive figures; it needs no network."""
    if importlib.util.find_spec("app") is None:
        raise InputError("The dashboard, which draws the figures, is not installed here; run nci from its folder.")
    # By name, in place of this process: the core never imports the app.
    options = ["--unit", unit, *([] if number is None else ["--round", number])]
    become("app.report", campaign_folder(campaign).absolute(), target.absolute(), *options)


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command()(check)
    app.command()(report)
