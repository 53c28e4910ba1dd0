"""A button that copies the address of the page: opened elsewhere, it shows the same."""

from app.components.mounted import mounted

HTML = """<div class="nci-link"><button type="button" title="Copy the address of this view">Copy link</button>
<span role="status"></span></div>"""


def copy_link(more: dict[str, str] | None = None) -> None:
    """Draw it; `more` are parameters that the link has besides those of the address."""
    mounted("copy_link", HTML, "copy_link.js", style="copy_link.css")(key="copy-link", data={"more": more or {}})
