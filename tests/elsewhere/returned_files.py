"""Files that come back from elsewhere, and the rows that they belong to."""

import json
from pathlib import Path
from typing import Any

from tiny_label import TINY

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.elsewhere import Exported
from nci_core.store import configurations, labels
from nci_core.store.schema import Configuration, Label

Computed = tuple[Campaign, Exported, bytes]


def row_of(campaign: Campaign, number: int) -> Configuration:
    return configurations.fetch(campaign.store, ids=[number])[0]


def label_of(campaign: Campaign, number: int) -> Label:
    return next(r for r in labels.fetch(campaign.store, campaign.recipe.hash) if r.configuration_id == number)


def put(folder: Path, content: bytes | dict[str, Any], name: str = "result-pyscf.json") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    (folder / name).write_bytes(data)
    return folder


def label_folder(campaign: Campaign, number: int) -> str:
    return f"{row_of(campaign, number).geometry_hash}-{TINY.hash}"
