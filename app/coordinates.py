"""The views of the maps: seen from the side, from above, and unrolled."""

from app.text import Markdown
from nci_core.systems import Monomer

#: Key of `nci_core.systems.map_places.map_xy` → what people read.
VIEWS = {"side": "Side", "top": "Top", "unrolled": "Unrolled"}


def views(host: Monomer) -> dict[str, Markdown]:
    """Those that tell something: nothing depends on the angle about a linear host."""
    return {"side": VIEWS["side"]} if host.linear else VIEWS


def views_help(host: Monomer) -> Markdown:
    """What the views of a host show."""
    if host.linear:
        return "Distance ρ from the molecular axis against the position z along it."
    return (
        "Side: distance ρ from the axis through the host's face against the height above the host. Top: position "
        "in the host's plane. Unrolled: angle around that axis against the height."
    )
