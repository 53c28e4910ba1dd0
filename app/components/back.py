"""The browser's Back goes from page to page, and in a series of steps from step to step.

Streamlit gives every change of the address an entry of its own in the browser's history: a person who wants to leave a
page would press Back once for each number that was changed on it.
"""

from app.components.mounted import mounted


def mind_back() -> None:
    """Keep the browser's history so; nothing is seen of it."""
    mounted("back", "<span hidden></span>", "back.js")(key="back", height=1)
