"""A model as one Python file that needs NumPy alone: for people and programs without nci."""

import base64
import json
import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nci_core.errors import ModelError
from nci_core.potentials import standalone_code
from nci_core.potentials.agreement import check_pairs
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.parameters import layout, of_pairs
from nci_core.potentials.student import prepare
from nci_core.systems.dimer import Dimer
from nci_core.units import COULOMB_EV_ANGSTROM
from nci_core.visible import quoted

FloatArray = npt.NDArray[np.float64]

#: What the file promises: |difference| ≤ this in eV, or this share of an energy above 1 eV.
AGREEMENT = 1e-10
#: Terms whose formulas the code has.
WRITTEN = ("electrostatics", "exchange", "induction", "dispersion")
#: The code is copied from here on.
MARK = "# ---- evaluation ----\n"
#: A reader can open the whole file: base64 in at most so many lines, the host in at most so many.
NUMBER_LINES, HOST_LINES = 24, 20
_TEMPLATE = '''"""{title}: interaction energies of model {model}, with NumPy alone.

    import numpy as np
    from {module} import energy, energy_and_std, gradient
    positions = np.array([[{x:.3f}, {y:.3f}, {z:.3f}]])  # of the probe {probe}, Angstrom, in the frame below
    print(energy(positions) * 8065.543937)  # eV to cm-1; zero where the probe is far away
    print(energy_and_std(positions), gradient(positions))  # eV, one standard deviation in eV; eV/Angstrom

or on the command line: python {module}.py x y z [x y z ...]

{facts}
Host (rigid), element and position in Angstrom:
{host}
"""

import base64
import json
import math
from typing import Any

import numpy as np

DESCRIPTION = {description}
NUMBERS = (
{numbers}
)

'''


@dataclass(frozen=True)
class Standalone:
    """A file's text, and how far it is from the model.

    Attributes:
        text: the file.
        largest_difference: max |ΔE| / max(1 eV, |E|) of energies and standard deviations at the points compared.
        compared: number of points.
    """

    text: str
    largest_difference: float
    compared: int


def standalone(
    model: Ensemble, dimer: Dimer, *, title: str, module: str, facts: Mapping[str, str], points: npt.ArrayLike
) -> Standalone:
    """The model at this host as one Python file, compared with the model at probe positions `points` (m, 3) in Å.

    Args:
        model: knows the host's elements.
        dimer: the host in its own frame.
        title: the first line of the file's header; it may hold anything.
        module: name of the file without .py.
        facts: further lines of the header, such as the recipe and the checkpoint's digest; they may hold anything.
        points: where both are compared, such as the campaign's configurations; at least one.

    Raises ModelError where the two differ by more than AGREEMENT, or for an element that the model does not know.
    """
    described, numbers = _parts(model, dimer)
    where = np.asarray(points, dtype=float).reshape(-1, 3)
    there = standalone_code.mean_and_std(standalone_code.load(described, numbers), where)
    here = model.energies_and_std(dimer.at(where))
    size = np.maximum(1.0, np.abs(here[0]))
    largest = float(max(np.max(np.abs(mine - its) / size) for mine, its in zip(here, there, strict=True)))
    if not largest <= AGREEMENT:
        raise ModelError(
            f"The NumPy file would differ from the model by {largest:.1e} eV, more than {AGREEMENT:g}; "
            "please report this with the model."
        )
    lines = dict(facts) | {
        "Units": "positions in Angstrom, energies in eV (1 eV = 8065.543937 cm-1)",
        "Agreement": f"within {AGREEMENT:g} eV of the model, above 1 eV within {AGREEMENT:g} of the energy; "
        f"the largest difference at {len(where)} positions was {largest:.0e}",
    }
    example = where[int(np.argmin(here[0]))]
    text = _TEMPLATE.format(
        title=_said(title),
        model=_said(model.metadata.get("model", "without a name")),
        module=module,
        probe=dimer.b.symbols[0],
        **dict(zip("xyz", example, strict=True)),
        facts="\n".join(f"{name}: {_said(words)}" for name, words in lines.items()),
        host="\n".join(_host(dimer)),
        description=repr(described),
        numbers="\n".join(f'    "{line}"' for line in textwrap.wrap(numbers, math.ceil(len(numbers) / NUMBER_LINES))),
    )
    code = Path(standalone_code.__file__).read_text(encoding="utf-8").partition(MARK)[2]
    return Standalone(text + code, largest, len(where))


def _parts(model: Ensemble, dimer: Dimer) -> tuple[str, str]:
    """What is described in JSON, and the arrays in base64; ModelError for an element that is not known."""
    check_pairs(model, dimer)
    host, terms, what = dimer.a, model.config.terms, layout(model.config)
    if not set(terms) <= set(WRITTEN):
        raise ModelError(f"The NumPy file knows the terms {', '.join(WRITTEN)}, and the model has {', '.join(terms)}.")
    students = [replace(student, theta=student.theta.detach().cpu()) for student in model.counted]
    sites = prepare(students, dimer).sites
    theta = np.empty((len(students), len(host.symbols), what.own))
    theta[:, list(sites.order)] = of_pairs(np.stack([one.theta.numpy() for one in students]), sites.atoms, what)
    different, which = np.unique(theta.round(12), axis=1, return_inverse=True)
    first = [int(np.flatnonzero(which.ravel() == k)[0]) for k in range(different.shape[1])]
    arrays: dict[str, FloatArray] = {
        "host": host.positions,
        "outward": host.local_axes.outward,
        "normal": host.local_axes.normal,
        "shares": model.shares,
        "theta": theta[:, first],
    }
    description: dict[str, Any] = {
        "format": "nci-standalone-2",
        "probe": dimer.b.symbols[0],
        "symbols": list(host.symbols),
        "parameters_of_atom": which.ravel().tolist(),
        "terms": list(terms),
        "blocks": {name: at.stop - at.start for name, at in what.slices.items() if at.stop <= what.own},
        "polarizability": COULOMB_EV_ANGSTROM * sites.atoms.polarizability,
        "spread": model.spread,
        "unseen": model.widening(dimer),
        "arrays": {name: list(array.shape) for name, array in arrays.items()},
    }
    data = b"".join(np.ascontiguousarray(array, dtype="<f8").tobytes() for array in arrays.values())
    return json.dumps(description), base64.b64encode(data).decode("ascii")


def _host(dimer: Dimer) -> list[str]:
    """The host's atoms, several on a line where they are many."""
    places = [
        f"{symbol} {x:.6f} {y:.6f} {z:.6f}"
        for symbol, (x, y, z) in zip(dimer.a.symbols, dimer.a.positions, strict=True)
    ]
    each = math.ceil(len(places) / HOST_LINES)
    return ["    " + "; ".join(places[k : k + each]) for k in range(0, len(places), each)]


def _said(value: object) -> str:
    """Words of others inside the docstring: on one line, and nothing that could end it or be an escape."""
    return quoted(value, 300).replace("\\", "/").replace('"', "'")
