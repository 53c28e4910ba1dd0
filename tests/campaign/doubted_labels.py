"""Labels that are computed by something else, and what becomes of them."""

from typing import Any

import pytest

from nci_core.campaign import Campaign
from nci_core.store import label_history, labels
from nci_core.store.schema import Label


def use(monkeypatch: pytest.MonkeyPatch, compute: Any) -> None:
    monkeypatch.setattr("nci_core.labels.ccsdt.compute_label", compute)


def row(campaign: Campaign, number: int) -> Label:
    return label_history.find(campaign.store, campaign.recipe.hash, number)


def used(campaign: Campaign) -> list[int]:
    found = labels.complete(campaign.store, campaign.recipe.hash, split="pool")
    return [int(number) for number in found.configuration_ids]
