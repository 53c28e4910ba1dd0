"""nci init, sample, teach, export, import, app: a campaign's beginning and its travels."""

import importlib.util
import os
from pathlib import Path
from typing import Annotated

import typer

from nci_core.campaign import Campaign, home
from nci_core.campaign.exchange.takeaway import MARGIN, SPACING
from nci_core.children import become
from nci_core.cli.listening import check_listening
from nci_core.cli.options import (
    AllLimitsOption,
    AllWellsOption,
    DatabaseOption,
    MoreRecipesOption,
    Sha256Option,
    TeachersOption,
    TeacherWeightsOption,
    TrustOption,
    TrustTeacherOption,
    refuse,
)
from nci_core.cli.output import (
    CampaignOption,
    DeviceOption,
    JsonOption,
    SeedOption,
    SystemOption,
    err,
    open_campaign,
    out,
    print_json,
    progress_bar,
)
from nci_core.cli.system_commands import (
    HostsOption,
    TransferOption,
    hosts_of,
    in_words,
    say_bounds,
    say_geometry,
    systems_of,
)
from nci_core.config import CampaignSettings
from nci_core.errors import InputError
from nci_core.labels.builtin_recipes import DEFAULT
from nci_core.labels.recipe_files import read_recipe
from nci_core.store.server import place
from nci_core.switches import READ_ONLY, read_only, require_writable
from nci_core.teachers.registry import absolute_spec
from nci_core.teachers.weights import TeacherWeights


def init(
    folder: Annotated[Path, typer.Argument(help="New folder of the campaign.")],
    host: HostsOption = None,
    transfer: TransferOption = None,
    smiles: Annotated[
        str | None,
        typer.Option(help="Instead of --host: a SMILES string, such as c1ccoc1 for furan.", show_default=False),
    ] = None,
    structure: Annotated[
        Path | None,
        typer.Option(
            help="Instead of --host: an xyz, mol or sdf file; of several molecules the first.", show_default=False
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="With --smiles: what the molecule is called. Default: its formula.")] = "",
    probe: Annotated[str, typer.Option(help="Closed-shell probe atom.")] = "He",
    teacher: TeachersOption = None,
    teacher_weight: TeacherWeightsOption = None,
    sha256: Sha256Option = None,
    recipe: Annotated[
        str, typer.Option(help="CCSD(T) recipe of the labels: a name that `nci recipes` lists, or a TOML file.")
    ] = DEFAULT,
    more_recipe: MoreRecipesOption = None,
    ruler: Annotated[str, typer.Option(help="The student's ruler: adaptive or fixed.")] = "adaptive",
    well_below: AllWellsOption = None,
    limit: AllLimitsOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random that has none of its own.")] = 1,
    title: Annotated[str, typer.Option(help="Title shown in the app.")] = "",
    database: DatabaseOption = None,
) -> None:
    """Start a campaign: one host or several with one probe, a target recipe, one or more teachers."""
    require_writable()
    teachers = list(dict.fromkeys(map(absolute_spec, teacher or ["hf-d4"])))
    names, own = [], []
    for given in (recipe, *(more_recipe or [])):
        if given.endswith(".toml"):
            own.append(read_recipe(Path(given)))
        names.append(own[-1].name if given.endswith(".toml") else given)
    settings = CampaignSettings.of(
        systems_of(hosts_of(host, smiles, structure, name), transfer, probe),
        teacher=teachers[0],
        more_teachers=teachers[1:],
        teacher_weights=[TeacherWeights.parse(text).model_dump() for text in teacher_weight or []],
        recipe=names[0],
        more_recipes=names[1:],
        own_recipes=[found.model_dump() for found in own],
        ruler=ruler,
        well_below_cm1=well_below,
        limit_cm1=limit,
        seed=seed,
        title=title,
        database=place(folder.absolute(), database),
    )
    from nci_core.campaign.pricing.new_recipes import with_checked_recipes
    from nci_core.campaign.rounds.consent import consents_of
    from nci_core.teachers import find_teacher

    settings = settings.model_copy(update={"consents": consents_of(teachers, sha256=sha256 or ())})

    for name in teachers:
        found_teacher = find_teacher(name)  # an unknown one is said now, not after sampling
        if name.startswith("hf-"):
            for system in settings.systems:
                found_teacher.check(system.dimer)  # and a basis that lacks an element
    settings, notes = with_checked_recipes(settings)
    campaign = Campaign.create(folder, settings)
    out.print(
        f"Made {campaign.folder}: {'; '.join(map(in_words, campaign.systems))}, recipe {names[0]}.", soft_wrap=True
    )
    for each in campaign.systems:
        say_geometry(each)
        say_bounds(each)
    for note in notes:
        out.print(note, soft_wrap=True)
    if campaign.store.server is not None:
        out.print(f"Its database is {campaign.store.server}.", soft_wrap=True)


def sample(
    campaign: CampaignOption = None,
    n: Annotated[
        int, typer.Option("--n", min=1, help="Configurations to add to a system, the test set included.")
    ] = 250,
    test: Annotated[int, typer.Option(min=0, help="How many of them become the frozen test set (once only).")] = 0,
    cuts: Annotated[int, typer.Option(min=0, help="Points added along each of the host's three axes.")] = 0,
    guide: Annotated[
        str, typer.Option(help="pair (built in), model (the campaign's student) or the path of a student checkpoint.")
    ] = "pair",
    system: Annotated[
        str | None,
        typer.Option(help="Name of one system, as `nci system list` prints it. Default: each.", show_default=False),
    ] = None,
    seed: SeedOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add probe positions from the wall to 10 Å to each system, denser where the energy changes.

    Transfer systems get a test set only.
    """
    from nci_core.campaign.rounds.sampling import sample_campaign

    opened = open_campaign(campaign)
    chosen = opened.settings.seed if seed is None else seed
    one = None if system is None else opened.system(system)
    done = sample_campaign(opened, n, seed=chosen, n_test=test, points_per_cut=cuts, guide=guide, system=one)
    if as_json:
        print_json({"n_new": done.n_new, "n_known": done.n_known, "n_test": done.n_test, "rejected": done.rejected})
        return
    kept = "the frozen test set" if one or len(opened.systems) == 1 else "frozen test sets"
    rejected = ", ".join(f"{count} {reason}" for reason, count in done.rejected.items()) or "none"
    out.print(
        f"{done.n_new} new configurations ({done.n_test} of them {kept}), {done.n_known} were known; "
        f"rejected: {rejected}."
    )


def teach(
    campaign: CampaignOption = None,
    teacher: Annotated[
        str | None, typer.Option(help="A teacher other than the campaign's, for comparison.", show_default=False)
    ] = None,
    trust: TrustOption = False,
    trust_teacher: TrustTeacherOption = False,
    sha256: Sha256Option = None,
    anew: Annotated[
        bool,
        typer.Option(
            help="Compute again with a teacher whose file or program has changed; its old energies are kept apart."
        ),
    ] = False,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Compute missing teacher energies; each is stored at once, so stopping loses nothing."""
    from nci_core.campaign.rounds.teaching import teach as run

    opened = open_campaign(campaign)
    with progress_bar(f"Teacher {teacher or ' + '.join(opened.teacher_specs)}") as (bar, task):
        done = run(
            opened,
            teacher=teacher,
            device=device,
            trusted=trust,
            sha256=sha256 or (),
            anew=anew,
            trust_teacher=trust_teacher,
            progress=lambda finished, total: bar.update(task, completed=finished, total=total),
        )
    if as_json:
        print_json(done)
    else:
        out.print(f"{done['n_new']} configurations in {done['seconds']:.0f} s.")
        out.print(*done.get("doubts", ()), sep="\n", end="\n" if done.get("doubts") else "")


def export(
    context: typer.Context,
    target: Annotated[
        Path,
        typer.Argument(
            help="Folder of the archive, or a file: .zip (archive), .extxyz (dataset), .pt (student), .py (student for "
            "NumPy alone), .npz, .cube or .csv (student on a grid)."
        ),
    ],
    campaign: CampaignOption = None,
    model: Annotated[
        str | None, typer.Option("--model", help="Name of a student. Default: the one in use.", show_default=False)
    ] = None,
    system: SystemOption = None,
    spacing: Annotated[float, typer.Option(help="Of a grid, in Å.")] = SPACING,
    margin: Annotated[float, typer.Option(help="Of a grid, from the outermost atoms to its sides, in Å.")] = MARGIN,
) -> None:
    """Write a campaign, or one part of it, as plain files: extxyz in eV and Å, labels with provenance, models."""
    from nci_core.campaign.exchange import takeaway
    from nci_core.campaign.exchange.archive import export_campaign, export_extxyz

    opened = open_campaign(campaign, changes=False)
    if target.suffix not in takeaway.GRID_FILES:
        refuse(context, ("spacing", "margin"), "is for a grid (.npz, .cube or .csv)")
    if target.suffix in (*takeaway.MODEL_FILES, takeaway.MACE, *takeaway.GRID_FILES):
        row = takeaway.chosen_model(opened, model)
        if target.suffix == ".pt":
            refuse(context, ("system",), "is for a file of one system; a checkpoint has them all")
        said = takeaway.export_model_file(opened, row, target, system=system, spacing=spacing, margin=margin)
        out.print(said, soft_wrap=True)
        return
    refuse(context, ("model", "system"), "is for one student's file (.pt, .py, .npz, .cube or .csv)")
    if target.suffix in takeaway.DATASET_FILES:
        out.print(export_extxyz(opened, target))
    elif target.suffix == ".zip":
        out.print(takeaway.export_zip(opened, target))
    else:
        out.print(export_campaign(opened, target))


def import_(
    source: Annotated[Path, typer.Argument(help="Folder, zip or tar made by `nci export`.")],
    folder: Annotated[
        Path | None, typer.Argument(help="New campaign folder. Default: its name below NCI_HOME.", show_default=False)
    ] = None,
    database: DatabaseOption = None,
) -> None:
    """Rebuild a campaign, database and all, from an exported folder, zip or tar."""
    require_writable()
    from nci_core.campaign.exchange.archive import import_campaign
    from nci_core.campaign.exchange.archive_packed import stem

    target = folder or home() / stem(source.resolve())
    campaign = import_campaign(source, target, place(target.absolute(), database))
    out.print(f"Imported {source} to {campaign.folder}.")


def app_command(
    port: Annotated[int, typer.Option(help="Port of the dashboard on this machine.")] = 8501,
    headless: Annotated[bool, typer.Option(help="Do not open a browser.")] = False,
    address: Annotated[
        str, typer.Option(help="Where to listen; 0.0.0.0 lets other machines in, see docs/sharing.md.")
    ] = "127.0.0.1",
) -> None:
    """Open the dashboard on the campaigns below NCI_HOME; the embedded ones are imported first."""
    from nci_core.campaign.exchange.archive import import_embedded

    check_listening(address, port)
    if read_only():
        err.print(f"{READ_ONLY} is set: the campaigns of {home()} are shown as they are, and none is imported.")
    else:
        for name in import_embedded():
            err.print(f"Imported the embedded campaign {name} to {home()}.")
    if importlib.util.find_spec("app") is None:
        raise InputError("The dashboard is not installed here; run nci from the project's folder.")
    # By name, in place of this process: the core never imports the app.
    options = ["--port", port, "--address", address, *(["--headless"] if headless else [])]
    become("app.launch", *options, base=os.environ | {"NCI_HOME": str(home())})


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    for command, name in ((init, None), (sample, None), (teach, None), (export, None), (import_, "import")):
        app.command(name)(command)
    app.command("app")(app_command)
