"""Buttons that save a row of Plotly figures as one picture, in the browser."""

from collections.abc import Sequence

from app.components.mounted import mounted

SCRIPTS = ("picture_compose.js", "picture.js")
HTML = """<div class="nci-picture"><button type="button" data-kind="png">Picture (PNG)</button>
<button type="button" data-kind="svg">Drawing (SVG)</button><div class="said" role="status"></div></div>"""


def save_buttons(figures: Sequence[str], *, title: str, file: str, key: str) -> None:
    """PNG and SVG of the figures with these keys together, under a title, saved as `file` with the suffix."""
    mounted("picture", HTML, *SCRIPTS, style="picture.css")(
        key=key, data={"figures": list(figures), "title": title, "file": file}
    )
