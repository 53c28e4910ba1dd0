"""`ase:` teachers: a calculator class of an installed package, loaded only with consent."""

import importlib
import importlib.util
import json
import re
from importlib.metadata import Distribution, distribution, packages_distributions
from pathlib import Path

from ase.calculators.calculator import BaseCalculator, Calculator

from nci_core.errors import TeacherError
from nci_core.teachers.registry import TeacherOptions
from nci_core.teachers.supermolecular import SupermolecularTeacher

#: module.ClassName, of Python's identifiers only.
CLASS_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)
EXAMPLE = "for example ase.calculators.lj.LennardJones"


class CalculatorTeacher(SupermolecularTeacher):
    """E_AB − E_A − E_B of an ASE calculator class, made without arguments.

    Importing a module runs it and a calculator may start other programs, so both wait until the teacher is used,
    and need consent. Before that only the name is looked up.

    Args:
        path: module.ClassName.
        trusted: consent to import and run it.

    Raises TeacherError for a name that is none, or belongs to no installed package.

    >>> CalculatorTeacher("ase.calculators.lj.LennardJones").name
    'ase:ase.calculators.lj.LennardJones'
    """

    def __init__(self, path: str, *, trusted: bool = False) -> None:
        check_installed(path)
        self.path, self.trusted = path, trusted
        super().__init__(self._make, f"ase:{path}")

    def _make(self) -> Calculator:
        if not self.trusted:
            raise TeacherError(
                f"Teacher {self.name} runs the code of an installed package and whatever that starts; "
                "if you trust it, say so (--trust)."
            )
        found = load_class(self.path)
        return found()


def check_installed(path: str) -> None:
    """Raise TeacherError unless module.ClassName lies in a package that was installed; imports nothing."""
    if not CLASS_PATH.fullmatch(path):
        raise TeacherError(f"{path!r} is no calculator; give module.ClassName, {EXAMPLE}.")
    package = path.partition(".")[0]
    if not any(_holds(distribution(name), package) for name in set(packages_distributions().get(package, ()))):
        raise TeacherError(
            f"There is no calculator {path!r}: no installed package holds {package}; give module.ClassName "
            f"of one that pip has installed, {EXAMPLE}."
        )


def _holds(found: Distribution, package: str) -> bool:
    """Whether Python would take a package from this distribution, and not from a folder that comes first."""
    spec = importlib.util.find_spec(package)
    places = [spec.origin, *(spec.submodule_search_locations or ())] if spec is not None else []
    origins = [Path(place).resolve() for place in places if place and place not in ("built-in", "frozen", "namespace")]
    if _is_editable(found):  # a developer's own: it names a folder of its own
        return bool(origins)
    own = {
        Path(str(found.locate_file(file))).resolve()
        for file in found.files or ()
        if file.parts[0].split(".")[0] == package
    }
    own |= {folder for file in own for folder in file.parents if folder.name == package}
    return any(origin in own for origin in origins)


def _is_editable(found: Distribution) -> bool:
    try:
        return bool(json.loads(found.read_text("direct_url.json") or "{}").get("dir_info", {}).get("editable"))
    except (ValueError, AttributeError):
        return False


def load_class(path: str) -> type[Calculator]:
    """The calculator class at module.ClassName; raises TeacherError if it is none. Imports the module."""
    module_name, _, class_name = path.rpartition(".")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError):
        raise TeacherError(f"There is no calculator {path!r}; give module.ClassName, {EXAMPLE}.") from None
    if not (isinstance(found, type) and issubclass(found, BaseCalculator)):
        raise TeacherError(f"{path!r} is no ASE calculator class; give module.ClassName, {EXAMPLE}.")
    return found


def open_teacher(path: str, options: TeacherOptions) -> CalculatorTeacher | None:
    """The teacher of the spec ase:module.ClassName."""
    return CalculatorTeacher(path, trusted=options.trusted) if path else None
