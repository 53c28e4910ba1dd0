"""nci system add, list: the dimers of a campaign, those that it is trained on and those it is only tested on."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from nci_core.campaign.systems import System
from nci_core.cli.output import JsonOption, open_campaign, out, print_json, print_table
from nci_core.config import SystemSettings
from nci_core.errors import InputError
from nci_core.store.base import Role
from nci_core.systems import Monomer, host_from_file
from nci_core.systems.flexibility import conformer_note
from nci_core.systems.point_group import formula, point_group
from nci_core.visible import host_name

#: What precedes a SMILES string where a host's name or file can stand.
SMILES = "smiles:"
HostsOption = Annotated[
    list[str] | None,
    typer.Option(
        help="A built-in molecule by name or formula, such as coronene or H2O, a structure file (Å) or smiles:STRING. "
        "May be repeated. Default: benzene.",
        show_default=False,
    ),
]
TransferOption = Annotated[
    list[str] | None,
    typer.Option(help="Likewise, a host that is only tested on: nothing is trained on it.", show_default=False),
]
CampaignArgument = Annotated[
    Path | None,
    typer.Argument(help="Campaign folder or its name below NCI_HOME. Default: as with --campaign.", show_default=False),
]


def systems_of(
    hosts: Sequence[str | Monomer] | None, transfer: Sequence[str | Monomer] | None, probe: str, name: str = ""
) -> list[SystemSettings]:
    """The systems that --host and --transfer name, in this order; raises InputError for a host that is not usable."""
    given: tuple[tuple[Role, Sequence[str | Monomer] | None], ...] = (("train", hosts), ("transfer", transfer))
    return [SystemSettings.of(_host(each), probe, role, name) for role, named in given for each in named or ()]


def _host(given: str | Monomer) -> str | Monomer:
    if not isinstance(given, str) or not given.startswith(SMILES):
        return given
    from nci_core.systems.smiles import host_from_smiles

    return host_from_smiles(given.removeprefix(SMILES), None)


def hosts_of(hosts: list[str] | None, smiles: str | None, structure: Path | None, name: str) -> list[str | Monomer]:
    """The molecules that one of three options names; raises InputError for several, and for a name without SMILES."""
    if sum(bool(given) for given in (hosts, smiles is not None, structure)) > 1:
        raise InputError("Give one of --host, --smiles and --structure.")
    if name and smiles is None:
        raise InputError("--name goes with --smiles; other molecules are called as they are known, or as their file.")
    if smiles is not None:
        from nci_core.systems.smiles import host_from_smiles

        return [host_from_smiles(smiles, host_name(name, "") or None)]
    return [host_from_file(structure)] if structure is not None else [*(hosts or ["benzene"])]


def in_words(system: System) -> str:
    """For example "he-benzene, C6H6 of symmetry D6h"."""
    host = system.dimer.a
    tested = " (transfer)" if system.role == "transfer" else ""
    return f"{system.name}{tested}, {formula(host)} of symmetry {point_group(host)}"


def say_bounds(system: System) -> None:
    """Where the regions of a system begin and end, and how that was found."""
    bounds = system.bounds
    why = "" if system.depth_cm1 is None else f"; by its depth of about {system.depth_cm1:.2g} cm⁻¹ in the guide"
    said = f"well below {bounds.well_below_cm1:g} cm⁻¹, energies of interest up to {bounds.limit_cm1:g} cm⁻¹{why}."
    out.print(f"Regions of {system.name}: {said}", soft_wrap=True)


def say_geometry(system: System) -> None:
    """Where the host's geometry comes from, and what is worth saying of it."""
    host = system.dimer.a
    for sentence in filter(None, (f"Geometry: {host.source}.", conformer_note(host))):
        out.print(sentence, soft_wrap=True)


def add(
    campaign: CampaignArgument = None,
    host: HostsOption = None,
    transfer: TransferOption = None,
    probe: Annotated[str, typer.Option(help="Closed-shell probe atom.")] = "He",
    name: Annotated[
        str, typer.Option(help="What the system is called. Default: as its dimer, such as he-naphthalene.")
    ] = "",
) -> None:
    """Add a system to a campaign; `nci sample --system NAME` and `nci teach` come next."""
    from nci_core.campaign.creating import add_system

    if len([*(host or ()), *(transfer or ())]) != 1:
        raise InputError("Name one host: --host for a system to train on, --transfer for one that is only tested on.")
    opened = open_campaign(campaign)
    (wanted,) = systems_of(host, transfer, probe, name)
    added = add_system(opened, wanted)
    out.print(f"Added {in_words(added)}, to {opened.folder}.", soft_wrap=True)
    say_geometry(added)
    say_bounds(added)


def list_systems(campaign: CampaignArgument = None, as_json: JsonOption = False) -> None:
    """List the campaign's systems: role, configurations, test points, finished labels."""
    from nci_core.store import configurations, label_queries

    opened = open_campaign(campaign, read_only=True)
    found = []
    for system in opened.systems:
        counts = configurations.counts(opened.store, system_id=system.id)
        states = label_queries.state_counts(opened.store, opened.recipe.hash, system_id=system.id)
        labels = sum(split.get("complete", 0) for split in states.values())
        bounds = {**asdict(system.bounds), "depth_cm1": system.depth_cm1}
        row = {"name": system.name, "role": system.role, "host": system.dimer.a.name, "probe": system.dimer.b.name}
        found.append(row | {"configurations": counts["pool"], "test_points": counts["test"], "labels": labels} | bounds)
        found[-1] |= bounds | {"depth_cm1": system.depth_cm1}
    if as_json:
        print_json(found)
        return
    columns = ("name", "role", "configurations", "test points", "labels")
    keys = [column.replace(" ", "_") for column in columns]
    rows = [[*(row[key] for key in keys), f"{row['well_below_cm1']:g}", f"{row['limit_cm1']:g}"] for row in found]
    print_table(f"Systems of {opened.name}", [*columns, "well below / cm⁻¹", "limit / cm⁻¹"], rows)


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    group = typer.Typer(help="The dimers of a campaign: list them, add one.", no_args_is_help=True)
    group.command()(add)
    group.command("list")(list_systems)
    app.add_typer(group, name="system")
