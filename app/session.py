"""What every page starts from: the campaign, the unit, the colours and who is sitting there."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path

import numpy as np
import numpy.typing as npt
import streamlit as st

from app.data.errors import TOGETHER
from app.text import Markdown, code, plain
from app.theme import Palette, palette
from nci_core.campaign import Campaign, home, list_campaigns
from nci_core.campaign.systems import System
from nci_core.config import FILE_NAME
from nci_core.errors import InputError, NCIError
from nci_core.labels.label_errors import label_text
from nci_core.store import DATABASE_NAME
from nci_core.store.schema import Model
from nci_core.switches import read_only
from nci_core.systems import Dimer, Monomer
from nci_core.units import UNITS, EnergyUnit, unit

#: Campaigns shown first, in this order; the others follow by name.
FIRST = ("he-ethylene-demo", "he-benzene", "he-ethylene", "he-aromatics")


@dataclass(frozen=True)
class Context:
    """One person's view of one campaign.

    Attributes:
        campaign: open campaign.
        system: the one whose maps, cuts and planes are drawn.
        every_system: tables and figures of errors are of all systems, not of that one alone.
        unit: energy unit of everything shown.
        colours: palette of the current theme.
        model: the student in use, None before the first.
        read_only: nothing can be changed.
    """

    campaign: Campaign
    system: System
    every_system: bool
    unit: EnergyUnit
    colours: Palette
    model: Model | None
    read_only: bool

    @property
    def folder(self) -> str:
        """Campaign folder as a cache key."""
        return str(self.campaign.folder)

    @property
    def dimer(self) -> Dimer:
        """Host and probe of the system that is drawn."""
        return self.system.dimer

    @property
    def host(self) -> Monomer:
        """Its host."""
        return self.system.dimer.a

    @property
    def several(self) -> bool:
        """Whether the campaign has more than one system."""
        return len(self.campaign.systems) > 1

    @property
    def scope(self) -> int | None:
        """The system that tables and errors are of, by its number; None where they are of all systems."""
        return self.system.id if self.several and not self.every_system else None

    @property
    def averaged(self) -> tuple[System, ...]:
        """The systems that one number is averaged over: never those that nothing is trained on with the others."""
        return self.campaign.training_systems if self.every_system else (self.system,)

    @property
    def whose(self) -> Markdown:
        """What stands behind errors in a campaign of several systems: whose they are; else empty."""
        return f" of {plain(TOGETHER if self.every_system else self.system.title)}" if self.several else ""

    @property
    def person(self) -> str:
        """Who picks; the name field of the Select page."""
        return str(st.session_state.get("signed_in_as") or st.session_state.get("person") or default_person())

    def convert(self, energy_ev: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """eV → the unit shown."""
        return np.asarray(energy_ev, dtype=float) * self.unit.per_ev

    def text(self, energy_ev: float | None, std_ev: float | None = None, *, signed: bool = False) -> str:
        """An energy, with its standard error where that is known, and its unit; or a dash."""
        if energy_ev is None or not np.isfinite(energy_ev):
            return "—"
        return f"{label_text(energy_ev, std_ev, self.unit, signed=signed)} {self.unit.label}"


def default_person() -> str:
    """Who signed in, else the login name of whoever runs the app, else 'me'."""
    named = (os.environ.get(name) for name in ("NCI_USER", "USER", "LOGNAME"))
    return str(st.session_state.get("signed_in_as") or next(filter(None, named), "me"))


def campaign_folders() -> list[Path]:
    """Campaign folders, the demo first."""
    order = {name: k for k, name in enumerate(FIRST)}
    return sorted(list_campaigns(), key=lambda folder: (order.get(folder.name, len(FIRST)), folder.name))


@st.cache_resource(show_spinner=False, max_entries=16)
def open_campaign(folder: str, as_reader: bool, stamp: tuple[int, int]) -> Campaign:
    """An open campaign, shared by all sessions; `stamp` changes when its settings or database are replaced."""
    return Campaign.open(folder, read_only=as_reader)


def settings_changed_ns(folder: Path) -> int:
    """When a campaign's settings were last written, in ns; 0 where there are none."""
    try:
        return (folder / FILE_NAME).stat().st_mtime_ns
    except OSError:
        return 0


def load_campaign(folder: Path) -> Campaign:
    """The campaign of a folder; raises NCIError in one sentence."""
    try:
        database = (folder / DATABASE_NAME).stat().st_ino
    except OSError:  # on a server, or it is missing: opening says which
        database = 0
    return open_campaign(str(folder), read_only(), (settings_changed_ns(folder), database))


def current_unit() -> EnergyUnit:
    """The unit chosen in the sidebar; cm⁻¹ at first."""
    key = st.session_state.get("unit", "cm1")
    return unit(key if key in UNITS else "cm1")


def current_palette() -> Palette:
    """Colours for the theme the browser shows."""
    theme = getattr(st.context, "theme", None)
    return palette(getattr(theme, "type", None))


def context() -> Context:
    """The context of this run; raises NCIError when no campaign is open."""
    folder = st.session_state.get("campaign_folder")
    if folder is None:
        raise InputError("No campaign is open; choose one in the sidebar.")
    campaign, chosen = load_campaign(Path(folder)), st.session_state.get("drawn_system")
    return Context(
        campaign,
        next((system for system in campaign.systems if system.name == chosen), campaign.systems[0]),
        bool(st.session_state.get("every_system")) and len(campaign.systems) > 1,
        current_unit(),
        current_palette(),
        campaign.active_model(),
        read_only(),
    )


@contextmanager
def errors_shown() -> Iterator[None]:
    """Show errors raised on purpose as their sentence, and any other as one sentence without a traceback."""
    try:
        yield
    except NCIError as error:
        st.error(plain(error), icon=":material/error:")
    except Exception as error:
        # Streamlit steers with exceptions of its own (stop, rerun, switch page); they must pass.
        if type(error).__module__.startswith("streamlit.runtime.scriptrunner"):
            raise
        import logging

        logging.getLogger("nci.app").exception("a page failed")
        said = plain(f"{type(error).__name__}: {error}")
        st.error(
            f"Something unexpected went wrong on this page ({said}). Nothing was lost. Reload the page; if it "
            "happens again, report it with the lines in the terminal.",
            icon=":material/bug_report:",
        )


def guarded(
    view: Callable[..., None],
    before: Callable[[Context], None] | None = None,
    *,
    always: bool = False,
) -> Callable[[], None]:
    """A page: its context, with every error shown as one sentence. `before` draws what stands above it.

    One that is shown `always` gets None where there is no campaign, or none that opens.
    """

    @wraps(view)
    def page() -> None:
        with errors_shown():
            now = None
            try:
                now = context()
            except NCIError:
                if not always and st.session_state.get("campaign_folder") is not None:
                    st.title("This campaign cannot be opened")
                    raise
            if now is not None and before is not None:
                before(now)
            if now is None and not always:
                no_campaign()
            else:
                view(now)

    page.__name__ = view.__module__.rsplit(".", 1)[-1]
    return page


def no_campaign() -> None:
    """What a person sees before the first campaign."""
    st.title("No campaign yet")
    st.markdown(
        f"A campaign holds the configurations, energies and models of one complex. None was found in {code(home())}."
    )
    if st.button("New campaign", type="primary", icon=":material/add:", key="first_campaign"):
        st.switch_page(st.session_state["pages"]["new-campaign"], query_params={})
    st.caption("Campaigns are looked for in the folder named by the environment variable NCI_HOME.")
