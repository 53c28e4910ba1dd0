"""The default guide for every element to radon: a wall, a well, a tail, and nothing of the well behind the wall."""

import numpy as np
import pytest
from ase.data import chemical_symbols

from nci_core.sampling import PairGuide, SampleSettings, sample
from nci_core.systems import Dimer, Monomer
from nci_core.units import to_cm1

#: Hosts with the metal or heavy atom first, Å; experimental bond lengths, rounded.
HOSTS = {
    "AlH3": (("Al", "H", "H", "H"), [[0, 0, 0], [1.575, 0, 0], [-0.7875, 1.364, 0], [-0.7875, -1.364, 0]]),
    "KH": (("K", "H"), [[0, 0, 0], [0, 0, 2.243]]),
    "GaH3": (("Ga", "H", "H", "H"), [[0, 0, 0], [1.56, 0, 0], [-0.78, 1.351, 0], [-0.78, -1.351, 0]]),
    "GeH4": (
        ("Ge", "H", "H", "H", "H"),
        0.8805 * np.array([[0, 0, 0], [1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]),
    ),
    "AsH3": (
        ("As", "H", "H", "H"),
        [[0, 0, 0], [1.2561, 0, -0.8399], [-0.628, 1.0878, -0.8399], [-0.628, -1.0878, -0.8399]],
    ),
    "AgH": (("Ag", "H"), [[0, 0, 0], [0, 0, 1.618]]),
    "ZnH2": (("Zn", "H", "H"), [[0, 0, 0], [0, 0, 1.524], [0, 0, -1.524]]),
    "Rn": (("Rn",), [[0, 0, 0]]),
}


def host(name: str) -> Monomer:
    symbols, positions = HOSTS[name]
    return Monomer(name, symbols, np.array(positions, dtype=float))


def alone(element: str) -> Monomer:
    """An atom as host, with helium, and hydrogen where an electron is missing, out of reach: closed shells only."""
    others = ("He",) if chemical_symbols.index(element) % 2 == 0 else ("He", "H")
    away = [[0.0, 0.0, -1e3 - 10.0 * i] for i in range(len(others))]
    return Monomer(element, (element, *others), np.array([[0.0, 0.0, 0.0], *away]))


@pytest.mark.parametrize("probe", ["He", "Xe", "Rn"])
def test_every_element_has_a_wall_and_a_well(probe: str) -> None:
    r = np.arange(1.5, 10.0, 0.01)
    for element in chemical_symbols[1:87]:
        energy = to_cm1(PairGuide(Dimer(alone(element), Monomer.atom(probe)))(np.column_stack([0 * r, 0 * r, r])))
        # The energy falls and then rises, nothing else: a wall above the sample's limit, one well, a tail.
        assert energy[0] > SampleSettings().limit_cm1, element
        assert np.count_nonzero(np.diff(np.sign(np.diff(energy)))) == 1, element
        # From 0.4 cm⁻¹ (He with Li, where UFF has an ion) to 1,370 (Xe with Al, three times too deep).
        assert 0.3 < -energy.min() < 1500.0, element
        # Contacts: from He–Al (2.88 Å; HF + D4 has 2.9 Å at AlH₃) to Rn–Na (5.42 Å).
        assert 2.8 < r[energy.argmin()] < 5.5, element


# HF + D4 in cm⁻¹ (aug-cc-pVDZ, def2-SVPD for K), computed once: nci_core.teachers, spec hf-d4.
@pytest.mark.parametrize(
    ("name", "position", "teacher"),
    [
        ("GaH3", [0.0, 0.0, 2.5], 68.8),
        ("GaH3", [0.0, 0.0, 3.0], -126.3),
        ("KH", [0.0, 0.0, -3.0], -51.6),
        ("KH", [3.0, 0.0, 0.0], -21.7),
        ("ZnH2", [2.5, 0.0, 0.0], 406.2),
        ("ZnH2", [3.5, 0.0, 0.0], -43.0),
        ("GeH4", [0.0, 0.0, 2.5], 2882.5),
        ("GeH4", [0.0, 0.0, 4.0], -26.2),
        ("AsH3", [0.0, 0.0, 2.5], 3298.0),
    ],
)
def test_the_sample_ends_where_it_should(name: str, position: list[float], teacher: float) -> None:
    guide = float(to_cm1(PairGuide(Dimer(host(name), Monomer.atom("He")))(np.array([position])))[0])
    # What is below 500 cm⁻¹ is sampled and what is above 2,500 is not; with walls at van der Waals radii the guide had
    # up to 14,000 cm⁻¹ at the first of these.
    assert (guide < SampleSettings().limit_cm1) == (teacher < 500.0)


@pytest.mark.parametrize("probe", ["He", "Kr", "Rn"])
@pytest.mark.parametrize("name", HOSTS)
def test_a_sample_covers_wall_well_and_tail(name: str, probe: str) -> None:
    result = sample(Dimer(host(name), Monomer.atom(probe)), 60, 1)
    energy = to_cm1(result.energies)
    # A fifth of 60 points at either side of zero, and one well up the wall: the sampler asks for more of both.
    assert np.count_nonzero(energy > 10.0) >= 12
    assert np.count_nonzero(energy < -0.1) >= 12
    assert energy.max() > 400.0
