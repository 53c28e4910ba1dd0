"""What every term of the student must satisfy."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from nci_core.potentials import correction, ruler
from nci_core.potentials.arrays import to_numpy
from nci_core.potentials.environments import PairKind, pair_kinds
from nci_core.potentials.pairs import ANGULAR, PairFeatures, PairSites, pair_features, pair_sites
from nci_core.potentials.terms import TERMS, Block, Evaluated, Term
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.systems.configurations import Configurations

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Drawn:
    """A term's parameters of K students, drawn from its prior, and where they are evaluated.

    Attributes:
        stored: blocks that are not angular, (K, n, length).
        sites: n pairs.
        R: (m, 3) positions of b in Å.
        x: features of the pairs there.
        ln_r: (n, m).
        q: (K, n, m) Å.
        sums: of each angular block, (K, n, m).
        correction: (K, n, m).
    """

    stored: dict[str, Tensor]
    sites: PairSites[Tensor]
    R: Tensor
    x: PairFeatures[Tensor]
    ln_r: Tensor
    q: Tensor
    sums: list[Tensor]
    correction: Tensor

    def leaves(self) -> "Drawn":
        """The same, each part by itself differentiable; distances are made of ln_r."""

        ln_r = leaf(self.ln_r)
        return replace(
            self,
            stored={name: leaf(values) for name, values in self.stored.items()},
            x=replace(self.x, r=ln_r.exp()),
            ln_r=ln_r,
            q=leaf(self.q),
            sums=[leaf(values) for values in self.sums],
            correction=leaf(self.correction),
        )

    def movable(self) -> "Drawn":
        """The same, b's positions differentiable at fixed q and sums."""
        R = leaf(self.R)
        return replace(self, R=R, x=pair_features(self.sites, R))

    def evaluate(self, term: Term, corrected: bool = True) -> Evaluated[Tensor]:
        """The term here."""
        return term.evaluate(self.stored, self.x, self.q, self.sums, self.correction if corrected else 0.0)


def leaf(x: Tensor) -> Tensor:
    """A differentiable copy."""
    return x.clone().requires_grad_()


class TermContract:
    """Tests of one term; give it a fixture.

    `term` is the `Term`; `at`, configurations with distances of 1 to 10 Å, may be replaced. For example::

        class TestPolarization(TermContract):
            @pytest.fixture
            def term(self):
                return Polarization()

    Slopes are compared with torch's automatic differentiation of the energy, so the formula must be written for arrays
    of numpy and of torch (`potentials/arrays.py`), and without writing into them.

    Attributes:
        rtol: by how much a slope may differ, as a share of the largest slope of its kind.
        far_angstrom, far_ev: what "apart" is, and the largest energy there.
        students: how many are evaluated at once.
    """

    rtol: ClassVar[float] = 1e-10
    far_angstrom: ClassVar[float] = 1e4
    far_ev: ClassVar[float] = 1e-12
    students: ClassVar[int] = 2

    @pytest.fixture
    def term(self) -> Term:
        """The term to be tested."""
        raise NotImplementedError("Give this class a fixture `term`.")

    @pytest.fixture
    def at(self) -> Configurations:
        """Around ethylene, 1.2 to 9 Å from the nearest atom."""
        dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
        R = np.random.default_rng(0).uniform(-9.0, 9.0, (60, 3))
        return dimer.at(R[dimer.at(R).separations > 1.2])

    @pytest.fixture
    def drawn(self, term: Term, at: Configurations) -> Drawn:
        """What the term is evaluated with."""
        return self.draw(term, at)

    def draw(self, term: Term, at: Configurations) -> Drawn:
        """Parameters of some students, drawn from the prior; pairs of the dimer's own kinds."""
        kinds = pair_kinds([at.dimer])
        there: Any = pair_sites(at.dimer, kinds, CPU)
        arrays = {name: torch.as_tensor(getattr(there, name)) for name in ("positions", "outward", "normal")}
        sites: PairSites[Tensor] = replace(there, atoms=there.atoms.each(torch.as_tensor), **arrays)
        R = torch.tensor(at.R)
        x = pair_features(sites, R)
        generator = torch.Generator().manual_seed(0)
        lead = (self.students, len(x.kinds))

        def noise(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=generator, dtype=torch.float64)

        stored, sums = {}, []
        for name, block in term.blocks.items():
            length, width = math.prod(block.shape), torch.as_tensor(block.width, dtype=torch.float64)
            means = [np.broadcast_to(term.prior_means(kinds[k]).get(name, 0.0), (length,)) for k in x.kinds]
            values = torch.tensor(np.array(means)) + width * noise(*lead, length) + x.atoms.known.get(name, 0.0)
            if block.angular is None:
                stored[name] = values
            else:
                sums.append((values[..., None, :] @ x.at_a.Y[:, block.angular])[..., 0, :])
        q = x.r * torch.exp(0.05 * noise(*lead, x.r.shape[-1]))
        return Drawn(stored, sites, R, x, x.r.log(), q, sums, 0.3 * noise(*lead, x.r.shape[-1]))

    def weight(self, shares: bool) -> Tensor | float:
        """Of the students: one for each, or a number."""
        return torch.linspace(0.4, 0.9, self.students, dtype=torch.float64)[:, None, None] if shares else 0.7

    def same(self, found: Tensor, expected: Tensor | None, what: str) -> None:
        """AssertionError unless slopes are the same; autograd says None where nothing depends on a variable."""
        right = torch.zeros_like(found) if expected is None else expected
        scale = float(right.abs().max())
        np.testing.assert_allclose(
            to_numpy(found), to_numpy(right), rtol=1e-8, atol=self.rtol * scale, err_msg=f"slope by {what}"
        )

    def test_blocks_have_names_of_their_own(self, term: Term) -> None:
        """No other term, the ruler or the network has a block of the same name."""
        assert term.name
        assert term.blocks
        others: list[Mapping[str, Block]] = [each.blocks for name, each in TERMS.items() if name != term.name]
        for blocks in (*others, ruler.BLOCKS, correction.blocks(2)):
            assert blocks.keys().isdisjoint(term.blocks)

    def test_blocks_are_consistent(self, term: Term) -> None:
        """One width or as many as there are parameters, all positive; as many coefficients as angular functions."""
        for name, block in term.blocks.items():
            length = math.prod(block.shape)
            widths = np.atleast_1d(block.width)
            assert widths.shape in ((1,), (length,)), name
            assert (widths > 0.0).all(), name
            if block.angular is not None:
                assert len(range(ANGULAR)[block.angular]) == length, name

    @pytest.mark.parametrize("kind", [PairKind("C", "He"), PairKind("O", "Xe"), PairKind("Au", "Rn")], ids="-".join)
    def test_prior_is_finite(self, term: Term, kind: PairKind) -> None:
        """For atoms that are tabulated and for others."""
        means = term.prior_means(kind)
        assert means.keys() <= term.blocks.keys()
        for name, values in means.items():
            assert np.isfinite(values).all(), name
            assert np.shape(values) in ((), term.blocks[name].shape), name

    def test_energies_are_finite_and_vanish_at_separation(self, term: Term, drawn: Drawn) -> None:
        """At every distance, and corrected or not."""
        m = drawn.x.r.shape[-1]
        r = torch.tensor(np.geomspace(0.5, self.far_angstrom, m)).expand(drawn.x.r.shape)
        there = replace(drawn, x=replace(drawn.x, r=r), q=r.expand(drawn.q.shape))
        for corrected in (True, False):
            energy = there.evaluate(term, corrected).energy
            assert energy.shape == drawn.q.shape
            assert torch.isfinite(energy).all()
            assert float(energy[..., -1].abs().max()) < self.far_ev

    def test_a_correction_multiplies_by_its_exponential(self, term: Term, drawn: Drawn) -> None:
        """So the energy keeps its sign; a term that is not corrected does not know it."""
        plain, corrected = (drawn.evaluate(term, which).energy for which in (False, True))
        if not term.corrected:
            np.testing.assert_array_equal(to_numpy(corrected), to_numpy(plain))
            return
        np.testing.assert_allclose(to_numpy(corrected), to_numpy(plain * drawn.correction.exp()), rtol=1e-12)
        assert (torch.sign(corrected) == torch.sign(plain)).all()

    def test_numpy_and_torch_give_the_same(self, term: Term, drawn: Drawn) -> None:
        """A CPU evaluates formulas in numpy, a GPU in torch."""
        x: Any = PairFeatures.of(drawn.x.atoms.each(to_numpy), [to_numpy(part) for part in drawn.x.arrays])
        stored: Any = {name: to_numpy(values) for name, values in drawn.stored.items()}
        sums: Any = [to_numpy(values) for values in drawn.sums]
        found = term.evaluate(stored, x, to_numpy(drawn.q), sums, to_numpy(drawn.correction))
        assert isinstance(found.energy, np.ndarray)
        np.testing.assert_allclose(found.energy, to_numpy(drawn.evaluate(term).energy), rtol=1e-12)
        its = found.slopes(1.0)
        for values in (*its.sums, its.q, its.ln_r, found.position_slopes(1.0)):
            assert values is None or isinstance(values, np.ndarray)

    @pytest.mark.parametrize("corrected", [True, False])
    @pytest.mark.parametrize("shares", [False, True])
    def test_slopes_are_derivatives(self, term: Term, drawn: Drawn, corrected: bool, shares: bool) -> None:
        """By each sum of angular functions, by q, by ln r and by the correction; a number or shares as the weight."""
        here = drawn.leaves()
        evaluated = here.evaluate(term, corrected)
        weight = self.weight(shares)
        wanted = [here.correction, here.q, here.ln_r, *here.sums]
        by_correction, by_q, by_ln_r, *by_sums = torch.autograd.grad(
            (weight * evaluated.energy).sum(), wanted, allow_unused=True, retain_graph=True
        )
        found = evaluated.slopes(weight)
        self.same(found.q, by_q, "q")
        assert len(found.sums) == len(by_sums), "one slope for each block that is angular"
        for k, (one, right) in enumerate(zip(found.sums, by_sums, strict=True)):
            self.same(one, right, f"sum {k}")
        if corrected and term.corrected:
            self.same(found.energy, by_correction, "the correction")
        if evaluated.position_slopes(weight) is not None:
            return  # it sees the whole vector, see the test below
        if found.ln_r is None:
            assert by_ln_r is None, "the term depends on the true distance, and says it does not"
        else:
            # The distance is one for all students.
            self.same(found.ln_r.sum(0), by_ln_r, "ln r")

    @pytest.mark.parametrize("shares", [False, True])
    def test_slopes_say_all_that_a_position_changes(self, term: Term, drawn: Drawn, shares: bool) -> None:
        """At fixed q and sums: through ln r, ∇ ln r = r̂/r, and what the slope by the position itself says."""
        here, weight = drawn.movable(), self.weight(shares)
        evaluated = here.evaluate(term)
        total = (weight * evaluated.energy).sum()
        (expected,) = torch.autograd.grad(total, here.R, allow_unused=True) if total.requires_grad else (None,)
        slopes, found = evaluated.slopes(weight), torch.zeros_like(drawn.R)
        if slopes.ln_r is not None:
            found = found + ((slopes.ln_r.sum(0) / here.x.r)[:, None] * here.x.direction).sum(0).T
        by_position = evaluated.position_slopes(weight)
        if by_position is not None:
            assert by_position.shape == (self.students, 3, len(drawn.R))
            found = found + by_position.sum(0).T
        self.same(found.detach(), expected, "the position")

    def test_parameter_slopes_are_derivatives(self, term: Term, drawn: Drawn) -> None:
        """By each block that is not angular, at every configuration; the weight may differ between configurations."""
        here = drawn.leaves()
        evaluated = here.evaluate(term)
        found = evaluated.parameter_slopes(torch.full((1, 1, here.q.shape[-1]), 0.7, dtype=torch.float64))
        assert found.keys() == here.stored.keys()
        # One random number for each configuration: no two errors cancel.
        mix = torch.randn(here.q.shape[-1], generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        expected = torch.autograd.grad(
            (0.7 * evaluated.energy * mix).sum(), list(here.stored.values()), allow_unused=True
        )
        for (name, values), right in zip(here.stored.items(), expected, strict=True):
            assert found[name].shape == (*values.shape, here.q.shape[-1]), name
            self.same((found[name] * mix).sum(-1), right, name)
