"""The picture of the Overview: maps, curve and slider on one canvas, and no rerun of the page from round to round."""

from typing import Any

from app.components.mounted import mounted

SCRIPTS = ("picture_compose.js", "plot_scales.js", "field_paint.js", "overview_paint.js", "overview.js", "plot_svg.js")
HTML = """<div class="nci-overview"><div class="picture"><canvas role="img"></canvas>
<div class="rounds" hidden><button type="button" class="play" aria-label="Play">▶</button>
<input type="range" min="0" max="0" step="1" aria-label="Round"></div>
<div class="saves" role="group" aria-label="Save"><button type="button" data-save="png">PNG</button>
<button type="button" data-save="svg">SVG</button></div><div class="tip"></div>
<div class="said" role="status"></div></div></div>"""


def show(content: dict[str, Any], *, key: str) -> None:
    """Draw what `app.figures.overview.overview_content` made; it takes the height that the window leaves."""
    mounted("overview", HTML, *SCRIPTS, style="overview.css")(key=key, data=content)
