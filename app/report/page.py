"""The frame of a report: style, one copy of each drawing program, figures in light and dark, tables."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from app.components.mounted import SCRIPTS, joined
from app.components.plot import Marks, message, toolbar_message
from app.components.plot_content import PlotContent
from app.components.plot_encoding import encode
from app.theme import DARK, LIGHT, Palette
from nci_core.rounding import number_text

#: Tables with more rows scroll on a screen.
LONG = 25
#: Cells that are coloured: text → class of the style.
ANSWERS = {"passed": "good", "FAILED": "bad"}


@dataclass
class Page:
    """An HTML document that grows by pieces; all text given to it is escaped."""

    title: str
    parts: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)

    def heading(self, text: str, level: int = 2) -> None:
        """A heading."""
        self.parts.append(_element(f"h{level}", text))

    def text(self, text: str, *, kind: str = "") -> None:
        """A paragraph; `kind` is a class of the style, such as 'bad' or 'quiet'."""
        self.parts.append(_element("p", text, kind))

    def code(self, lines: list[str]) -> None:
        """Commands as they are typed."""
        self.parts.append(f"<pre>{_element('code', chr(10).join(lines))}</pre>")

    def table(self, table: pd.DataFrame, *, formats: dict[str, str] | None = None, name: str = "") -> None:
        """A table; `formats` maps a column to a format such as '+.2f'; columns of text are left-aligned."""
        formats = formats or {}
        textual = [c for c in table if c not in formats and not pd.api.types.is_numeric_dtype(table[c])]
        kinds = {column: "text" if column in textual else "" for column in table}
        head = "".join(_element("th", str(column), kind) for column, kind in kinds.items())
        body = ""
        for record in table.to_dict("records"):
            cells = {column: _text(value, formats.get(str(column), "")) for column, value in record.items()}
            row = "".join(_element("td", text, kinds[column], ANSWERS.get(text, "")) for column, text in cells.items())
            body += f"<tr>{row}</tr>"
        marked = f' id="{escape(name)}"' if name else ""
        kind = "scroll" if len(table) >= LONG else "wide"
        top = f'<div class="{kind}"><table{marked}><thead><tr>{head}</tr></thead>'
        self.parts.append(f"{top}<tbody>{body}</tbody></table></div>")

    def figure(self, draw: Callable[[Palette], go.Figure], caption: str) -> None:
        """A figure, drawn for both themes."""
        light, dark = draw(LIGHT), draw(DARK)
        name = self._kept({"light": json.loads(str(light.to_json())), "dark": json.loads(str(dark.to_json()))})
        self._placed(f'<div data-figure="{name}" style="width:100%;height:{light.layout.height}px"></div>', caption)

    def plots(self, draw: Callable[[Palette], dict[str, PlotContent]], caption: str, **look: Any) -> None:
        """Plots of the dashboard side by side, by title; `look` as in `plot.message`.

        The last one is a little wider if it alone has a colour bar.
        """
        group = f"row-{len(self.figures) + 1}"
        light, dark = (_row(draw(colours), colours, group, look) for colours in (LIGHT, DARK))
        bars, name = [bool(each["points"]["bar"]) for each in light[1:]], self._kept({"light": light, "dark": dark})
        frame = joined("plot.html")
        panels = "".join(
            f'<div class="panel"><h3>{escape(each["data"]["title"])}</h3>{frame}<div class="drawing"></div></div>'
            for each in light[1:]
        )
        columns = "1fr " * (len(bars) - 1) + f"{1.22 if bars[-1] and not bars[0] else 1}fr"
        row = f'<div class="row" data-plots="{name}" style="grid-template-columns:{columns}">'
        self._placed(f"{row}<div>{frame}</div>{panels}</div>", caption)

    def _kept(self, both: dict[str, Any]) -> str:
        """The name under which the document holds a figure for both themes."""
        name = f"figure-{len(self.figures) + 1}"
        # "</script>" inside a string would end the element, and "<!--<script>" would keep its end from being seen.
        content = json.dumps(both, separators=(",", ":")).replace("<", "\\u003c")
        self.figures.append(f'<script type="application/json" id="{name}">{content}</script>')
        return name

    def _placed(self, drawn: str, caption: str) -> None:
        self.parts.append(f"<figure>{drawn}{_element('figcaption', caption)}</figure>")

    def pair(self, start: bool) -> None:
        """Two columns for what comes between pair(True) and pair(False)."""
        self.parts.append('<div class="pair">' if start else "</div>")

    def html(self) -> str:
        """The document."""
        style, script = joined("plot.css"), joined(*SCRIPTS["plot"])
        return "\n".join(
            [
                '<!doctype html><html lang="en"><head><meta charset="utf-8">',
                '<meta name="viewport" content="width=device-width, initial-scale=1">',
                f"<title>{escape(self.title)}</title><style>{_file('report.css')}{style}</style></head><body>",
                *self.parts,
                *self.figures,
                f"<script>{get_plotlyjs()}</script>",
                # A module's default export is what mounts a plot; a page without modules takes it from a function.
                f"<script>const mount = (() => {{ {script.replace('export default', 'return')} }})();",
                f"{_file('report.js')}</script></body></html>",
            ]
        )


def _row(contents: dict[str, PlotContent], colours: Palette, group: str, look: dict[str, Any]) -> list[dict[str, Any]]:
    """What the browser is told of the tool bar {data} of a row of plots, and of each: {data, points: encoded}."""
    row: list[dict[str, Any]] = [{"data": toolbar_message(colours, key=group, group=group, pick=False)}]
    shared = {"group": group, "pick": False, "tools": False, "grow": False, "kinds": ()} | look
    for number, (title, content) in enumerate(contents.items(), start=1):
        encoded, name = encode(content, colours), f"{group}-{number}"
        data = message(encoded, colours, Marks(), key=name, file=name, title=title, **shared)
        row.append({"data": data, "points": encoded})
    return row


@cache
def _file(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _element(tag: str, text: str, *kinds: str) -> str:
    """Text, escaped, in an element of these classes."""
    kind = " ".join(filter(None, kinds))
    marked = f' class="{kind}"' if kind else ""
    return f"<{tag}{marked}>{escape(text)}</{tag}>"


def _text(value: object, spec: str) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_text(value, spec)
    return "—" if value is None else str(value)
