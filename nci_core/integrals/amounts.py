"""What CCSD(T) of one fragment takes, from the numbers of its orbitals: bytes and floating-point operations."""

#: Iterations of CCSD; between 8 and 14 to 1e-8 hartree.
ITERATIONS = 11
#: Arrays of the size of all pairs of amplitudes, (ov)², while CCSD runs: amplitudes, integrals, products, and DIIS's.
PAIR_ARRAYS = 25
#: Arrays of v³ for the smallest tiles of the ladder and of (T).
CUBES = 12
DOUBLE = 8


def least_bytes(x: int, o: int, v: int) -> float:
    """Memory below which CCSD(T) cannot run: x auxiliary functions, o correlated occupied, v virtual orbitals.

    >>> round(least_bytes(879, 16, 115) / 1e9, 1)
    1.0
    """
    return DOUBLE * (x * float(o + v) ** 2 + 6.0 * x * o * v + PAIR_ARRAYS * float(o * v) ** 2 + CUBES * float(v) ** 3)


def iteration_operations(x: int, o: int, v: int) -> float:
    """One iteration of CCSD: ladder, rings, and what dresses the integrals."""
    pairs = float(o * v) ** 2
    ladder = 0.5 * float(o) ** 2 * float(v) ** 4 if o > 1 else 4.0 * x * float(v) ** 3
    return ladder + 9.0 * pairs * o * v + 6.0 * pairs * x


def ladder_operations(x: int, o: int, v: int) -> float:
    """The integrals of the ladder, made once where there is room for them."""
    return 0.5 * x * float(v) ** 4 + 2.0 * x * o * float(v) ** 3 if o > 1 else 0.0


def triples_operations(o: int, v: int) -> float:
    """(T): two matrix products for each of three pairs of orbitals and each triple."""
    return 2.0 * float(o) ** 3 * float(v) ** 3 * (o + v) if o > 1 else 0.0


def correlation_operations(x: int, o: int, v: int) -> float:
    """CCSD(T) of one fragment.

    >>> correlation_operations(879, 1, 136) < 0.05 * correlation_operations(879, 16, 115)
    True
    """
    return ITERATIONS * iteration_operations(x, o, v) + ladder_operations(x, o, v) + triples_operations(o, v)
