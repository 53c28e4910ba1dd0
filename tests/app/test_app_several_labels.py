"""Labels, budget, own energies, data and what is taken away, in campaigns of several systems."""

import numpy as np
import pandas as pd
import pytest
from pages import run_page, tables, text
from sqlalchemy import delete

from app import model_answers
from app.views.budget import as_proposals
from nci_core.campaign import Campaign
from nci_core.campaign.pricing.budget import Preview
from nci_core.campaign.pricing.costs import average, cost_of_labels, label_cost
from nci_core.campaign.rounds.requests import submit_labels, unlabelled_test_set
from nci_core.store import configurations, energy_sets, labels, picks
from nci_core.store.job_tables import jobs_table
from nci_core.store.schema import Label


@pytest.fixture
def several(several: Campaign, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    """The campaign of several systems, in which no engine begins to work."""
    for name in ("nci_core.campaign.rounds.requests.ensure_engine", "nci_core.jobs.ensure_engine"):
        monkeypatch.setattr(name, lambda *args, **options: None)
    return several


def names(campaign: Campaign) -> list[str]:
    return [system.name for system in campaign.systems]


def basket_of_all(campaign: Campaign) -> dict[str, int]:
    """Put two places of each training system that lack a label into the basket; returns one of each."""
    found = {}
    for system in campaign.training_systems:
        ids = configurations.positions(campaign.store, split="pool", system_id=system.id)[0].tolist()
        free = [number for number in ids if not labels.asked_for(campaign.store, campaign.recipe.hash, [number])]
        picks.add(campaign.store, free[-2:], picked_by="ada", round_number=3)
        found[system.name] = free[-1]
    return found


def test_labels_are_asked_for_by_system(several: Campaign) -> None:
    there = len(picks.basket(several.store))
    one_of = basket_of_all(several)
    at = run_page("label_train")
    assert not at.exception
    assert [each.value for each in at.error] == [
        "Job 2: CCSD did not converge in 50 cycles; try it again or drop this point."
    ]
    by_system = next(table for table in tables(at) if "To label" in table.columns).set_index("System")
    assert by_system.index.tolist() == names(several)
    added = by_system["To label"]
    assert added.sum() == there + 2 * len(several.training_systems)
    for system in several.systems:
        assert by_system.loc[system.name, "per label"] == label_cost(several, dimer=system.dimer).text(1)
        assert by_system.loc[system.name, "Role"] == ("training" if system.role == "train" else "transfer")
        assert (added[system.name] > 0) == (system.role == "train")
    numbers = list(one_of.values())
    submit_labels(several, numbers, "ada")
    jobs = jobs_table(several.store, 0, 200)
    whose = {several.system(int(k)).name for k in jobs["system_id"].dropna()}
    assert set(one_of) <= whose
    queue = next(table for table in tables(run_page("label_train")) if "What" in table.columns)
    for name, number in one_of.items():
        assert any(what.endswith(f"label {number} · {name}") for what in queue["What"])


def test_a_mixture_costs_the_sum_of_its_parts(several: Campaign) -> None:
    one_of = basket_of_all(several)
    numbers = list(one_of.values())
    alone = [label_cost(several, dimer=several.system(name).dimer) for name in one_of]
    together = cost_of_labels(several, numbers)
    assert together.total(len(numbers))[0] == pytest.approx(sum(cost.mean_minutes for cost in alone))
    assert cost_of_labels(several, numbers[:1]) == alone[0]
    assert average([(alone[0], 3)]) == alone[0]


def test_each_systems_test_set_is_labelled(several: Campaign) -> None:
    store, last = several.store, several.systems[-1]
    for system in (several.systems[0], last):  # as after new configurations: some labels are gone
        ids = configurations.positions(store, split="test", system_id=system.id)[0].tolist()[:3]
        with store.write() as session:
            session.execute(delete(Label).where(Label.configuration_id.in_(ids)))
    mixed = unlabelled_test_set(several)
    assert [configurations.system_of(store, [n])[n] for n in mixed[:2]] == [several.systems[0].id, last.id]
    at = run_page("label_train")
    choice = at.selectbox(key="test_set_of")
    assert choice.options == ["all systems", several.systems[0].name, last.name]
    at = choice.set_value(last.id).run()
    at = at.button(key="label_test").click().run()
    assert not at.exception
    assert "3 calculations of the test set are in the queue" in text(at)
    assert {configurations.system_of(store, [n])[n] for n in unlabelled_test_set(several)} == {several.systems[0].id}


def test_the_budget_names_the_system_of_each_label(several: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    train = several.training_systems
    pools = [configurations.positions(several.store, split="pool", system_id=s.id)[0] for s in train]
    number = np.arange(len(train))
    offers = pd.DataFrame(
        {"region": "well", "std_ev": 1e-5, "fall_ev2": 1e-9, "share": 0.1, "minutes": number + 1.0, "rms_ev": 1e-5},
        index=[int(ids[0]) for ids in pools],
    ).assign(own_minutes=0.5 + number, system_id=[system.id for system in train])
    expected = pd.DataFrame({"region": "well", "before_ev": 1e-5, "after_ev": 5e-6}, index=np.concatenate(pools))
    regions = pd.DataFrame({"before_ev": 1e-5, "after_ev": 5e-6}, index=["all"])
    falls = dict.fromkeys(("greedy_ev", "random_ev", "random_sd_ev"), np.array([2e-5, 1e-5]))
    found = pd.DataFrame({"minutes": [0.0, 1.0]} | falls)
    monkeypatch.setattr(model_answers, "offers", lambda *given: offers)
    monkeypatch.setattr(model_answers, "basket_preview", lambda *given: Preview(expected, regions, 1.0))
    monkeypatch.setattr(model_answers, "uncertainty_outlook", lambda *given: found)
    for system in several.systems:
        at = run_page("select", budget_open=True, drawn_system=system.name)
        assert not at.exception
        assert not [each.value for each in at.error]
        shown = next(table for table in tables(at) if "Gain" in table.columns)
        assert shown["System"].tolist() == [each.name for each in train]
        assert shown["alone"].tolist() == [0.5 + k for k in range(len(train))]
        assert ("its maps stay empty" in text(at)) == (system.role == "transfer")
    reasons = as_proposals(offers)["reason"].tolist()
    assert ["for 0.5 CPU min" in reasons[0], "for 1.5 CPU min" in reasons[1]] == [True, True]


def test_own_energies_are_of_the_chosen_system(several: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.predictor.ask", lambda function, *given: np.full(len(given[-1]), np.nan))
    monkeypatch.setattr("nci_core.campaign.rounds.requests.start_engine", lambda campaign: None)
    second = several.systems[1]
    at = run_page("energies")
    assert at.selectbox(key="energies_system").value == several.systems[0].name
    at.selectbox(key="energies_system").set_value(second.name).run()
    table = "x,y,z,E / cm-1\n" + "\n".join(f"0.1,0.2,{z:.2f},{-2000 * (3 / z) ** 6:.3f}" for z in np.arange(4, 7, 0.2))
    at.file_uploader[0].upload("mine.csv", table.encode(), "text/csv").run()
    assert not at.exception
    at.text_input[1].set_value("CCSD(T)/CBS").run()
    next(each for each in at.button if each.label == "Import 15 energies").click().run()
    assert not at.exception
    assert not [each.value for each in at.error]
    (row,) = energy_sets.fetch(several.store)
    assert set(energy_sets.points(several.store, row.id).system_ids.tolist()) == {second.id}
    listed = next(table for table in tables(at) if "Held out" in table.columns or "Energies" in table.columns)
    assert listed["System"].tolist() == [second.name]


def test_the_table_follows_the_choice_of_systems(several: Campaign) -> None:
    for system in several.systems:
        shown = run_page("data", drawn_system=system.name).dataframe[0].value
        assert set(shown["System"]) == {system.name}
    at = run_page("data", every_system=True)
    assert not at.exception
    counts = pd.Series(at.dataframe[0].value["System"]).value_counts()
    assert {name: int(counts[name]) for name in names(several)} == {
        system.name: sum(configurations.counts(several.store, system_id=system.id).values())
        for system in several.systems
    }
    found = run_page("data", every_system=True, data_search=names(several)[-1]).dataframe[0].value
    assert set(found["System"]) == {names(several)[-1]}


def test_files_to_take_away_name_their_system(several: Campaign) -> None:
    last = several.systems[-1]
    at = run_page("data", data_part="files", drawn_system=last.name)
    assert not at.exception
    listed = next(table for table in tables(at) if "Training pool" in table.columns).set_index("System")
    assert listed.index.tolist() == names(several)
    assert int(listed.loc[last.name, "Test set"]) == configurations.counts(several.store, system_id=last.id)["test"]
    assert f"Of {last.name}, the system chosen in the sidebar" in text(at)
    assert f"Energies on a grid of {last.name}" in text(at)
    assert not run_page("benchmarks", drawn_system=last.name).exception
