"""Built-in hosts, each with the source of its geometry."""

import numpy as np

from nci_core.errors import InputError
from nci_core.systems.monomer import Monomer


def _ring(element: str, radius: float) -> list[tuple[str, float, float, float]]:
    angles = np.deg2rad(90.0 + 60.0 * np.arange(6))
    return [(element, radius * np.cos(a), radius * np.sin(a), 0.0) for a in angles]


def _host(name: str, rows: list[tuple[str, float, float, float]], source: str) -> Monomer:
    return Monomer(name, tuple(r[0] for r in rows), np.array([r[1:] for r in rows]), source=source)


def _benzene() -> Monomer:
    source = "D6h, r(CC) 1.39417 Å, r(CH) 1.08730 Å; geometry of the He-benzene reference, arXiv:2601.02166"
    return _host("benzene", _ring("C", 1.3941659) + _ring("H", 2.4814619), source)


def _ethylene() -> Monomer:
    # Plane xy, double bond along x.
    cc, ch, hcc = 1.335, 1.090, np.deg2rad(121.7)
    x, y = cc / 2 - ch * np.cos(hcc), ch * np.sin(hcc)
    rows = [("C", cc / 2, 0.0, 0.0), ("C", -cc / 2, 0.0, 0.0)]
    rows += [("H", sx * x, sy * y, 0.0) for sx in (1, -1) for sy in (1, -1)]
    source = (
        "D2h, average structure r(CC) 1.335 Å, r(CH) 1.090 Å, angle CCH 121.7 degrees; "
        "J. Chem. Phys. 44, 906 (1966), DOI 10.1063/1.1726840"
    )
    return _host("ethylene", rows, source)


BUILTIN_HOSTS = {"benzene": _benzene, "ethylene": _ethylene}


def builtin_host(name: str) -> Monomer:
    """A built-in host by name; raises InputError for an unknown one.

    >>> builtin_host("benzene").operations.shape[0]  # D6h has 24 operations
    24
    """
    try:
        return BUILTIN_HOSTS[name]()
    except KeyError:
        raise InputError(
            f"Unknown host {name!r}; choose {', '.join(BUILTIN_HOSTS)} or give the path of an xyz file."
        ) from None
