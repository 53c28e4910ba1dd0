"""The measured geometries of the built-in monomers, made from published numbers.

    python benchmarks/monomer_experiments.py

writes the files of `nci_core/systems/library` for molecules whose structure in the vibrational ground state is known.
r0 is the structure that gives the measured rotational constants B0 of the rigid rotor, in ¹H, ¹²C, ¹⁴N and ¹⁶O unless
another isotope is named; those of HCN and DCN together give two lengths. A second command, `monomer_geometries.py`,
computes the others.
"""

from pathlib import Path

import numpy as np
from monomer_geometries import LIBRARY, FloatArray, file_text
from scipy.constants import atomic_mass, h
from scipy.optimize import root

from nci_core.systems.monomer import Monomer

#: B = INERTIA / I: MHz for moments of inertia in u Å².
INERTIA_MHZ = h / (8.0 * np.pi**2 * atomic_mass * 1e-20) / 1e6
CM1_MHZ = 29979.2458
#: Masses in u (AME 2020, DOI 10.1088/1674-1137/abddaf).
H1, H2, C12, N14, O16 = 1.00782503, 2.01410178, 12.0, 14.00307400, 15.99491462


def diatomic(b0_mhz: float, first: float, second: float) -> float:
    """r0 in Å of two masses."""
    return float(np.sqrt(INERTIA_MHZ / b0_mhz * (first + second) / (first * second)))


def inertia(masses: FloatArray, x: FloatArray) -> float:
    """The moment of inertia of masses (n,) on a line at x (n,)."""
    return float(masses @ (x - masses @ x / masses.sum()) ** 2)


def hydrogen_cyanide(b0_mhz: float, deuterated_mhz: float) -> tuple[float, float]:
    """r0 of CH and CN in Å."""

    def misses(lengths: FloatArray) -> list[float]:
        x = np.array([0.0, lengths[0], lengths[0] + lengths[1]])
        return [
            inertia(np.array([hydrogen, C12, N14]), x) * constant / INERTIA_MHZ - 1.0
            for hydrogen, constant in ((H1, b0_mhz), (H2, deuterated_mhz))
        ]

    ch, cn = root(misses, [1.06, 1.16]).x
    return float(ch), float(cn)


def ammonia(b0_mhz: float, c0_mhz: float) -> FloatArray:
    """Positions (4, 3): N, then H, from the two moments of inertia."""
    radius = np.sqrt(INERTIA_MHZ / c0_mhz / (3.0 * H1))
    reduced = 3.0 * H1 * N14 / (3.0 * H1 + N14)
    height = np.sqrt((INERTIA_MHZ / b0_mhz - 1.5 * H1 * radius**2) / reduced)
    angles = np.deg2rad([90.0, 210.0, 330.0])
    hydrogens = np.column_stack([radius * np.cos(angles), radius * np.sin(angles), np.full(3, -height)])
    return np.vstack([np.zeros(3), hydrogens])


def fullerene(fusing: float, bridging: float) -> FloatArray:
    """C60, (60, 3), from the bonds around the pentagons and those between them: a cut icosahedron."""
    golden = (1.0 + np.sqrt(5.0)) / 2.0
    corners = np.array(
        [np.roll([0.0, a, b * golden], shift) for shift in range(3) for a in (1.0, -1.0) for b in (1.0, -1.0)]
    )
    edge = 2.0 * fusing + bridging
    apart = np.linalg.norm(corners[:, None] - corners, axis=-1)
    pairs = np.argwhere(np.isclose(apart, 2.0))
    # Each edge of the icosahedron is cut at both ends: what is left of it joins two pentagons.
    return np.array([corners[i] + (corners[j] - corners[i]) * fusing / edge for i, j in pairs]) * edge / 2.0


def line(*x: float) -> FloatArray:
    """Positions of atoms on the x axis."""
    return np.column_stack([x, np.zeros((len(x), 2))])


HUBER_HERZBERG = "K. P. Huber and G. Herzberg, Constants of Diatomic Molecules (NIST WebBook, DOI 10.18434/T4D303)"
CDMS = "Cologne Database for Molecular Spectroscopy (DOI 10.1016/j.molstruc.2005.01.027)"


def monomers() -> list[tuple[Monomer, tuple[str, ...]]]:
    """All of them, with their other names."""
    h2 = diatomic((60.853 - 3.062 / 2.0) * CM1_MHZ, H1, H1)
    n2 = diatomic((1.99824 - 0.01732 / 2.0) * CM1_MHZ, N14, N14)
    co = diatomic(57635.968, C12, O16)
    ch, cn = hydrogen_cyanide(44315.976, 36207.46)
    co2 = float(np.sqrt(INERTIA_MHZ / (0.3902 * CM1_MHZ) / (2.0 * O16)))
    half, oh = np.deg2rad(104.69) / 2.0, 0.9716257
    water = oh * np.array([[0.0, 0.0, 0.0], [np.sin(half), -np.cos(half), 0.0], [-np.sin(half), -np.cos(half), 0.0]])
    nh3 = ammonia(298117.06, 186726.36)
    c60 = fullerene(1.458, 1.401)
    rows = [
        ("hydrogen", "HH", line(0.0, h2), f"r0 {h2:.4f} Å of B0 = Be − αe/2 = 59.322 cm⁻¹; {HUBER_HERZBERG}", ()),
        ("nitrogen", "NN", line(0.0, n2), f"r0 {n2:.4f} Å of B0 = Be − αe/2 = 1.98958 cm⁻¹; {HUBER_HERZBERG}", ()),
        ("carbon-monoxide", "CO", line(0.0, co), f"r0 {co:.4f} Å of B0 = 57635.968 MHz; {CDMS}", ()),
        (
            "carbon-dioxide",
            "COO",
            line(0.0, co2, -co2),
            f"r0 {co2:.4f} Å of B0 = 0.3902 cm⁻¹; NIST CCCBDB (DOI 10.18434/T47C7Z)",
            ("CO2",),
        ),
        (
            "hydrogen-cyanide",
            "HCN",
            line(-ch, 0.0, cn),
            f"r0(CH) {ch:.4f} Å and r0(CN) {cn:.4f} Å of B0(HCN) = 44315.976 MHz and B0(DCN) = 36207.46 MHz; {CDMS}",
            ("HCN", "hydrocyanic acid"),
        ),
        (
            "water",
            "OHH",
            water,
            "vibrationally averaged in the ground state, r(OH) 0.9716257 Å, angle 104.69 degrees; E. M. Mas and "
            "K. Szalewicz, J. Chem. Phys. 104, 7606 (1996), DOI 10.1063/1.471469",
            (),
        ),
        (
            "ammonia",
            "NHHH",
            nh3,
            f"r0(NH) {np.linalg.norm(nh3[1]):.4f} Å of B0 = 298117.06 MHz and C0 = 186726.36 MHz, inversion averaged; "
            "R. L. Poynter and R. K. Kakar, Astrophys. J. Suppl. Ser. 29, 87 (1975)",
            ("NH3",),
        ),
        (
            "c60",
            "C" * 60,
            c60,
            "rg 1.458 Å around the pentagons and 1.401 Å between them, Ih, gas-phase electron diffraction at 730 °C; "
            "K. Hedberg et al., Science 254, 410 (1991), DOI 10.1126/science.254.5030.410",
            ("fullerene", "buckminsterfullerene"),
        ),
    ]
    return [
        (Monomer(name, tuple(atoms), at - at.mean(axis=0), source=source), known)
        for name, atoms, at, source, known in rows
    ]


def main(folder: Path = LIBRARY) -> None:
    """Write their files."""
    for host, aliases in monomers():
        (folder / f"{host.name}.toml").write_text(file_text(host, host.source, aliases), encoding="utf-8")
        print(f"{host.name}: {host.source}")


if __name__ == "__main__":
    main()
