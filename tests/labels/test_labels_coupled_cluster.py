"""CCSD(T) from fitted integrals against PySCF's solvers with the same integrals, in float64 to 1e-9 hartree."""

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from pyscf import gto, lib, scf
from pyscf.cc import ccsd as pyscf_ccsd

from nci_core.integrals import ccsd, products
from nci_core.integrals.amounts import correlation_operations, least_bytes
from nci_core.integrals.basis_sets import load_orbital
from nci_core.integrals.coupled_cluster import Place, correlation, find_place
from nci_core.integrals.dimer import FittedDimer
from nci_core.integrals.functions import MIDBOND, Functions, autoaux, host_label, probe_label
from nci_core.integrals.mp2 import correlation_energy
from nci_core.integrals.orbital_integrals import OrbitalIntegrals, transform
from nci_core.integrals.triples import Triples
from nci_core.labels.builtin_recipes import find_recipe
from nci_core.systems import Dimer, Monomer, builtin_monomer

CPU = torch.device("cpu")
TIGHT = (1e-11, 1e-9, 60)
HOSTS = {
    "water": Monomer("water", ("O", "H", "H"), np.array([[0, 0, 0.117], [0, 0.757, -0.469], [0, -0.757, -0.469]])),
    "hydrogen fluoride": Monomer("hf", ("H", "F"), np.array([[0.0, 0.0, -0.82], [0.0, 0.0, 0.1]])),
    "ethylene": builtin_monomer("ethylene"),
}


@cache
def fitted(name: str) -> tuple[FittedDimer, dict[str, tuple[Any, int]]]:
    """Helium with ghost functions 2.6 Å beside a host in 6-31G; fragments with their frozen core orbitals."""
    host = HOSTS[name]
    labels = {host_label(e): e for e in set(host.symbols)} | {probe_label("He"): "He"}
    orbital = {label: load_orbital("6-31g", e).shells for label, e in labels.items()} | {MIDBOND: [[0, [0.5, 1.0]]]}
    dimer = FittedDimer(
        Dimer(host, Monomer.atom("He")),
        Functions(orbital, {label: autoaux(label, shells) for label, shells in orbital.items()}),
        1e-11,
    )
    states = dimer.fragments(host.centre + np.array([2.6, 0.3, 0.2]))
    core, _ = dimer.frozen
    return dimer, dict(zip(("dimer", "host", "probe"), zip(states, (core, core, 0), strict=True), strict=True))


def with_pyscf(B: Any, state: Any, n_core: int) -> tuple[float, float]:
    """CCSD and (T) of PySCF from the same three-index integrals."""
    c, o = state.coefficients[:, n_core:], state.n_occupied - n_core
    L = np.einsum("Pmn,mp,nq->Ppq", B, c, c, optimize=True)
    m = L.shape[1]
    eris: Any = pyscf_ccsd._ChemistsERIs()
    eris.nocc, eris.e_hf, eris.mo_coeff, eris.mo_energy = o, 0.0, np.eye(m), state.levels[n_core:]
    eris.fock = np.diag(eris.mo_energy)

    def four(p: slice, q: slice, r: slice, s: slice) -> Any:
        return np.einsum("Ppq,Prs->pqrs", L[:, p, q], L[:, r, s], optimize=True)

    occ, V = slice(0, o), slice(o, m)
    eris.oooo, eris.ovoo = four(occ, occ, occ, occ), four(occ, V, occ, occ)
    eris.ovov, eris.oovv = four(occ, V, occ, V), four(occ, occ, V, V)
    eris.ovvo = np.ascontiguousarray(eris.ovov.transpose(0, 1, 3, 2))
    packed = lib.pack_tril(np.ascontiguousarray(L[:, V, V]))
    ov = np.ascontiguousarray(L[:, occ, V]).reshape(len(L), -1)
    eris.ovvv, eris.vvvv = (ov.T @ packed).reshape(o, m - o, -1), packed.T @ packed
    mol = gto.M(verbose=0)
    mol.nelectron, eris.mol = 2 * o, mol
    mf = scf.RHF(mol)
    mf.mo_coeff, mf.mo_energy, mf.mo_occ = np.eye(m), eris.mo_energy, np.where(np.arange(m) < o, 2.0, 0.0)
    solver = pyscf_ccsd.CCSD(mf)
    solver.nocc, solver.nmo, solver.verbose, solver.incore_complete = o, m, 0, True
    solver.conv_tol, solver.conv_tol_normt, solver.max_cycle = TIGHT
    solver.get_e_hf = lambda *_, **__: 0.0
    solver.kernel(eris=eris)
    assert solver.converged
    return float(solver.e_corr), float(solver.ccsd_t(eris=eris)) if o > 1 else 0.0


@pytest.mark.parametrize("name", HOSTS)
def test_it_is_pyscfs(name: str) -> None:
    """The dimer, and the host with the ghost functions of the probe; both with their core frozen, and one without."""
    dimer, fragments = fitted(name)
    cases = [fragments["dimer"], fragments["host"]] + ([(fragments["host"][0], 0)] if name == "water" else [])
    for state, n_core in cases:
        found = correlation(dimer.B, state, n_core, *TIGHT)
        expected = with_pyscf(dimer.B, state, n_core)
        assert found.converged
        assert found.ccsd == pytest.approx(expected[0], abs=1e-10)
        assert found.triples == pytest.approx(expected[1], rel=1e-6)  # single precision: 1e-7, and what sums add
        assert found.triples < -1e-4
        parts = transform(dimer.B, state, n_core, CPU)
        amplitudes = ccsd.solve(parts, *TIGHT, 1e9, 1e9)
        assert Triples(parts, amplitudes.t1, amplitudes.t2, 1e9).energy() == pytest.approx(expected[1], abs=1e-10)


def test_two_electrons_have_no_triples() -> None:
    dimer, fragments = fitted("ethylene")
    found = correlation(dimer.B, *fragments["probe"], *TIGHT)
    assert found.triples == 0.0
    assert found.ccsd == pytest.approx(with_pyscf(dimer.B, *fragments["probe"])[0], abs=1e-10)


def integrals(name: str = "water") -> OrbitalIntegrals:
    dimer, fragments = fitted(name)
    return transform(dimer.B, *fragments["dimer"], CPU)


def test_tiles_of_one_orbital_give_the_same_as_whole_arrays() -> None:
    found = integrals()
    # Rounding differs while they are in single precision, so they must converge further to end at the same.
    tighter = (1e-13, 1e-11, 60)
    whole, tiles, some = (ccsd.solve(found, *tighter, *room) for room in ((1e9, 1e9), (0.0, 0.0), (2e5, 1e5)))
    assert tiles.energy == pytest.approx(whole.energy, abs=1e-12)
    assert some.energy == pytest.approx(whole.energy, abs=1e-12)
    energies = []
    for memory in (1e9, 0.0, 1e5):
        triples = Triples(found, whole.t1, whole.t2, memory)
        energies.append(triples.energy())
        assert (triples.step < found.sizes[1]) == (memory < 1e9)
        assert len(triples._right) <= 3 * triples.step
        triples.at_once, triples._arrays = 3, triples.t1.new_empty(4, 3, *[found.sizes[2]] * 3)  # as on a GPU
        assert triples.energy() == pytest.approx(energies[0], abs=1e-13)
    assert energies[1:] == pytest.approx([energies[0]] * 2, abs=1e-13)


def test_without_the_ladder_blocks_kept_little_memory_is_taken() -> None:
    from nci_core.integrals.ladder import Ladder

    found = integrals()
    t2 = torch.rand(found.sizes[1], found.sizes[1], found.sizes[2], found.sizes[2], dtype=torch.float64)
    ladder = Ladder(found, 1e9, 0.0)
    ladder(t2)
    assert not ladder._kept
    ladder = Ladder(found, 0.0, 5e4)
    ladder(t2)
    assert 0 < sum(part.numel() * 8 for block in ladder._kept.values() for part in block) <= 5e4


def test_products_are_the_same_with_either_library(monkeypatch: pytest.MonkeyPatch) -> None:
    random = torch.Generator().manual_seed(0)
    a, b, c = (torch.rand(4, 5, generator=random, dtype=torch.float64) for _ in range(3))
    for x, y, z in ((a, b.T, torch.ones(4, 4)), (a.T, b, torch.ones(5, 5)), (a[:, 1:4], b[:3], torch.ones(4, 5))):
        z = z.double()
        expected = 0.5 * x @ y + z
        for torch_first in (False, True):
            monkeypatch.setattr(products, "_torch_is_faster", lambda dtype, first=torch_first: first)
            assert torch.allclose(products.accumulate(z.clone(), x, y, scale=0.5), expected, atol=1e-14)
            assert torch.allclose(products.multiply(x, y), x @ y, atol=1e-14)
    assert torch.equal(products.multiply(a[:, :0], b[:0]), torch.zeros(4, 5, dtype=torch.float64))
    assert c.shape == (4, 5)


def test_what_does_not_converge_says_so() -> None:
    dimer, fragments = fitted("water")
    found = correlation(dimer.B, *fragments["dimer"], 1e-11, 1e-9, 3)
    assert (found.converged, found.cycles, found.triples) == (False, 3, 0.0)


def test_mp2_is_where_it_starts() -> None:
    dimer, fragments = fitted("water")
    state, n_core = fragments["dimer"]
    started = ccsd.solve(integrals(), *TIGHT[:2], 0, 1e9, 0.0)
    assert started.energy == pytest.approx(correlation_energy(dimer.B, state, n_core), abs=1e-12)


@pytest.mark.parametrize("name", HOSTS)
def test_single_precision_at_first_leaves_no_trace_in_a_label(name: str) -> None:
    """The energy is within the threshold of the recipe, 1e-8 hartree, of what tight thresholds give."""
    dimer, fragments = fitted(name)
    recipe = find_recipe("focal-point")
    for fragment in ("dimer", "host"):
        parts = transform(dimer.B, *fragments[fragment], CPU)
        found = ccsd.solve(parts, recipe.cc_energy_hartree, recipe.cc_amplitudes, 60, 1e9, 1e9)
        exact = ccsd.solve(parts, *TIGHT, 1e9, 1e9)
        assert found.converged
        assert found.cycles < exact.cycles
        assert found.energy == pytest.approx(exact.energy, abs=recipe.cc_energy_hartree)


def test_a_gpu_is_taken_where_there_is_room_and_nobody_forbids_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NCI_GPU", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (8_000_000_000, 8_000_000_000))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a GPU")
    small, large = (879, 16, 115), (2600, 54, 345)
    assert least_bytes(*small) < 8e9 < least_bytes(*large)
    assert find_place(*small).name == "a GPU"
    assert find_place(*small).memory_bytes < 8e9
    assert find_place(*large) == Place(CPU, find_place(*large).memory_bytes)
    assert find_place(*large, 1e9).memory_bytes <= 1e9
    monkeypatch.setenv("NCI_GPU", "0")
    assert find_place(*small).name == ""


def test_a_gpu_whose_memory_is_gone_leaves_the_label_to_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    dimer, fragments = fitted("water")
    expected, start = correlation(dimer.B, *fragments["probe"], *TIGHT), ccsd.solve
    left = [torch.cuda.OutOfMemoryError("CUDA out of memory")]

    def solve(*given: Any) -> Any:
        if left:
            raise left.pop()
        return start(*given)

    monkeypatch.setattr(ccsd, "solve", solve)
    assert correlation(dimer.B, *fragments["probe"], *TIGHT) == expected
    assert expected.gpu == ""


def test_the_work_is_that_of_the_products() -> None:
    """(T) of a large molecule is nearly all, and grows with the seventh power of its size."""
    ratio = correlation_operations(1758, 32, 230) / correlation_operations(879, 16, 115)
    assert 2**6 < ratio < 2**7
