"""A page is a function and a line in PAGES, as CONTRIBUTING.md says; here for the lowest label."""

from pathlib import Path

import pytest
import streamlit as st
from pages import text
from streamlit.testing.v1 import AppTest

import app.main as entry
from app import cached
from app.data.configurations import configuration_table
from app.session import Context
from nci_core.campaign import Campaign
from nci_core.labels.label_errors import label_text
from nci_core.units import UNITS


def show(context: Context) -> None:
    """What would be in `app/views/lowest.py`."""
    st.title("Lowest label")
    labels = cached.table(context)["label_ev"].dropna()
    if labels.empty:
        st.info("There are no labels yet.")
        return
    st.markdown(f"Configuration {labels.idxmin()}: {context.text(float(labels.min()))}")


@pytest.fixture
def with_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """PAGES with a line more, and that page first, since AppTest opens the first one."""
    monkeypatch.setattr(entry, "PAGES", (*entry.PAGES, (show, "Lowest label", "lowest", ":material/south:")))
    monkeypatch.setattr(entry, "FIRST", "lowest")


def _dashboard() -> None:
    from app.main import main

    main()


@pytest.mark.usefixtures("with_a_page")
def test_a_new_page_has_the_sidebar_the_unit_and_the_campaign(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    lowest = configuration_table(campaign, None)["label_ev"].min()
    at = AppTest.from_function(_dashboard, default_timeout=120).run()
    assert not at.exception
    assert [title.value for title in at.title] == ["Lowest label"]
    assert at.sidebar.selectbox[0].label == "Campaign"
    for unit in ("meV", "kJ_mol"):
        at.sidebar.selectbox(key="unit").set_value(unit).run()
        assert not at.exception
        assert f": {label_text(lowest, None, UNITS[unit])} {UNITS[unit].label}\n" in text(at)
