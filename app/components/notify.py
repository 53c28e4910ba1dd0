"""Notifications of the browser, for whoever waits on another page or in another program."""

from app.components.mounted import mounted

HTML = '<button type="button" class="nci-notify" hidden></button>'


def show(news: dict[str, str] | None) -> None:
    """The button, and the newest news (id, title, text) once; the browser asks for permission on a click alone.

    Nothing is drawn where the browser has no notifications, as on an address that is neither local nor https.
    """
    mounted("notify", HTML, "notify.js", style="notify.css")(key="notify", data={"news": news})
