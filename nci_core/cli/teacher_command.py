"""nci teacher list, info, check, fetch: what teachers there are, what is known of one, and whether it can be used."""

from typing import Annotated, Any

import typer

from nci_core.campaign.queries.teacher_check import (
    TeacherCheck,
    check_teacher,
    is_installed,
    weights_in_words,
    where,
)
from nci_core.cli.output import DeviceOption, JsonOption, err, out, print_json, print_table, progress_bar
from nci_core.cli.teacher_app import teacher
from nci_core.errors import InputError, TeacherError
from nci_core.systems import Monomer
from nci_core.systems.dimer import Dimer
from nci_core.systems.reading.structure_file import find_host
from nci_core.teachers.catalogue import Preset, families, find_preset, presets
from nci_core.teachers.catalogue.reading import required_preset
from nci_core.teachers.registry import absolute_spec, model_file

SpecArgument = Annotated[str, typer.Argument(help="A teacher, as --teacher takes it, for example mace:mh-1#omol.")]


def list_(
    family: Annotated[str | None, typer.Option(help="Only this family, such as mace.", show_default=False)] = None,
    element: Annotated[
        list[str] | None, typer.Option(help="Only those that know this element. May be repeated.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the teachers of the catalogue: elements, level of theory, licence, size, and what is here."""
    if family is not None and family not in families():
        raise InputError(f"There is no family {family!r}; choose one of {', '.join(families())}.")
    found = [preset for preset in presets() if family in (None, preset.family)]
    found = [preset for preset in found if not element or preset.covers(*map(str.capitalize, element))]
    if as_json:
        print_json([_row(preset) for preset in found])
        return
    columns = ("teacher", "title", "level of theory", "elements", "licence", "MB", "package", "weights", "tried")
    rows = [
        [
            preset.spec,
            preset.title,
            preset.level,
            preset.elements_text or "not said",
            f"{preset.licence}{_commercial(preset)}",
            preset.size_mb,
            is_installed(preset) or "not installed",
            weights_in_words(preset),
            "yes" if preset.tried else "no",
        ]
        for preset in found
    ]
    print_table(f"{len(found)} teachers", columns, rows)
    out.print("`nci teacher info TEACHER` says more of one; `nci teacher check TEACHER` tries it on a host.")


def info(spec: SpecArgument, as_json: JsonOption = False) -> None:
    """Say everything that is known of one teacher."""
    preset = required_preset(spec)
    if as_json:
        print_json(_row(preset))
        return
    size = [f"{preset.size_mb:g} MB"] if preset.size_mb else []
    size += [f"{preset.parameters:,} parameters"] if preset.parameters else []
    lines = {
        "teacher": preset.spec,
        "title": preset.title,
        "what it is": preset.kind,
        "level of theory": preset.level,
        "trained on": preset.trained_on,
        "elements": " ".join(preset.elements) or "nobody says",
        "tells apart": ", ".join(preset.channels),
        "heads": ", ".join(preset.heads),
        "licence": f"{preset.licence}{_commercial(preset)}",
        "size": ", ".join(size),
        "weights": weights_in_words(preset),
        "from": preset.url,
        "file": where(preset) or (preset.file_name and f"in the package: {preset.file_name}"),
        "SHA-256": preset.sha256 or ("recorded when it is fetched" if preset.weights == "download" else ""),
        "package": f"{preset.package} {is_installed(preset) or '(not installed)'}",
        "to install": preset.install + (", in an environment without MACE's packages" if preset.separate else ""),
        "reference": preset.reference,
        "advice": preset.advice,
        "measured": preset.measured or ("" if preset.tried else "not tried here: nobody has run it with nci yet"),
    }
    for name, text in lines.items():
        if text:
            out.print(f"{name:16} {text}", soft_wrap=True)


def fetch(spec: SpecArgument, as_json: JsonOption = False) -> None:
    """Download a teacher's file, or go on with it, and check or record its digest."""
    from nci_core.teachers.downloads import fetched

    preset = required_preset(spec)
    if preset.weights != "download":
        raise InputError(f"Teacher {preset.spec} has no file to download: {weights_in_words(preset)}.")
    if not as_json:
        err.print(f"{preset.title}: {preset.licence}{_commercial(preset)}.")
    with progress_bar(preset.file_name) as (bar, task):
        file = fetched(preset, lambda done, total: bar.update(task, completed=done, total=total or None))
    if as_json:
        print_json({"path": str(file.path), "sha256": file.sha256})
    else:
        out.print(f"{file.path}, SHA-256 {file.sha256}", soft_wrap=True)


def check(
    spec: SpecArgument,
    host: Annotated[str, typer.Option(help="A built-in molecule or a structure file.")] = "benzene",
    probe: Annotated[str, typer.Option(help="Closed-shell probe atom.")] = "He",
    trust: Annotated[bool, typer.Option("--trust", help="Allow foreign code to run, as with `nci teach`.")] = False,
    sha256: Annotated[
        str | None, typer.Option("--sha256", help="Digest that its own model file must have.", show_default=False)
    ] = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Load a teacher in a process of its own and look at its energies; exit code 3 where it cannot teach this host."""
    from nci_core.campaign.rounds.consent import checked_digest
    from nci_core.teachers.registry import find_teacher

    spec = absolute_spec(spec)
    if device not in ("auto", "cpu", "cuda"):
        raise InputError(f"There is no device {device!r}; choose auto, cpu or cuda.")
    digest = None if sha256 is None else checked_digest(sha256)
    if digest is not None and model_file(spec) is None:
        raise InputError(f"Teacher {spec} is no file of your own, so --sha256 says nothing about it.")
    dimer = Dimer(find_host(host), Monomer.atom(probe))
    find_teacher(spec, trusted=trust, sha256=digest)  # an unknown one is said at once
    found = check_teacher(dimer, spec, trusted=trust, sha256=digest, device=device)
    if as_json:
        print_json(_checked_row(found, dimer))
    elif not found.trial.problem:
        _say(found, dimer)
    if found.trial.problem:
        raise TeacherError(found.trial.problem)
    if found.trial.doubts:
        raise TeacherError(f"Teacher {spec} looks wrong over {dimer.a.name}: {' '.join(found.trial.doubts)}")


def _say(found: TeacherCheck, dimer: Dimer) -> None:
    trial = found.trial
    print_table(
        f"{trial.spec} on {dimer.name}",
        ("Å from the centre", "cm⁻¹"),
        [[round(r, 2), round(e, 2)] for r, e in zip(trial.distances, trial.energies_cm1, strict=True)],
    )
    out.print(f"Labels are stored as {found.identity}.", soft_wrap=True)
    out.print(f"{found.labels_per_s:.3g} labels/s, {found.memory_mb:,.0f} MB.")
    if preset := find_preset(trial.spec):
        out.print(preset.advice, soft_wrap=True)
    if found.good:
        out.print("Repulsive close in, attractive, zero far away, and no more attraction than physics allows.")


def _checked_row(found: TeacherCheck, dimer: Dimer) -> dict[str, Any]:
    trial = found.trial
    return {
        "teacher": trial.spec,
        "system": dimer.name,
        "problem": trial.problem,
        "doubts": list(trial.doubts),
        "distances_angstrom": list(trial.distances),
        "energies_cm1": list(trial.energies_cm1),
        "identity": found.identity,
        "details": dict(found.details),
        "labels_per_s": found.labels_per_s,
        "memory_mb": found.memory_mb,
    }


def _row(preset: Preset) -> dict[str, Any]:
    values = preset.model_dump(mode="json", exclude={"elements_text"})
    here = {"installed": is_installed(preset), "weights_here": weights_in_words(preset), "path": where(preset)}
    return values | {"elements": list(preset.elements)} | here


def _commercial(preset: Preset) -> str:
    return {True: "", False: " (no commercial use)", None: " (read it)"}[preset.commercial]


def register(app: typer.Typer) -> None:
    """Add the group to the application, with the commands of this file and of those beside it."""
    from nci_core.cli import teacher_compare_command, teacher_mix_command  # noqa: F401  # they add their own to the group

    teacher.command("list")(list_)
    for command in (info, check, fetch):
        teacher.command()(command)
    app.add_typer(teacher)
