"""The first step of a new campaign: the molecule, and the atom that probes it."""

import streamlit as st

from app.background import background, under_way
from app.choices import as_written, one_of
from app.draft import (
    FILE,
    NAME,
    PREFIX,
    PROBES,
    SMILES,
    TEXTS,
    Draft,
    Upload,
    built_in_names,
    named_with_formula,
    value,
)
from app.draft_address import keep
from app.text import plain
from nci_core.systems.reading.structure_file import MOST_BYTES, READERS


def show_molecule(now: Draft) -> None:
    """Choose it, and see at once what was understood."""
    kind = one_of(
        st,
        "Molecule from",
        as_written([SMILES, FILE, NAME]),
        key=f"{PREFIX}kind",
        first=SMILES,
        titled=True,
        in_address=False,
        persist_state="session",
    )
    if kind == SMILES:
        st.text_input(
            "SMILES",
            key=f"{PREFIX}smiles",
            placeholder="c1ccoc1 is furan",
            max_chars=TEXTS["smiles"],
            persist_state="session",
            help="One neutral closed-shell molecule. RDKit finds conformers, MMFF94 the lowest of them, and GFN2-xTB "
            "relaxes it. For a geometry of your own, upload a file.",
        )
    elif kind == FILE:
        _upload()
    else:
        st.selectbox(
            "Molecule",
            built_in_names(),
            index=None,
            format_func=named_with_formula,
            placeholder="Type a name or a formula",
            key=f"{PREFIX}built-in",
            persist_state="session",
        )
    if now.making is not None:
        under_way(now.making, "Making the geometry")
    if now.error:
        st.error(plain(now.error), icon=":material/error:")
        if kind != NAME:
            st.button("Try again", key=f"{PREFIX}again", on_click=background().forget_errors)
    if now.host is not None:
        st.text_input(
            "Name of the molecule",
            key=f"{PREFIX}name",
            placeholder=now.host.name,
            max_chars=TEXTS["name"],
            persist_state="session",
            help="Used by the campaign and its files: letters, digits and hyphens.",
        )
    _probe()


def _upload() -> None:
    sent = st.file_uploader(
        "Structure file",
        type=[suffix.removeprefix(".") for suffix in READERS],
        key=f"{PREFIX}file",
        max_upload_size=max(MOST_BYTES // 1_000_000, 1),
        on_change=_keep,
        help="One molecule, lengths in Å unless the file says otherwise; of an sdf with several, the first.",
    )
    kept = st.session_state.get(f"{PREFIX}upload")
    if kept is not None and sent is None:
        st.caption(f"{plain(kept.name)} was uploaded before and is kept.")


def _keep() -> None:
    """Keep what was sent, before the page is drawn: the uploader forgets its file when the page changes."""
    sent = st.session_state.get(f"{PREFIX}file")
    if sent is not None:
        upload = Upload(sent.name, sent.getvalue())
        st.session_state.update({f"{PREFIX}upload": upload, f"{PREFIX}file-digest": keep(upload)})


def _probe() -> None:
    left, right = st.columns([1.6, 1], vertical_alignment="bottom")
    with left:
        one_of(
            st,
            "Probe atom",
            as_written(PROBES),
            key=f"{PREFIX}probe",
            titled=True,
            in_address=False,
            persist_state="session",
            help="The closed-shell atom whose interaction with the molecule is learned.",
        )
    with right:
        st.text_input(
            "or another",
            key=f"{PREFIX}probe-text",
            placeholder="such as Xe",
            max_chars=TEXTS["probe-text"],
            persist_state="session",
            help="Any closed-shell atom; it replaces the choice on the left.",
        )
    if value("probe-text"):
        st.caption(f"The probe is {plain(value('probe-text'))}.")
