"""Options that several commands share; those that would count for nothing are refused, one sentence each.

Nobody then takes a result for another.
"""

from collections.abc import Iterable
from typing import Annotated

import typer

from nci_core.errors import InputError

MethodOption = Annotated[
    str | None, typer.Option(help="Take only frames with this method, where a file mixes them.", show_default=False)
]
BasisOption = Annotated[
    str | None, typer.Option(help="Take only frames with this basis, where a file mixes them.", show_default=False)
]
WellOption = Annotated[
    float, typer.Option("--well-below", help="Energies below this are the well, in cm⁻¹; a campaign has its own.")
]
LimitOption = Annotated[
    float, typer.Option("--limit", help="Upper end of the range of interest, in cm⁻¹; a campaign has its own.")
]
MoreRecipesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--more-recipe",
        help="A cheaper recipe to fine-tune on first; its labels are kept apart. May be repeated.",
        show_default=False,
    ),
]
TeacherWeightsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--teacher-weight",
        help="How much a teacher's energies count by region, 0 to 1: gfn2-xtb,wall=0 (well, tail, wall, or weight of "
        "all). May be repeated.",
        show_default=False,
    ),
]
TrustTeacherOption = Annotated[
    bool, typer.Option("--trust-teacher", help="Teach also with energies that look absurd for the host's elements.")
]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        help="URL of a PostgreSQL server, without password; default: the variable NCI_DATABASE, else a file. "
        "See docs/sharing.md.",
        show_default=False,
    ),
]
TrustOption = Annotated[
    bool,
    typer.Option("--trust", help="Allow foreign code to run: a local .model file, or the package of an ase: teacher."),
]
TeachersOption = Annotated[
    list[str] | None,
    typer.Option(
        help="hf-d4 (default), or another one that `nci teacher list` shows. May be repeated: the students are "
        "pooled, and the first teacher is drawn.",
        show_default=False,
    ),
]
Sha256Option = Annotated[
    list[str] | None,
    typer.Option(
        "--sha256",
        help="SHA-256 digest of a teacher's own model file, which is code: it is loaded with this content only. May be "
        "repeated.",
        show_default=False,
    ),
]
AllWellsOption = Annotated[
    float | None,
    typer.Option(
        "--well-below",
        help="Energies below this are the well of all systems, in cm⁻¹. Default: a third of each one's depth.",
        show_default=False,
    ),
]
AllLimitsOption = Annotated[
    float | None,
    typer.Option(
        "--limit",
        help="Upper end of the range of interest of all systems, in cm⁻¹. Default: 1000, of deep ones twice the depth.",
        show_default=False,
    ),
]


def given(context: typer.Context, names: Iterable[str]) -> list[str]:
    """The options (by their names in Python) that stand on the command line, as they are written there."""
    # By name: the class of these values is typer's own in some of its versions and click's in others.
    on_line = [
        name
        for name in names
        if (source := context.get_parameter_source(name)) is not None and source.name == "COMMANDLINE"
    ]
    return [parameter.opts[0] for parameter in context.command.params if parameter.name in on_line]


def refuse(context: typer.Context, names: Iterable[str], why: str) -> None:
    """InputError when one of these options is given; `why` goes on from its name, without a full stop."""
    if flags := given(context, names):
        raise InputError(f"{', '.join(flags)} {why}.")


def refuse_all_but(context: typer.Context, used: Iterable[str], why: str) -> None:
    """The same for every option of the command that is not among those in use."""
    kept = set(used)
    refuse(context, [str(p.name) for p in context.command.params if p.name not in kept], why)
