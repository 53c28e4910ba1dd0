"""Find a teacher by its spec. Each kind is an entry point, loaded only when it is asked for: heavy packages wait.

A package adds one with an entry point of the group "nci.teachers": its name is what specs begin with, its value a
function as those named in `BUILTIN`. That takes what follows the colon ("" without one) and `TeacherOptions`, and
returns a `Teacher`, or None for a spec that is none of its own.
"""

import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path

from nci_core.errors import NCIError, TeacherError
from nci_core.teachers.base import Teacher

#: The group of entry points.
GROUP = "nci.teachers"

#: Our own, in the order of help texts, each with what people may write. They stand here and not in pyproject.toml, so
#: that a checkout has them that was installed before they were written.
BUILTIN: dict[str, tuple[str, tuple[str, ...]]] = {
    "hf-d4": ("nci_core.teachers.hf_d4:open_teacher", ("hf-d4", "hf-d4:BASIS")),
    "hf-mp2": ("nci_core.teachers.hf_mp2:open_teacher", ("hf-mp2", "hf-mp2:BASIS")),
    "pbe0-d4": ("nci_core.teachers.dft_d4:open_pbe0", ("pbe0-d4", "pbe0-d4:BASIS")),
    "r2scan-d4": ("nci_core.teachers.dft_d4:open_r2scan", ("r2scan-d4", "r2scan-d4:BASIS")),
    "gfn2-xtb": ("nci_core.teachers.xtb:open_gfn2", ("gfn2-xtb",)),
    "gfn1-xtb": ("nci_core.teachers.xtb:open_gfn1", ("gfn1-xtb",)),
    "mace": ("nci_core.teachers.mace:open_teacher", ("mace:NAME", "mace:NAME#HEAD", "mace:/path/to/x.model")),
    "uma": ("nci_core.teachers.calculators:open_uma", ("uma:NAME#TASK",)),
    "orb": ("nci_core.teachers.calculators:open_orb", ("orb:NAME",)),
    "aimnet2": ("nci_core.teachers.calculators:open_aimnet2", ("aimnet2:NAME",)),
    "pet-mad": ("nci_core.teachers.calculators:open_pet_mad", ("pet-mad:NAME",)),
    "sevennet": ("nci_core.teachers.sevennet:open_teacher", ("sevennet:NAME",)),
    "chgnet": ("nci_core.teachers.chgnet:open_teacher", ("chgnet:VERSION",)),
    "diep": ("nci_core.teachers.calculators:open_diep", ("diep:NAME",)),
    "ase": ("nci_core.teachers.ase_calculator:open_teacher", ("ase:module.ClassName",)),
}


@dataclass(frozen=True)
class TeacherOptions:
    """What a teacher may need beside its spec.

    Attributes:
        device: "auto", "cpu" or "cuda".
        trusted: consent to run foreign code, such as a model file that is a pickle.
        sha256: load a local model file only if it has this digest; stands in for `trusted`.
        head: which head of a network with several.
    """

    device: str = "auto"
    trusted: bool = False
    sha256: str | None = None
    head: str | None = None


#: (what follows the colon, "" without one; options) → the teacher, or None if this spec is none of its kind.
OpenTeacher = Callable[[str, TeacherOptions], Teacher | None]


@cache
def _entries() -> dict[str, EntryPoint]:
    """Every kind by its lower-case name; a package cannot replace one of our own."""
    found = {entry.name.lower(): entry for entry in importlib.metadata.entry_points(group=GROUP)}
    return found | {name: EntryPoint(name, value, GROUP) for name, (value, _) in BUILTIN.items()}


def teacher_specs() -> tuple[str, ...]:
    """What people may write, for help texts; of packages the names alone, for nothing of theirs is imported here."""
    own = [spec for _, specs in BUILTIN.values() for spec in specs]
    return (*own, *sorted(_entries().keys() - BUILTIN.keys()))


def find_teacher(
    spec: str, *, device: str = "auto", trusted: bool = False, sha256: str | None = None, head: str | None = None
) -> Teacher:
    """The teacher called `spec`; raises TeacherError for an unknown one, or one whose package is broken.

    Args:
        spec: "hf-d4" (default teacher), "hf-mp2", either with ":BASIS", "gfn2-xtb", "mace:NAME" (a foundation
            model, downloaded), "mace:/path/to/x.model", "ase:module.ClassName", or one of an installed package.
        device: "auto", "cpu" or "cuda"; of our own only MACE uses it.
        trusted: consent to run foreign code: a local MACE file, which is a pickle, or the package of an ASE calculator.
        sha256: load a local MACE file only if it has this digest; stands in for `trusted`.
        head: which head of a multi-head MACE model to use.

    >>> find_teacher("hf-d4").channels
    ('electrostatics', 'exchange_induction', 'dispersion')
    """
    kind, colon, rest = spec.strip().partition(":")
    entry = _entries().get(kind.lower())
    found = None
    if entry is not None and bool(rest) == bool(colon):
        found = _opened(entry, rest, TeacherOptions(device, trusted, sha256, head))
    if found is None:
        raise TeacherError(f"Unknown teacher {spec!r}; choose one of {', '.join(teacher_specs())}.")
    return found


def _opened(entry: EntryPoint, rest: str, options: TeacherOptions) -> Teacher | None:
    name = entry.name.lower()
    try:
        open_teacher: OpenTeacher = entry.load()
        found = open_teacher(rest, options)
    except NCIError:
        raise
    except Exception as error:  # a package of others may raise anything
        if name in BUILTIN:
            raise
        raise _broken(entry, f"{type(error).__name__}: {' '.join(str(error).split())}") from None
    if not (found is None or isinstance(found, Teacher)):
        raise _broken(entry, f"it gives a {type(found).__name__}, which is no teacher")
    return found


def _broken(entry: EntryPoint, why: str) -> TeacherError:
    package = f" of the package {entry.dist.name}" if entry.dist is not None else ""
    return TeacherError(f"Teacher {entry.name!r}{package} cannot be used ({why}); mend or remove that package.")


def model_file(spec: str) -> Path | None:
    """The file of a person's own that a specification names, which is code to whoever loads it; None for others.

    >>> model_file("mace:/models/x.model#omol"), model_file("mace:small")
    (PosixPath('/models/x.model'), None)
    """
    kind, _, rest = spec.strip().partition(":")
    if kind.lower() != "mace":
        return None
    name, mark, head = rest.rpartition("#")
    path = name if mark and "/" not in head and not Path(rest).is_file() else rest
    return Path(path) if is_path(path) else None


def absolute_spec(spec: str) -> str:
    """The spec with the path of a model file made absolute: jobs stand elsewhere than who names the file.

    >>> absolute_spec("mace:small"), absolute_spec("mace:/models/x.model"), absolute_spec("hf-d4")
    ('mace:small', 'mace:/models/x.model', 'hf-d4')
    >>> absolute_spec("mace:/models//./x.model#omol")
    'mace:/models/x.model#omol'
    """
    kind, _, rest = spec.strip().partition(":")
    file = model_file(spec)
    if file is None:
        return spec
    head = "" if Path(rest) == file else "#" + rest.rpartition("#")[2]
    return f"{kind}:{file.expanduser().absolute()}{head}"


def is_path(name: str) -> bool:
    """Whether a model is named by its file."""
    return "/" in name or "\\" in name or name.endswith(".model")
