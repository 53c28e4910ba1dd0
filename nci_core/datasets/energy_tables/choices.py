"""What the columns of a table mean: guessed from header and shape, then confirmed or changed by a person."""

import math
import re
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from nci_core.datasets.energy_tables.table import Table
from nci_core.units import energy_unit_named, length_unit_named

Layout = Literal["cartesian", "polar", "wide", "named"]
Role = Literal["x", "y", "z", "r", "theta", "phi", "energy"]

#: Layout → what a person reads.
LAYOUTS: dict[Layout, str] = {
    "cartesian": "x, y, z and E",
    "polar": "R, θ, φ and E",
    "wide": "R and one column for each θ",
}
#: A fourth one comes with structures: each row has the energy of one that it names.
NAMED: Layout = "named"
#: Roles that a layout has; φ (and θ) may be one value for all rows.
NEEDED: dict[Layout, tuple[Role, ...]] = {
    "cartesian": ("x", "y", "z", "energy"),
    "polar": ("r", "theta", "phi", "energy"),
    "wide": ("r",),
    "named": ("energy",),
}
OPTIONAL: tuple[Role, ...] = ("theta", "phi")
#: Energy units that can be chosen: as written → label.
ENERGY_UNITS = {
    "cm-1": "cm⁻¹",
    "kcal/mol": "kcal/mol",
    "kJ/mol": "kJ/mol",
    "meV": "meV",
    "eV": "eV",
    "K": "K",
    "hartree": "hartree",
    "mhartree": "mE_h",
    "uhartree": "µE_h",
}
LENGTH_UNITS = {"angstrom": "Å", "bohr": "bohr", "nm": "nm", "pm": "pm"}
#: What so many columns of numbers without names are; more begin with x, y, z and E.
_ORDERS: dict[int, tuple[Role, ...]] = {2: ("r", "energy"), 3: ("r", "theta", "energy")}
_SPLIT = re.compile(r"\s*(?:[/(\[{]|\bin\b|,)\s*")
_ENERGY = re.compile(r"e|v|u|en|eint|e_?int.*|de|delta_?e|.*energy.*|.*interaction.*|.*potential.*|v_?int|cbs.*")
_BEST = re.compile(r"gold.*|bench.*|ref.*|.*e_?int.*|.*interaction.*|cbs.*|energy|e")
_NAMES: dict[Role, re.Pattern[str]] = {
    "x": re.compile(r"x|x_?pos.*|pos_?x|coord_?x"),
    "y": re.compile(r"y|y_?pos.*|pos_?y|coord_?y"),
    "z": re.compile(r"z|z_?pos.*|pos_?z|coord_?z"),
    "r": re.compile(r"r|rcom|r_com|dist.*|distance|radius|big_?r"),
    "theta": re.compile(r"theta|θ|ϑ|th|polar.*|angle|gamma|γ"),
    "phi": re.compile(r"phi|φ|ϕ|ph|azimuth.*|chi|χ"),
    "energy": _ENERGY,
}


class Choices(BaseModel):
    """How a table is to be read. Lengths and energies become Å and eV by the units named here.

    `axes`: "campaign", x, y, z of the campaign's structure, or "principal", the host's longest, middle and thinnest
    direction. `origin`: where positions are measured from. `polar` is the axis that θ is measured from; φ turns about
    it, from the next axis (z: from x towards y).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    layout: Layout = "cartesian"
    columns: dict[Role, str] = Field(default_factory=dict)
    theta: float = 0.0
    phi: float = 0.0
    energy_unit: str = "cm-1"
    bound: Literal["negative", "positive"] = "negative"
    length_unit: str = "angstrom"
    angle_unit: Literal["degrees", "radians"] = "degrees"
    axes: Literal["campaign", "principal"] = "campaign"
    origin: Literal["coordinates", "mass", "centre"] = "coordinates"
    polar: Literal["x", "y", "z"] = "z"

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if energy_unit_named(self.energy_unit) is None:
            raise ValueError(f"{self.energy_unit[:40]!r} is no unit of energy; give cm-1, kcal/mol, kJ/mol, eV, …")
        if length_unit_named(self.length_unit) is None:
            raise ValueError(f"{self.length_unit[:40]!r} is no unit of length; give angstrom or bohr")
        if not (math.isfinite(self.theta) and math.isfinite(self.phi)):
            raise ValueError("an angle is not a finite number")
        return self

    @property
    def ev(self) -> float:
        """eV per unit of the table's energies, negative where bound ones are positive."""
        factor = energy_unit_named(self.energy_unit) or math.nan
        return factor if self.bound == "negative" else -factor

    @property
    def angstrom(self) -> float:
        """Å per unit of the table's lengths."""
        return length_unit_named(self.length_unit) or math.nan


def parts(header: str) -> tuple[str, str | None]:
    """Name and unit of a header's cell.

    >>> parts("E / cm-1"), parts("R (bohr)"), parts("x_A"), parts("theta_deg"), parts("Energy")
    (('E', 'cm-1'), ('R', 'bohr'), ('x', 'A'), ('theta', 'deg'), ('Energy', None))
    """
    split = [part for part in _SPLIT.split(header, maxsplit=1) if part]
    if len(split) == 2 and (unit := split[1].strip(" )]}")):
        return split[0].strip(), unit
    name, _, unit = header.rpartition("_")
    if name and (energy_unit_named(unit) or length_unit_named(unit) or unit.lower() in _ANGLES):
        return name, unit
    return header.strip(), None


_ANGLES = {"deg": "degrees", "degree": "degrees", "degrees": "degrees", "°": "degrees"}
_ANGLES |= {"rad": "radians", "radian": "radians", "radians": "radians"}


def angle_of(name: str) -> float:
    """The angle that heads a column of a wide table, such as "30", "θ = 30°" or "th=90 deg"; NaN for none."""
    found = re.fullmatch(r"\s*(?:[^\d=]{0,20}=)?\s*([-+]?\d{1,4}(?:\.\d{1,6})?)\s*(?:°|deg(?:rees?)?|rad)?\s*", name)
    return float(found[1]) if found else math.nan


def guess(table: Table) -> Choices:
    """The likeliest meaning of a table; what its header says of units is taken."""
    numeric = [name for name in table.columns if _is_numeric(table, name)]
    roles = _by_name(table, numeric) if table.has_header else {}
    first = table.columns[0]
    if table.has_header and len(table.columns) > 2 and not any(math.isnan(angle_of(n)) for n in table.columns[1:]):
        return Choices(layout="wide", columns={"r": first}, **_units(table, {"r": first}), origin="mass")
    if not set(roles) & {"x", "y", "z", "r", "theta"}:  # no header, or one of other words: by their order
        free = [name for name in numeric if name != roles.get("energy")]
        order = _ORDERS.get(len(numeric), NEEDED["cartesian"])
        roles = dict(zip([role for role in order if role not in roles], free, strict=False)) | roles
    if set(roles) & {"x", "y", "z"} and "r" not in roles:
        wanted = {role: roles[role] for role in NEEDED["cartesian"] if role in roles}
        return Choices(layout="cartesian", columns=wanted, **_units(table, wanted))
    wanted = {role: roles[role] for role in NEEDED["polar"] if role in roles}
    return Choices(layout="polar", columns=wanted, **_units(table, wanted), origin="mass")


def guess_named(table: Table) -> Choices:
    """The likeliest column of energies of structures that a table names, such as that of a benchmark."""
    numeric = [name for name in table.columns if _is_numeric(table, name)]
    best = [name for name in numeric if _BEST.fullmatch(parts(name)[0].lower().strip())]
    stated = [name for name in numeric if energy_unit_named(parts(name)[1] or "") is not None]
    columns: dict[Role, str] = {"energy": (best or stated or numeric)[0]} if best or stated or numeric else {}
    return Choices(layout=NAMED, columns=columns, **_units(table, columns))


def _is_numeric(table: Table, name: str) -> bool:
    sample = table.column(name)[:100]
    return sum(not math.isnan(value) for value in sample) * 2 >= len(sample)


def _by_name(table: Table, numeric: list[str]) -> dict[Role, str]:
    found: dict[Role, str] = {}
    for role, pattern in _NAMES.items():
        fits = [name for name in table.columns if pattern.fullmatch(parts(name)[0].lower().strip())]
        fits.sort(key=lambda name: name not in numeric)
        free = [name for name in fits if name not in found.values()]
        if free:
            found[role] = free[0]
    if "energy" not in found:  # the last column that states a unit of energy
        stated = [n for n in numeric if n not in found.values() and energy_unit_named(parts(n)[1] or "") is not None]
        free = [name for name in numeric if name not in found.values()]
        if stated or len(free) == 1:
            found["energy"] = (stated or free)[-1]
    return found


def _units(table: Table, columns: dict[Role, str]) -> dict[str, str]:
    """The units that the header states."""
    if not table.has_header:
        return {}
    found = {}
    for role, name in columns.items():
        unit = (parts(name)[1] or "").strip()
        if role == "energy" and energy_unit_named(unit) is not None:
            found["energy_unit"] = _listed(unit, ENERGY_UNITS, energy_unit_named)
        elif role in ("theta", "phi") and unit.lower() in _ANGLES:
            found["angle_unit"] = _ANGLES[unit.lower()]
        elif role in ("x", "y", "z", "r") and length_unit_named(unit) is not None:
            found["length_unit"] = _listed(unit, LENGTH_UNITS, length_unit_named)
    return found


def _listed(unit: str, names: dict[str, str], factor: object) -> str:
    """The name among those that can be chosen which means the same unit."""
    assert callable(factor)
    return next((name for name in names if factor(name) == factor(unit)), unit)
