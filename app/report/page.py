"""The frame of a report: style, one copy of each drawing program, figures in light and dark, tables."""

import json
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from app.components.mounted import SCRIPTS, joined
from nci_core.rounding import number_text

#: Tables with more rows scroll on a screen.
LONG = 25


@dataclass
class Page:
    """An HTML document that grows by pieces; all text given to it is escaped."""

    title: str
    parts: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)

    def heading(self, text: str, level: int = 2) -> None:
        """A heading."""
        self.parts.append(f"<h{level}>{escape(text)}</h{level}>")

    def text(self, text: str, *, quiet: bool = False, kind: str = "") -> None:
        """A paragraph; `kind` is a class of the style, such as 'bad'."""
        classes = " ".join(filter(None, ("quiet" if quiet else "", kind)))
        self.parts.append(f'<p class="{classes}">{escape(text)}</p>' if classes else f"<p>{escape(text)}</p>")

    def code(self, lines: list[str]) -> None:
        """Commands as they are typed."""
        self.parts.append("<pre><code>" + escape("\n".join(lines)) + "</code></pre>")

    def table(self, table: pd.DataFrame, *, formats: dict[str, str] | None = None, name: str = "") -> None:
        """A table; `formats` maps a column to a format such as '+.2f'; columns of text are left-aligned."""
        chosen = formats or {}
        textual = {
            column: column not in chosen and not pd.api.types.is_numeric_dtype(table[column]) for column in table
        }
        rows = ["".join(_cell("th", str(column), textual[column]) for column in table.columns)]
        for record in table.to_dict("records"):
            cells = [_cell("td", _text(value, chosen.get(str(c), "")), textual[c]) for c, value in record.items()]
            rows.append("".join(cells))
        body = "".join(f"<tr>{row}</tr>" for row in rows[1:])
        marked = f' id="{escape(name)}"' if name else ""
        kind = "scroll" if len(rows) > LONG else "wide"
        head = f'<div class="{kind}"><table{marked}><thead><tr>{rows[0]}</tr></thead>'
        self.parts.append(f"{head}<tbody>{body}</tbody></table></div>")

    def figure(self, light: go.Figure, dark: go.Figure, caption: str = "") -> None:
        """The same figure for both themes."""
        height = int(light.layout.height or 400)
        name = self._kept({"light": json.loads(str(light.to_json())), "dark": json.loads(str(dark.to_json()))})
        self._placed(f'<div data-figure="{name}" style="width:100%;height:{height}px"></div>', caption)

    def plots(
        self, light: list[dict[str, Any]], dark: list[dict[str, Any]], titles: list[str], caption: str = ""
    ) -> None:
        """Plots of the dashboard side by side, the last one a little wider if it alone has a colour bar.

        Each is {data: as of `plot.message`, points: encoded}, the first the tool bar {data} of all.
        """
        name = self._kept({"light": light, "dark": dark})
        frame = joined("plot.html")
        panels = "".join(
            f'<div class="panel"><h3>{escape(title)}</h3>{frame}<div class="drawing"></div></div>' for title in titles
        )
        last = 1.22 if light[-1]["points"]["bar"] and not light[1]["points"]["bar"] else 1
        columns = "1fr " * (len(titles) - 1) + f"{last}fr"
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
        note = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
        self.parts.append(f"<figure>{drawn}{note}</figure>")

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


@cache
def _file(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _cell(tag: str, text: str, left: bool) -> str:
    kind = {"passed": "good", "FAILED": "bad"}.get(text, "")
    classes = " ".join(filter(None, ("text" if left else "", kind)))
    return f'<{tag} class="{classes}">{escape(text)}</{tag}>' if classes else f"<{tag}>{escape(text)}</{tag}>"


def _text(value: object, spec: str) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_text(value, spec)
    return "—" if value is None else str(value)
