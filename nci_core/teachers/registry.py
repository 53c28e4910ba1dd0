"""Find a teacher by its spec; heavy packages are imported only for the teacher that is asked for."""

from pathlib import Path

from nci_core.errors import TeacherError
from nci_core.teachers.base import Teacher

#: What people may write, for help texts.
TEACHER_SPECS = (
    "hf-d4",
    "hf-d4:BASIS",
    "hf-mp2",
    "hf-mp2:BASIS",
    "gfn2-xtb",
    "mace:NAME",
    "mace:/path/to/x.model",
    "ase:module.ClassName",
)


def find_teacher(
    spec: str, *, device: str = "auto", trusted: bool = False, sha256: str | None = None, head: str | None = None
) -> Teacher:
    """The teacher called `spec`; raises TeacherError for an unknown one.

    Args:
        spec: "hf-d4" (default teacher), "hf-mp2", either with ":BASIS", "gfn2-xtb", "mace:NAME" (a foundation
            model, downloaded), "mace:/path/to/x.model", "ase:module.ClassName".
        device: "auto", "cpu" or "cuda"; only MACE uses it.
        trusted: consent to run foreign code: a local MACE file, which is a pickle, or the package of an ASE calculator.
        sha256: load a local MACE file only if it has this digest; stands in for `trusted`.
        head: which head of a multi-head MACE model to use.

    >>> find_teacher("hf-d4").channels
    ('repulsion', 'dispersion')
    """
    kind, _, rest = spec.strip().partition(":")
    kind = kind.lower()
    if kind == "hf-d4" and bool(rest) == (":" in spec):
        from nci_core.teachers.hf_d4 import HartreeFockD4

        return HartreeFockD4(rest) if rest else HartreeFockD4()
    if kind == "hf-mp2" and bool(rest) == (":" in spec):
        from nci_core.teachers.hf_mp2 import HartreeFockMP2

        return HartreeFockMP2(rest) if rest else HartreeFockMP2()
    if kind == "gfn2-xtb" and not rest:
        from nci_core.teachers.xtb import GFN2Teacher

        return GFN2Teacher()
    if kind == "mace" and rest:
        from nci_core.teachers.mace import MaceTeacher

        name = str(Path(rest).expanduser()) if _is_path(rest) else rest
        return MaceTeacher(name, device=device, trusted=trusted, sha256=sha256, head=head)
    if kind == "ase" and rest:
        from nci_core.teachers.ase_calculator import CalculatorTeacher

        return CalculatorTeacher(rest, trusted=trusted)
    raise TeacherError(f"Unknown teacher {spec!r}; choose one of {', '.join(TEACHER_SPECS)}.")


def absolute_spec(spec: str) -> str:
    """The spec with the path of a model file made absolute: jobs stand elsewhere than who names the file.

    >>> absolute_spec("mace:small"), absolute_spec("mace:/models/x.model"), absolute_spec("hf-d4")
    ('mace:small', 'mace:/models/x.model', 'hf-d4')
    """
    kind, _, rest = spec.strip().partition(":")
    return f"{kind}:{Path(rest).expanduser().absolute()}" if kind.lower() == "mace" and _is_path(rest) else spec


def _is_path(name: str) -> bool:
    return "/" in name or "\\" in name or name.endswith(".model")
