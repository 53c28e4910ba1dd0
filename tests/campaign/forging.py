"""Changes to an archive, and that it is then refused without a trace. Imported by the tests of forged archives."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from nci_core.campaign.exchange.archive import import_campaign
from nci_core.errors import InputError

Change = Callable[[dict[str, Any]], Any]


def assert_refused(source: Path, match: str) -> None:
    before = sorted(source.parent.rglob("*"))
    with pytest.raises(InputError, match=match) as error:
        import_campaign(source, source.parent / "home" / "new")
    assert str(error.value).isprintable()
    assert sorted(source.parent.rglob("*")) == before


def change_lines(path: Path, change: Change, row: int = 0) -> None:
    found = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    change(found[row])
    path.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in found))


def change_history(path: Path, change: Change) -> None:
    history = orjson.loads((path / "history.json").read_bytes())
    change(history)
    (path / "history.json").write_bytes(orjson.dumps(history))
