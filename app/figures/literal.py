"""Names and titles in figures. Plotly reads some HTML, formulas between dollars and %{fields} in them."""

import html

from nci_core.visible import visible


def literal(value: object) -> str:
    """What Plotly shows as the text of a value.

    >>> literal("<b>5% $x$</b>")
    '&lt;b&gt;5&#37; &#36;x&#36;&lt;/b&gt;'
    """
    text = html.escape(visible(value), quote=False)
    return text.replace("$", "&#36;").replace("%", "&#37;")


def read_back(shown: str) -> str:
    """The text that `literal` made, for a table of what is drawn."""
    return html.unescape(shown.replace("<br>", " "))
