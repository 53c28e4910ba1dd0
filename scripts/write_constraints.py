"""Print the exact versions installed in this environment, for constraints.txt."""

import re
from importlib.metadata import distributions

HEADER = """\
# Exact versions of everything the set-up installs, so that a clone gives the same environment.
# Renew: make constraints (after changing a range in pyproject.toml)."""
SKIP = {"nci", "pip", "setuptools", "wheel"}


def main() -> None:
    """Print one line a distribution; local build tags such as +cpu name no version of a registry."""
    pins = {
        re.sub(r"[-_.]+", "-", dist.metadata["Name"]).lower(): dist.version.split("+")[0] for dist in distributions()
    }
    print(HEADER)
    for name in sorted(set(pins) - SKIP):
        print(f"{name}=={pins[name]}")


if __name__ == "__main__":
    main()
