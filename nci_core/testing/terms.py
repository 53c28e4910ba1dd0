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
from nci_core.potentials.pairs import ANGULAR, PairFeatures, pair_features, pair_sites
from nci_core.potentials.terms import TERMS, Block, Evaluated, Term
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.systems.configurations import Configurations

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Drawn:
    """A term's parameters of K students, drawn from its prior, and where they are evaluated.

    Attributes:
        stored: blocks that are not angular, (K, n, length).
        x: features of n pairs at m configurations.
        ln_r: (n, m).
        q: (K, n, m) Å.
        sums: of each angular block, (K, n, m).
        correction: (K, n, m).
    """

    stored: dict[str, Tensor]
    x: PairFeatures[Tensor]
    ln_r: Tensor
    q: Tensor
    sums: list[Tensor]
    correction: Tensor

    def leaves(self) -> "Drawn":
        """The same, each part by itself differentiable; distances are made of ln_r."""

        def leaf(x: Tensor) -> Tensor:
            return x.clone().requires_grad_()

        ln_r = leaf(self.ln_r)
        return Drawn(
            {name: leaf(values) for name, values in self.stored.items()},
            replace(self.x, r=ln_r.exp()),
            ln_r,
            leaf(self.q),
            [leaf(values) for values in self.sums],
            self.correction,
        )

    def evaluate(self, term: Term, corrected: bool = True) -> Evaluated[Tensor]:
        """The term here."""
        return term.evaluate(self.stored, self.x, self.q, self.sums, self.correction if corrected else 0.0)


class TermContract:
    """Tests of one term; give it a fixture.

    `term` is the `Term`; `at`, configurations with distances of 1 to 10 Å, may be replaced. For example::

        class TestInduction(TermContract):
            @pytest.fixture
            def term(self):
                return Induction()

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
        there: Any = pair_features(pair_sites(at.dimer, kinds, CPU), at.R)
        x: PairFeatures[Tensor] = PairFeatures.of(
            there.atoms.each(torch.as_tensor), [torch.as_tensor(part) for part in there.arrays]
        )
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
        return Drawn(stored, x, x.r.log(), q, sums, 0.3 * noise(*lead, x.r.shape[-1]))

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
        """So the energy keeps its sign."""
        plain, corrected = (drawn.evaluate(term, which).energy for which in (False, True))
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
        for values in (*its.sums, its.q, *([] if its.ln_r is None else [its.ln_r])):
            assert isinstance(values, np.ndarray)

    @pytest.mark.parametrize("corrected", [True, False])
    @pytest.mark.parametrize("shares", [False, True])
    def test_slopes_are_derivatives(self, term: Term, drawn: Drawn, corrected: bool, shares: bool) -> None:
        """By each sum of angular functions, by q, and by ln r; the weight is a number or one for each student."""
        here = drawn.leaves()
        evaluated = here.evaluate(term, corrected)
        weight = torch.linspace(0.4, 0.9, self.students, dtype=torch.float64)[:, None, None] if shares else 0.7
        wanted = [here.q, here.ln_r, *here.sums]
        by_q, by_ln_r, *by_sums = torch.autograd.grad(
            (weight * evaluated.energy).sum(), wanted, allow_unused=True, retain_graph=True
        )
        found = evaluated.slopes(weight)
        self.same(found.q, by_q, "q")
        assert len(found.sums) == len(by_sums), "one slope for each block that is angular"
        for k, (one, right) in enumerate(zip(found.sums, by_sums, strict=True)):
            self.same(one, right, f"sum {k}")
        if found.ln_r is None:
            assert by_ln_r is None, "the term depends on the true distance, and says it does not"
        else:
            # The distance is one for all students.
            self.same(found.ln_r.sum(0), by_ln_r, "ln r")

    def test_parameter_slopes_are_derivatives(self, term: Term, drawn: Drawn) -> None:
        """Of the first student, by each block that is not angular, at every configuration."""
        here = drawn.leaves()
        evaluated = here.evaluate(term)
        found = evaluated.parameter_slopes(0.7)
        assert found.keys() == here.stored.keys()
        # One random number for each configuration: no two errors cancel.
        mix = torch.randn(here.q.shape[-1], generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        expected = torch.autograd.grad(
            (0.7 * evaluated.energy * mix).sum(), list(here.stored.values()), allow_unused=True
        )
        for (name, values), right in zip(here.stored.items(), expected, strict=True):
            assert found[name].shape == (*values.shape[1:], here.q.shape[-1]), name
            self.same((found[name] * mix).sum(-1), None if right is None else right[0], name)
