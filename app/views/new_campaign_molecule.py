"""The first step of a new campaign: the molecule or several, and the atom that probes them."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from app.background import background, under_way
from app.choices import as_written, one_of
from app.draft import PROBES, ROLES, TEXTS, Draft
from app.draft_hosts import FILE, FILE_MARK, NAME, PREFIX, SMILES, Upload, keep, kept, shown, value
from app.text import Markdown, plain
from nci_core.config import MOST_SYSTEMS
from nci_core.systems import library
from nci_core.systems.reading.structure_file import MOST_BYTES, READERS

#: What the lists of further hosts are called, by role, and what is said of them.
LISTS = {
    "train": ("Also train on", "One student learns all of these hosts at once, each from its own labels."),
    "transfer": (
        "Only test on",
        "Transfer hosts: they get a test set and are never trained on, so their errors show how far the student "
        "reaches beyond what it has learned.",
    ),
}
#: What both lists take.
TAKEN = "Choose by name, type a SMILES string, or send a file below."


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
            library.names(),
            index=None,
            format_func=shown,
            placeholder="Type a name or a formula",
            key=f"{PREFIX}built-in",
            persist_state="session",
        )
    first = now.hosts[0]
    if first.making is not None:
        under_way(first.making, "Making the geometry")
    if first.error:
        st.error(plain(first.error), icon=":material/error:")
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
    if now.host is not None or now.others:
        _others(now)


def _others(now: Draft) -> None:
    """Further hosts, where they are wanted: lists by role, whose entries are taken out again by their crosses."""
    if not (value("several") or now.others):
        st.button(
            "Add another host",
            icon=":material/add:",
            type="tertiary",
            key=f"{PREFIX}add",
            on_click=st.session_state.update,
            args=({f"{PREFIX}several": True},),
        )
        return
    entries = dict.fromkeys(value("sent", [])) | {host.entry: None for host in now.others}
    for role, (label, what) in LISTS.items():
        st.multiselect(
            label,
            [*library.names(), *(entry for entry in entries if entry not in library.names())],
            format_func=shown,
            accept_new_options=True,
            max_selections=MOST_SYSTEMS - 1,
            key=f"{PREFIX}{role}",
            persist_state="session",
            placeholder="Names or SMILES strings",
            help=f"{what} {TAKEN}",
        )
    for host in now.others:
        if host.making is not None:
            under_way(host.making, f"Making the geometry of {shown(host.entry)}")
    if now.problem:
        st.error(plain(now.problem), icon=":material/error:")
    _uploader("Structure file of another host", "more-file", _add)


def _set(name: str, entered: object) -> None:
    st.session_state[PREFIX + name] = entered


def _add(digest: str) -> None:
    """Put a file that was sent into the list of those that are trained on; the other list offers it too."""
    for name in ("sent", ROLES[0]):
        _set(name, list(dict.fromkeys([*value(name, []), FILE_MARK + digest])))


def _uploader(label: Markdown, name: str, take: Callable[[str], None]) -> object:
    """Ask for a structure file; what was sent is kept before the page is drawn, and `take` gets its digest."""

    def sent() -> None:
        if (file := value(name)) is not None:
            take(keep(Upload(file.name, file.getvalue())))

    return st.file_uploader(
        label,
        type=[suffix.removeprefix(".") for suffix in READERS],
        key=PREFIX + name,
        max_upload_size=max(MOST_BYTES // 1_000_000, 1),
        on_change=sent,
        help="One molecule, lengths in Å unless the file says otherwise; of an sdf with several, the first.",
    )


def _upload() -> None:
    """The uploader forgets its file when the page changes; the session does not."""
    sent = _uploader("Structure file", "file", partial(_set, "file-digest"))
    before = kept(value("file-digest", ""))
    if before is not None and sent is None:
        st.caption(f"{plain(before.name)} was uploaded before and is kept.")


def _probe() -> None:
    left, right = st.columns([1.6, 1], vertical_alignment="bottom")
    one_of(
        left,
        "Probe atom",
        as_written(PROBES),
        key=f"{PREFIX}probe",
        titled=True,
        in_address=False,
        persist_state="session",
        help="The closed-shell atom whose interaction with the molecule is learned.",
    )
    right.text_input(
        "or another",
        key=f"{PREFIX}probe-text",
        placeholder="such as Xe",
        max_chars=TEXTS["probe-text"],
        persist_state="session",
        help="Any closed-shell atom; it replaces the choice on the left.",
    )
    if value("probe-text"):
        st.caption(f"The probe is {plain(value('probe-text'))}.")
