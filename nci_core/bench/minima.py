"""Published minima of small complexes, and labels there.

`checked` says whether value and geometry were read in the source or its abstract; the others are as they are commonly
quoted for that source. Monomers of the published geometries are rigid; where a source does not say what its monomer
looks like, `geometry` says what was taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ase.data import atomic_masses

from nci_core.bench.kept_labels import Kept, KeptLabels
from nci_core.bench.minimum_rows import MinimumRow
from nci_core.bench.recipe_labels import std_cm1
from nci_core.labels.builtin_recipes import RECIPES
from nci_core.labels.recipes import Recipe
from nci_core.systems import Configurations, Dimer, Monomer, builtin_monomer
from nci_core.units import BOHR_ANGSTROM, to_cm1

FloatArray = npt.NDArray[np.float64]
#: The recipe that labels are computed by unless another is named: the first of these that there is.
PREFERRED = ("focal-point", "composite")
#: Ground-state average r(OH) in Å and angle in degrees; r(CO) of carbon dioxide, Å.
WATER, CARBON_DIOXIDE = (0.9716, 104.69), 1.162


@dataclass(frozen=True)
class Published:
    """A published minimum.

    Attributes:
        name: for people, such as 'He–CO₂'.
        at: the configuration.
        geometry: what was taken, in words.
        energy_cm1: published interaction energy there.
        method: how it was found.
        source: journal, volume, page and year, and the DOI where it is known for certain.
        checked: value and geometry were read in the source or its abstract.
    """

    name: str
    at: Configurations
    geometry: str
    energy_cm1: float
    method: str
    source: str
    checked: bool


def _pair(host: str, probe: str, distance: float) -> Configurations:
    return Dimer(Monomer(host.lower(), (host,), np.zeros((1, 3))), Monomer.atom(probe)).at([0.0, 0.0, distance])


def _beside_carbon_dioxide(probe: str, distance: float) -> Configurations:
    places = np.array([[-CARBON_DIOXIDE, 0.0, 0.0], [0.0, 0.0, 0.0], [CARBON_DIOXIDE, 0.0, 0.0]])
    host = Monomer("carbon-dioxide", ("O", "C", "O"), places)
    return Dimer(host, Monomer.atom(probe)).at([0.0, 0.0, distance])


def _polar(host: Monomer, distance: float, degrees: float) -> Configurations:
    """Helium a distance (Å) from the centre of mass, at an angle to +x, in the xz plane."""
    masses, angle = atomic_masses[host.numbers], np.radians(degrees)
    centre = masses @ host.positions / masses.sum()
    return Dimer(host, Monomer.atom("He")).at(centre + distance * np.array([np.cos(angle), 0.0, np.sin(angle)]))


def _beside_carbon_monoxide(bond: float, distance: float, degrees: float) -> Configurations:
    """The angle is that between oxygen, the centre of mass and the probe."""
    host = Monomer("carbon-monoxide", ("C", "O"), np.array([[0.0, 0.0, 0.0], [bond, 0.0, 0.0]]))
    return _polar(host, distance, degrees)


def _beside_water(distance: float, degrees: float) -> Configurations:
    """The angle is that between the symmetry axis on the oxygen's side and the probe, in the molecule's plane."""
    bond, half = WATER[0], np.radians(WATER[1] / 2)
    x, z = -bond * np.cos(half), bond * np.sin(half)
    host = Monomer("water", ("O", "H", "H"), np.array([[0.0, 0.0, 0.0], [x, 0.0, z], [x, 0.0, -z]]))
    return _polar(host, distance, degrees)


def _above_benzene(probe: str, distance: float) -> Configurations:
    return Dimer(builtin_monomer("benzene"), Monomer.atom(probe)).at([0.0, 0.0, distance])


MINIMA = (
    Published(
        "He₂",
        _pair("He", "He", 5.6 * BOHR_ANGSTROM),
        "5.60 bohr",
        -7.645,
        "SAPT and FCI, −11.000 ± 0.011 K",
        "J. Chem. Phys. 127, 124303 (2007), DOI 10.1063/1.2770721",
        True,
    ),
    Published(
        "Ne₂",
        _pair("Ne", "Ne", 3.093),
        "3.093 Å",
        -29.4,
        "ab initio pair potential",
        "Mol. Phys. 106, 133 (2008)",
        False,
    ),
    Published(
        "Ar₂",
        _pair("Ar", "Ar", 3.762),
        "3.762 Å",
        -99.5,
        "ab initio pair potential",
        "J. Chem. Phys. 133, 094304 (2010)",
        False,
    ),
    Published(
        "Ne–Ar",
        _pair("Ar", "Ne", 3.489),
        "3.489 Å",
        -46.8,
        "fit to spectra",
        "J. Chem. Phys. 102, 1181 (1995), DOI 10.1063/1.468904",
        False,
    ),
    Published(
        "He–CO₂",
        _beside_carbon_dioxide("He", 3.10),
        "T-shaped, 3.10 Å from C; r(CO) 1.162 Å taken",
        -44.41,
        "MP4 with bond functions",
        "J. Chem. Phys. 109, 10284 (1998), DOI 10.1063/1.477724",
        True,
    ),
    Published(
        "Ar–CO₂",
        _beside_carbon_dioxide("Ar", 6.5 * BOHR_ANGSTROM),
        "T-shaped, 6.5 bohr from C; r(CO) 1.162 Å taken",
        -210.0,
        "MP4 with bond functions, ± 5%",
        "J. Chem. Phys. 104, 6569 (1996)",
        True,
    ),
    Published(
        "He–H₂O",
        _beside_water(5.92 * BOHR_ANGSTROM, 75.0),
        "in the plane, 5.92 bohr, 75° from the axis at O; r(OH) 0.9716 Å, 104.69° taken",
        -34.9,
        "SAPT",
        "J. Mol. Struct. (Theochem) 591, 231 (2002)",
        True,
    ),
    Published(
        "He–CO",
        _beside_carbon_monoxide(2.1322 * BOHR_ANGSTROM, 6.418 * BOHR_ANGSTROM, 70.84),
        "6.418 bohr, 70.84° from O; r(CO) 2.1322 bohr",
        -22.34,
        "CCSD(T)/CBS and a correction to CCSDT",
        "J. Chem. Phys. 123, 084314 (2005), DOI 10.1063/1.1947194",
        True,
    ),
    Published(
        "Ar–benzene",
        _above_benzene("Ar", 3.536),
        "3.536 Å above the centre; the built-in benzene",
        -390.1,
        "CCSD(T)/aug-cc-pVTZ with midbond functions",
        "J. Phys. Chem. A 113, 5212 (2009)",
        True,
    ),
)


def default_recipe() -> str:
    """The recipe of the stored table."""
    return next(name for name in PREFERRED if name in RECIPES)


def labels_at_minima(folder: Path, recipes: Sequence[Recipe]) -> KeptLabels:
    """Labels of each recipe at each minimum, in a folder."""
    return KeptLabels(folder, [one.at for one in MINIMA], recipes)


def rows_at_minima(labels: KeptLabels, recipes: Sequence[Recipe]) -> list[MinimumRow]:
    """A row for each recipe and minimum whose label is there, or failed."""
    rows = []
    for recipe in recipes:
        for number, one in enumerate(MINIMA):
            kept = labels.find(number, recipe.name)
            if kept == Kept():
                continue
            row = MinimumRow(
                dimer=one.name,
                geometry=one.geometry,
                published_cm1=one.energy_cm1,
                method=one.method,
                source=one.source,
                checked=one.checked,
                recipe=recipe.name,
                failure=kept.failure,
            )
            if label := kept.label:
                row.recipe_hash, row.energy_cm1 = label.recipe_hash, float(to_cm1(label.energy_ev))
                row.std_cm1, row.cpu_minutes = std_cm1(recipe, label), label.cpu_seconds / 60.0
            rows.append(row)
    return rows
