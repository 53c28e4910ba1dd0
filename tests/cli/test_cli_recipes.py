"""Several recipes and their prices on the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_campaign as small

from nci_core.campaign import Campaign
from nci_core.jobs.lock import EngineStatus, write_status
from nci_core.labels.builtin_recipes import find_recipe
from nci_core.store import jobs, labels

Nci = Callable[..., Any]


@pytest.fixture
def work(tmp_path: Path, host: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    campaign = small.sampled(tmp_path / "work", host, recipe="standard", more_recipes=["quick"])
    campaign.store.close()
    monkeypatch.setenv("NCI_CAMPAIGN", str(tmp_path / "work"))
    return tmp_path / "work"


def test_labels_of_a_named_recipe_are_queued(nci: Nci, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nci_core.jobs.ensure_engine", lambda *arguments, **options: None)
    first, second = _pool(work)[:2]
    assert "2 labels queued" in nci("label", first, second, "--recipe", "quick", "--no-wait").out
    assert "1 label queued" in nci("label", first, "--no-wait").out
    with Campaign.open(work).store as store:
        counts = {name: len(labels.fetch(store, find_recipe(name).hash)) for name in ("quick", "standard")}
    assert counts == {"quick": 2, "standard": 1}
    status = json.loads(nci("status", "--json").out)
    assert status["labels"]["pool"] == {"waiting": 1}
    assert status["labels_of_other_recipes"]["quick"]["pool"] == {"waiting": 2}
    assert "has no recipe" in nci("label", first, "--recipe", "fast").sentence()
    assert "name that one last" in nci("finetune", "--recipes", "standard,quick").sentence()
    assert "recipe standard only" in nci("label", "--test", "--recipe", "quick").sentence()


def test_prices_of_all_recipes(nci: Nci, work: Path) -> None:
    rows = {row["recipe"]: row for row in json.loads(nci("costs", "--json").out)}
    assert list(rows) == ["standard", "quick"]
    assert rows["standard"]["cpu_minutes"] > rows["quick"]["cpu_minutes"]
    assert all(row["low_minutes"] < row["cpu_minutes"] < row["high_minutes"] for row in rows.values())
    assert "from the size alone" in rows["quick"]["source"]
    held_out = {row["what"]: row for row in json.loads(nci("costs", "--held-out", "--json").out)}
    assert set(held_out) == {"he-benzene", "he-ethylene", "he-benzene → he-ethylene", "he-ethylene → he-benzene"}


def test_a_label_that_cannot_start_says_why(nci: Nci, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker is large enough; it is said once, not for each label."""

    def start(*arguments: Any, **options: Any) -> None:
        write_status(work, EngineStatus(True, "ready", sizes=((0.001, 0),)))

    def wait(store: Any, numbers: list[int], *, on_change: Callable[[Any], None], **options: Any) -> list[Any]:
        waiting = [jobs.get(store, number) for number in numbers]
        for job in waiting:
            on_change(job)
        return waiting

    monkeypatch.setattr("nci_core.jobs.ensure_engine", start)
    monkeypatch.setattr("nci_core.jobs.wait", wait)
    said = nci("label", *_pool(work)[:2]).err
    assert said.count("GB of memory and the largest worker has 0.001") == 1


def _pool(work: Path) -> list[int]:
    campaign = Campaign.open(work)
    found = small.pool(campaign)
    campaign.store.close()
    return found
