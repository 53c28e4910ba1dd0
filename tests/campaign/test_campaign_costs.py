"""The price of a label: what the model says before there is any, and what it learns from finished ones."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import small_campaign as small

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import data_folder
from nci_core.campaign.pricing.cost_check import check, timings_below
from nci_core.campaign.pricing.cost_model import CostModel, Subject, Timing
from nci_core.campaign.pricing.costs import known_timings, label_cost
from nci_core.errors import InputError
from nci_core.labels.builtin_recipes import RECIPES, find_recipe
from nci_core.labels.size import guess_functions
from nci_core.labels.work import label_work
from nci_core.systems import Dimer, Monomer, builtin_monomer


def made(
    n: int, *, work: float = 24.0, factor: float = 1.0, machine: str = "one", gflops: float = 25.0
) -> list[Timing]:
    """Labels that take 0.4 minutes × factor, and 5% more or less."""
    noise = np.random.default_rng(1).normal(scale=0.05, size=n)
    return [Timing("a", "He-x", work, machine, 0.4 * factor * math.exp(e), 0.5, gflops) for e in noise]


def test_bars_shrink_from_a_guess_to_the_spread_between_labels() -> None:
    subject = Subject("a", "He-x", 24.0, "one")
    spreads = [CostModel(made(n)).price(subject).sd for n in (0, 1, 10, 200)]
    assert spreads == sorted(spreads, reverse=True)
    assert spreads[0] > 0.7, "before any label a factor of two either way is likely"
    assert spreads[-1] == pytest.approx(0.05, rel=0.2), "at last the labels' own spread, known to 5% from 200"


def test_other_sizes_follow_the_operations() -> None:
    """Twelve times the work from labels of one size: the power is the prior's, and its doubt is in the bar."""
    model = CostModel(made(50))
    here, there = model.price(Subject("a", "He-x", 24.0, "one")), model.price(Subject("a", "He-y", 26.5, "one"))
    # Part of what these labels are below the anchor is put down to the power: less than one of its sd (0.1).
    assert there.mean - here.mean == pytest.approx(2.5 * 0.85, abs=0.25)
    assert there.shared > 0.2 > here.shared
    # Labels of a third size teach the power: these grow exactly as the work does.
    taught = CostModel([*made(50), *made(50, work=28.0, factor=math.exp(4.0))])
    assert taught.price(Subject("a", "He-x", 26.0, "one")).mean == pytest.approx(math.log(0.4) + 2.0, abs=0.1)


def test_a_slower_machine_costs_more_and_its_own_labels_tell_by_how_much() -> None:
    slow = made(1, machine="two", gflops=12.5, factor=2.0)
    model = CostModel([*made(50), *slow])
    apart = model.price(Subject("a", "He-x", 24.0, "two")).mean - model.price(Subject("a", "He-x", 24.0, "one")).mean
    assert apart == pytest.approx(math.log(2.0), abs=0.15)


def test_a_busy_machine_is_not_a_slow_one() -> None:
    """One speed measured while others computed must not move the price: the median counts."""
    busy = [*made(20), *made(1, gflops=3.0)]
    model = CostModel(busy)
    assert model.price(Subject("a", "He-x", 24.0, "one")).mean == pytest.approx(math.log(0.4), abs=0.03)


@pytest.mark.parametrize(
    ("name", "recipe", "functions"), [("he-ethylene", "standard", 81), ("he-benzene", "standard", 141)]
)
def test_sizes_are_those_of_pyscf(name: str, recipe: str, functions: int) -> None:
    """Counted by PySCF in the embedded labels."""
    from nci_core.config import read_settings

    dimer = read_settings(data_folder() / name).dimer
    lines = map(json.loads, (data_folder() / name / "labels.jsonl").open())
    row = next(line for line in lines if line["recipe"] == recipe)
    counted = row["result"]["fragments"]["dimer"]
    assert guess_functions(dimer, find_recipe(recipe)) == functions == counted["n_basis"]
    known = counted["n_basis"], counted["n_frozen"]
    assert label_work(dimer, find_recipe(recipe)) == pytest.approx(label_work(dimer, find_recipe(recipe), known))


def test_held_out_labels_of_the_embedded_campaigns() -> None:
    rows = {row.what: row for row in check([data_folder() / "he-ethylene", data_folder() / "he-benzene"])}
    for name in ("he-ethylene", "he-benzene"):
        assert rows[name].error < 0.1, "labels of one kind differ by less than this"
        # 68% of 24 labels, give or take two standard deviations (0.1 each).
        assert 0.5 < rows[name].within < 0.9
    far = rows["he-ethylene → he-benzene"]
    # 22 times the price, from labels of one size: right within two of its own standard deviations.
    assert far.actual_factor < far.expected_factor**2
    assert 1.3 < far.expected_factor < 2.5


def test_a_neighbour_tells_what_the_first_label_will_cost(sampled: Campaign, host: Path) -> None:
    alone = label_cost(sampled)
    other = small.sampled(sampled.folder.parent / "other", host)
    small.label(other, small.pool(other)[:8])
    other.store.close()
    assert len(known_timings(sampled.folder.parent, but=sampled.folder)) == 8
    told = label_cost(sampled)
    assert (told.n, told.source) == (
        0,
        "an estimate from the size alone, scaled from 8 labels of other campaigns; no quick label is finished here yet",
    )
    # The same system and recipe there: 0.1 minutes each.
    assert told.mean_minutes == pytest.approx(0.1, rel=0.1)
    low, high = told.interval()
    assert high / low < 2 < alone.interval()[1] / alone.interval()[0]


def test_each_recipe_has_its_price(sampled: Campaign) -> None:
    prices = {name: label_cost(sampled, RECIPES[name]).mean_minutes for name in ("quick", "standard")}
    assert prices["standard"] > 2 * prices["quick"]
    small.label(sampled, small.pool(sampled)[:5])
    known = label_cost(sampled, RECIPES["standard"])
    assert known.n == 0
    assert "scaled from 5 labels of other recipes" in known.source


def test_a_folder_without_timings_is_one_sentence(tmp_path: Path, sampled: Campaign) -> None:
    with pytest.raises(InputError, match="no finished label whose CPU time is known"):
        timings_below(sampled.folder)
    with pytest.raises(InputError, match="not a campaign"):
        timings_below(tmp_path)


def test_fitted_labels_have_the_price_of_their_products() -> None:
    """Before any is finished, within a factor of two of what one core took."""
    small = find_recipe("composite").model_copy(
        update={"host_basis": {"*": "cc-pvdz"}, "composite": None, "integrals": "fitted"}
    )
    for name, minutes in (("ethylene", 0.13), ("benzene", 5.9)):
        work = label_work(Dimer(builtin_monomer(name), Monomer.atom("He")), small)
        expected = math.exp(CostModel([]).price(Subject(small.hash, name, work)).mean)
        assert minutes / 2 < expected < minutes * 2
