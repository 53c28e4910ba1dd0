"""A text that would be a picture, a link, a script, a formula or a colour wherever it is read instead of shown.

And a campaign in which whatever people and files can name is called so.
"""

import json
import re
import sqlite3
from pathlib import Path

from nci_core.config import FILE_NAME
from nci_core.store import DATABASE_NAME

#: Nobody listens there; a request to it shows that the text was read.
ADDRESS = "http://127.0.0.1:9/i"
NASTY = (
    f"[red]x[/red] [/] ![i]({ADDRESS}) [l]({ADDRESS}) {ADDRESS} <img src={ADDRESS} onerror=alert(1)> "
    f'<a href="{ADDRESS}">t</a> </script> <b>q</b> $x$ :red[y] :smile: **b** # h `c` %{{x}} --> &lt; a@b.org'
)
#: Of people and fields with little room.
SHORT = f"![i]({ADDRESS})"
#: Column → condition, of the tables of a campaign's database.
COLUMNS = {
    ("labels", "error"): "error IS NOT NULL",
    ("labels", "quarantine"): "quarantine IS NOT NULL",
    ("labels", "picked_by"): "picked_by = 'ada'",
    ("rounds", "picked_by"): "1",
    ("rounds", "notes"): "1",
    ("jobs", "error"): "error IS NOT NULL",
    ("jobs", "message"): "1",
    ("picks", "picked_by"): "1",
    ("picks", "reason"): "1",
    ("models", "device"): "1",
    ("named_sets", "person"): "1",
}


def soil(folder: Path, title: str = NASTY, but: tuple[str, ...] = ()) -> None:
    """Call everything in a campaign NASTY, apart from tables in `but` and from recipes, whose names its labels bear."""
    settings = folder / FILE_NAME
    text = settings.read_text(encoding="utf-8")
    for name, value in (("title", json.dumps(title)), ("more_teachers", json.dumps([NASTY]))):
        text = re.sub(rf"^{name} = .*$", lambda found, n=name, v=value: f"{n} = {v}", text, count=1, flags=re.MULTILINE)
    head, table, host = text.partition("[systems.host]")
    host = re.sub(r"^(name|source) = .*$", lambda found: f"{found[1]} = {json.dumps(NASTY)}", host, flags=re.MULTILINE)
    settings.write_text(f"{head}{table}{host}", encoding="utf-8")
    with sqlite3.connect(folder / DATABASE_NAME) as connection:
        for (table, column), where in COLUMNS.items():
            if table not in but:
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (NASTY,))
        connection.execute(
            "INSERT OR REPLACE INTO named_sets (name, configuration_ids, person, created_at) "
            "VALUES (?, '[1]', ?, '2026-01-01 00:00:00')",
            (NASTY, NASTY),
        )
    connection.close()
