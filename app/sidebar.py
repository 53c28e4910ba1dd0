"""The sidebar: which campaign, in which unit, with which model; and what is running, on every page."""

from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import streamlit as st

from app import cached, demo, tour
from app.components.mounted import mounted
from app.data import jobs as job_data
from app.data.notices import Counts, Notice, news
from app.figures.blind import blind_sentence
from app.session import campaign_folders, context, errors_shown, load_campaign, settings_changed_ns
from app.text import distinct, plain
from app.views.outcome import outcome_sentence
from app.views.trust import sidebar_warning
from nci_core.campaign import Campaign
from nci_core.config import read_settings
from nci_core.errors import NCIError
from nci_core.store import job_queries, label_queries, versions
from nci_core.store.base import ACTIVE
from nci_core.switches import read_only
from nci_core.units import UNITS
from nci_core.visible import visible

#: Seconds between two looks at the queue, while something runs and while nothing does.
BUSY_POLL, IDLE_POLL = 2.0, 15.0
STATE_ICONS = {"running": ":material/progress_activity:", "waiting": ":material/hourglass_empty:"}


def show_sidebar() -> None:
    """Draw it and put the chosen campaign into the session."""
    with st.sidebar:
        folders = {folder.name: folder for folder in campaign_folders()}
        if not folders:
            st.session_state["campaign_folder"] = None
            return
        _from_address(folders)
        name = _choose_campaign(folders)
        st.selectbox(
            "Energy unit",
            list(UNITS),
            format_func=lambda key: UNITS[key].label,
            key="unit",
            persist_state="session",
            help="Changes every axis, table and number of the app.",
        )
        st.session_state["campaign_folder"] = str(folders[name])
        _to_address(campaign=name, unit=str(st.session_state["unit"]))
        mounted("back")(key="back", height=1)
        try:
            campaign = load_campaign(folders[name])
        except NCIError:
            st.caption("It cannot be opened; the page says why.")
            return
        with errors_shown():
            _choose_system(campaign)
            _about(campaign)


def _from_address(folders: dict[str, Path]) -> None:
    """Take the campaign that a page has opened; and campaign and unit from a shared link, once a session."""
    opened = st.session_state.pop("open_campaign", None)
    if opened in folders:
        st.session_state["campaign"] = opened
    if st.session_state.get("address_read"):
        return
    st.session_state["address_read"] = True
    asked = st.query_params
    if asked.get("campaign") in folders:
        st.session_state["campaign"] = asked["campaign"]
    if asked.get("unit") in UNITS:
        st.session_state["unit"] = asked["unit"]
    if "system" in asked:
        st.session_state["drawn_system"] = asked["system"]
    if asked.get("systems") == "all":
        st.session_state["every_system"] = True


def _to_address(**wanted: str) -> None:
    """Keep the address such that it can be shared."""
    if any(st.query_params.get(key) != value for key, value in wanted.items()):
        st.query_params.update(wanted)


@st.cache_data(show_spinner=False, max_entries=256)
def _title(folder: Path, changed_ns: int) -> str:
    """The campaign's title as its settings have it, or the folder's name; no other than the chosen one is opened."""
    title = ""
    with suppress(Exception):  # the page itself says what is wrong with it
        title = read_settings(folder).title
    return visible(title or folder.name)


def _choose_campaign(folders: dict[str, Path]) -> str:
    names = list(folders)
    if st.session_state.get("campaign") not in names:
        st.session_state.pop("campaign", None)
    titles = distinct({name: _title(folder, settings_changed_ns(folder)) for name, folder in folders.items()})
    chosen = st.selectbox("Campaign", names, format_func=titles.__getitem__, key="campaign", persist_state="session")
    return chosen if chosen in folders else names[0]


def _choose_system(campaign: Campaign) -> None:
    """Which of several systems is drawn, and whether tables are of all; nothing in a campaign of one."""
    titles = {system.name: visible(system.title) for system in campaign.systems}
    if len(titles) < 2:
        for name in ("system", "systems"):
            st.query_params.pop(name, None)
        return
    if st.session_state.get("drawn_system") not in titles:
        st.session_state["drawn_system"] = campaign.systems[0].name
    shown = st.selectbox(
        "System",
        list(titles),
        format_func=titles.__getitem__,
        key="drawn_system",
        persist_state="session",
        help="Maps, cuts and planes are of this one. No student is ever fitted to a transfer system: it is only "
        "tested on.",
    )
    every = st.toggle(
        "All systems in tables and errors",
        key="every_system",
        persist_state="session",
        help="Tables have each system and all training systems together, not the chosen one alone; errors over "
        "rounds are of all training systems together.",
    )
    _to_address(system=str(shown), systems="all" if every else "one")


def _about(campaign: Campaign) -> None:
    model = campaign.active_model()
    recipe = campaign.recipe
    others = ", ".join(f"*{plain(other.name)}*" for other in campaign.recipes[1:])
    st.markdown(
        f"**Student** {plain(job_data.model_name(model)) if model else 'none yet'}  \n"
        f"**Teacher** {plain(' + '.join(campaign.teacher_specs))}  \n"
        f"**Labels** {plain(recipe.method)}, recipe *{plain(recipe.name)}*" + (f"; also {others}" if others else ""),
        help=plain(f"Recipe {recipe.name} (version {recipe.version}, {recipe.hash}): {recipe.basis_name}.") + " "
        "Energies of different recipes are different quantities and are never mixed: errors are against this one.",
    )
    sidebar_warning(model)
    if read_only():
        st.info("Read-only demonstration", icon=":material/lock:")
    if tour.running(campaign) is None:
        st.button("Take the tour", icon=":material/tour:", type="tertiary", key="tour_start", on_click=tour.begin)
    demo.show_reset(campaign)
    busy = job_queries.is_busy(campaign.store)
    _fingerprint(campaign)
    st.fragment(_running, run_every=BUSY_POLL if busy else IDLE_POLL)(campaign)


def _fingerprint(campaign: Campaign) -> None:
    st.session_state["seen_versions"] = _versions(campaign)
    model = campaign.active_model()
    seen = st.session_state.get("seen_model")
    now = (str(campaign.folder), model.id if model else None)
    if seen is not None and seen[0] == now[0] and seen[1] != now[1] and model is not None:
        st.toast(f"In use now: {plain(job_data.model_name(model))}.", icon=":material/model_training:", duration="long")
    st.session_state["seen_model"] = now


def _versions(campaign: Campaign) -> tuple[object, ...]:
    busy = job_queries.is_busy(campaign.store)
    return (str(campaign.folder), versions.model_version(campaign.store), busy)


def _running(campaign: Campaign) -> None:
    """What runs and what has ended, looked up every few seconds; a new model changes the whole page."""
    with errors_shown():
        counts = job_queries.counts_by_kind(campaign.store)
        _notice(campaign, counts)
        if _versions(campaign) != st.session_state.get("seen_versions"):
            st.rerun(scope="app")  # what was noticed is said in that run: this one's toasts would be lost
        for state in ACTIVE:
            found = {kind: n for (kind, of), n in counts.items() if of == state and n}
            if found:
                parts = [f"{n} {job_data.name_of(kind, n)}" for kind, n in found.items()]
                st.info(f"{job_data.STATES[state].capitalize()}: {plain(', '.join(parts))}", icon=STATE_ICONS[state])
        _say(campaign)


def _notice(campaign: Campaign, counts: Counts) -> None:
    """Keep what has ended since the last look at this campaign, to be said."""
    folder = str(campaign.folder)
    seen = st.session_state.get("seen_jobs")
    st.session_state["seen_jobs"] = (folder, counts)
    if seen is not None and seen[0] == folder:
        st.session_state.setdefault("to_say", []).extend(news(seen[1], counts))


def _say(campaign: Campaign) -> None:
    """Toasts; and a notification of the browser for the last of them that somebody waits for, if it was allowed."""
    for notice in st.session_state.pop("to_say", []):
        text = notice.text + _payoff(campaign, notice)
        icon = ":material/check_circle:" if notice.good else ":material/error:"
        st.toast(plain(text), icon=icon, duration="long" if notice.last else "short")
        if notice.last:
            st.session_state["news"] = {"id": uuid4().hex, "title": visible(campaign.title), "text": text}
    mounted("notify")(key="notify", data={"news": st.session_state.get("news")})


def _payoff(campaign: Campaign, notice: Notice) -> str:
    """What it brought: the newest label beside its prediction, or the test error before and after a fit."""
    now = context()
    if notice.kind == "label" and notice.good:
        number = label_queries.newest(campaign.store, campaign.recipe.hash)
        rows = cached.blind_predictions(now)
        return f" {blind_sentence(rows.loc[number], now.unit)}" if number in rows.index else ""
    if notice.kind == "finetune" and notice.good:
        return f" {brought}" if (brought := outcome_sentence(now)) else ""
    return ""
