"""The sidebar: which campaign, in which unit, with which model; and what is running, on every page."""

from pathlib import Path

import streamlit as st

from app import demo, tour
from app.data import jobs as job_data
from app.data import versions
from app.session import campaign_folders, errors_shown, load_campaign
from app.text import plain
from app.views.trust import sidebar_warning
from nci_core.campaign import Campaign
from nci_core.switches import read_only
from nci_core.units import UNITS
from nci_core.visible import visible

#: Seconds between two looks at the queue, while something runs and while nothing does.
BUSY_POLL, IDLE_POLL = 2.0, 15.0


def show_sidebar() -> None:
    """Draw it and put the chosen campaign into the session."""
    with st.sidebar:
        folders = {folder.name: folder for folder in campaign_folders()}
        if not folders:
            st.session_state["campaign_folder"] = None
            return
        _from_address(folders)
        _keep("campaign")
        _keep("unit")
        name = _choose_campaign(folders)
        st.selectbox(
            "Energy unit",
            list(UNITS),
            format_func=lambda key: UNITS[key].label,
            key="unit",
            help="Changes every axis, table and number of the app.",
        )
        st.session_state["campaign_folder"] = str(folders[name])
        st.session_state["kept_campaign"], st.session_state["kept_unit"] = name, st.session_state["unit"]
        _to_address(name)
        with errors_shown():
            _about(load_campaign(folders[name]))


def _from_address(folders: dict[str, Path]) -> None:
    """Take campaign and unit from a shared link, once a session."""
    if st.session_state.get("address_read"):
        return
    st.session_state["address_read"] = True
    asked = st.query_params.get("campaign")
    if asked in folders:
        st.session_state["campaign"] = asked
    unit = st.query_params.get("unit")
    if unit in UNITS:
        st.session_state["unit"] = unit


def _keep(key: str) -> None:
    """Give a widget its value back: Streamlit forgets it when one page sends the reader to another."""
    if key not in st.session_state and f"kept_{key}" in st.session_state:
        st.session_state[key] = st.session_state[f"kept_{key}"]


def _to_address(name: str) -> None:
    """Keep the address such that it can be shared."""
    wanted = {"campaign": name, "unit": str(st.session_state.get("unit", "cm1"))}
    for key, value in wanted.items():
        if st.query_params.get(key) != value:
            st.query_params[key] = value


def _title(folder: Path) -> str:
    """The campaign's title, or the folder's name if it cannot be opened."""
    try:
        return visible(load_campaign(folder).title)
    except Exception:  # the page itself says what is wrong with it
        return visible(folder.name)


def _choose_campaign(folders: dict[str, Path]) -> str:
    names = list(folders)
    if st.session_state.get("campaign") not in names:
        st.session_state.pop("campaign", None)
    titles = {name: _title(folder) for name, folder in folders.items()}
    chosen = st.selectbox("Campaign", names, format_func=lambda name: titles[name], key="campaign")
    return chosen if chosen in folders else names[0]


def _about(campaign: Campaign) -> None:
    model = campaign.active_model()
    recipe = campaign.recipe
    beside = ", ".join(f"*{plain(other.name)}*" for other in campaign.recipes[1:])
    st.markdown(
        f"**Student** {plain(job_data.model_name(model)) if model else 'none yet'}  \n"
        f"**Teacher** {plain(' + '.join(campaign.teacher_specs))}  \n"
        f"**Labels** {plain(recipe.method)}, recipe *{plain(recipe.name)}*"
        + (f", beside it {beside}" if beside else ""),
        help=plain(f"Recipe {recipe.name} (version {recipe.version}, {recipe.hash}): {recipe.basis_name}.") + " "
        "Energies of different recipes are different quantities and never mix: errors are against this one.",
    )
    sidebar_warning(model)
    if read_only():
        st.info("Read-only demonstration", icon=":material/lock:")
    if not tour.shown(campaign):
        st.button("Take the tour", icon=":material/tour:", type="tertiary", key="tour_start", on_click=tour.begin)
    demo.show_reset(campaign)
    busy = job_data.is_busy(campaign.store)
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
    busy = job_data.is_busy(campaign.store)
    return (str(campaign.folder), versions.model_version(campaign.store), busy)


def _running(campaign: Campaign) -> None:
    """The banner, looked up again every few seconds; when a model or the queue changes, the whole page follows."""
    with errors_shown():
        counts = job_data.active_counts(campaign.store)
        if counts["running"] or counts["waiting"]:
            parts = [f"{n} {state}" for state, n in counts.items() if n]
            st.info(f"Calculations: {plain(', '.join(parts))}", icon=":material/progress_activity:")
        if _versions(campaign) != st.session_state.get("seen_versions"):
            st.rerun(scope="app")
