"""Starting child processes so that nothing in the folder where a person happens to work is imported or executed.

`python -m` puts the working directory first on `sys.path`: an `orjson.py` in a campaign that somebody sent would be
run. Every child is therefore started with `-P`, and in a folder that nobody fills: PySCF runs a `.pyscf_conf.py`,
Streamlit reads a `.streamlit/`, and a basis set may be a file, wherever a process stands.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

#: Where children stand: the root, in which only an administrator writes. What they are given is an absolute path.
NEUTRAL = Path(sys.executable).anchor or os.sep
#: Variables that may name a path relative to where the person stands, and lead elsewhere from where the child does.
_PATHS = ("NCI_HOME", "NCI_CLUSTER", "NCI_LINEAR_ALGEBRA", "PYSCF_TMPDIR", "PYSCF_CONFIG_FILE", "TMPDIR")
#: Where this package lies; a child finds it there even if it is not installed.
_ROOT = Path(__file__).resolve().parents[1]
#: Executed by PySCF when it is imported: from the variable, else from the working directory, else from home.
_PYSCF_SETTINGS, _PYSCF_VARIABLE = ".pyscf_conf.py", "PYSCF_CONFIG_FILE"


def python_command(module: str, *arguments: object) -> list[str]:
    """The command line of a module: this Python, and only installed code before PYTHONPATH's."""
    return [sys.executable, "-P", "-m", module, *map(str, arguments)]


def child_environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child that stands in `NEUTRAL`; of `base` instead of this process's if given.

    Its own children get no working directory on `sys.path` either, paths are absolute, and an empty entry of
    PYTHONPATH, which means the working directory, is left out.
    """
    found = dict(os.environ if base is None else base) | {"PYTHONSAFEPATH": "1"}
    for name in _PATHS:
        if found.get(name):
            found[name] = os.path.abspath(os.path.expanduser(found[name]))
    entries = [os.path.abspath(entry) for entry in found.pop("PYTHONPATH", "").split(os.pathsep) if entry]
    if _ROOT.name not in ("site-packages", "dist-packages") and str(_ROOT) not in entries:
        entries.append(str(_ROOT))
    return found | ({"PYTHONPATH": os.pathsep.join(entries)} if entries else {})


def become(module: str, *arguments: object, base: Mapping[str, str] | None = None, folder: str = NEUTRAL) -> NoReturn:
    """Run a module in place of this process, which keeps its number: a signal to it reaches what it has become.

    `base` as for `child_environment`; `folder` is where it stands.
    """
    environment = child_environment(base)
    sys.stdout.flush()
    sys.stderr.flush()
    os.chdir(folder)
    os.execve(sys.executable, python_command(module, *arguments), environment)


def ignore_pyscf_settings_here() -> None:
    """Keep PySCF, if this process imports it, from executing a `.pyscf_conf.py` of the working directory."""
    if os.path.isfile(os.environ.get(_PYSCF_VARIABLE, "")):
        return
    own = Path.home() / _PYSCF_SETTINGS
    # PySCF looks on unless the variable names a file: an empty one stands for no settings.
    os.environ[_PYSCF_VARIABLE] = str(own if own.is_file() else Path(__file__).with_name("py.typed"))
