"""Molecules that were entered for a new campaign, and what came of each."""

import hashlib
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from app.background import background, problem
from nci_core.errors import InputError, NCIError
from nci_core.store.base import Role
from nci_core.systems import Monomer, builtin_monomer, library
from nci_core.systems.point_group import formula
from nci_core.systems.reading.structure_file import host_from_upload
from nci_core.systems.smiles import MOST_ATOMS, host_from_smiles
from nci_core.visible import host_name

#: Keys of the widgets begin so; they keep their values from page to page.
PREFIX = "new-"
#: Where a molecule may come from.
SMILES, FILE, NAME = "SMILES", "File", "Name"
#: What precedes the digest of a file that was sent, where names and SMILES strings can stand too.
FILE_MARK = "file:"
#: Seconds that a geometry may take to be made, and to be read.
GEOMETRY_SECONDS, READING_SECONDS = 300.0, 300.0
#: Files that are kept, of all sessions.
MOST_FILES = 100


def value(name: str, default: Any = None) -> Any:
    """What was entered in a field."""
    found = st.session_state.get(PREFIX + name)
    return default if found is None else found


@dataclass(frozen=True)
class Upload:
    """A file that was sent: its name, which is text, and its content."""

    name: str
    content: bytes


@st.cache_resource(show_spinner=False)
def _files() -> OrderedDict[str, Upload]:
    return OrderedDict()


def keep(sent: Upload) -> str:
    """Keep a file for a later visit and return its digest; the oldest of too many are forgotten."""
    digest = hashlib.blake2b(sent.name.encode() + b"\0" + sent.content, digest_size=12).hexdigest()
    files = _files()
    files[digest] = sent
    files.move_to_end(digest)
    while len(files) > MOST_FILES:
        files.popitem(last=False)
    return digest


def kept(digest: str) -> Upload | None:
    """A file that was kept, None for one that was forgotten or never sent."""
    return _files().get(digest)


@dataclass(frozen=True)
class Host:
    """What came of one molecule that was entered.

    Attributes:
        entry: a built-in name, FILE_MARK and the digest of a file, or a SMILES string; empty before anything is.
        role: whether labels of it are trained on, or only tested on.
        monomer: the molecule, None before there is one.
        error: why there is none, one sentence; empty while nothing was entered or it is being made.
        making: the question that makes it, while it is under way.
    """

    entry: str
    role: Role = "train"
    monomer: Monomer | None = None
    error: str = ""
    making: Future[Monomer] | None = None


def host_of(entry: str, role: Role, upload: Upload | None = None, name: str = "") -> Host:
    """What came of an entry, or of a file that was sent; by another name if one is given."""
    try:
        monomer = None
        if upload is None and entry.startswith(FILE_MARK):
            upload = kept(entry.removeprefix(FILE_MARK))
            if upload is None:
                raise InputError("The server has forgotten this file; send it again.")
        if upload is None and entry in library.names():
            monomer = builtin_monomer(entry)
        elif upload is not None or entry:
            asked = _geometry(entry, upload)
            if not asked.done():
                return Host(entry, role, making=asked)
            if said := problem(asked):
                return Host(entry, role, error=said)
            monomer = asked.result()
        if monomer is None:
            return Host(entry, role)
        if len(monomer.symbols) > MOST_ATOMS:
            raise InputError(
                f"This molecule has {len(monomer.symbols)} atoms; at most {MOST_ATOMS} are possible here, and "
                "CCSD(T) reaches far fewer."
            )
    except NCIError as error:
        return Host(entry, role, error=str(error))
    return Host(entry, role, replace(monomer, name=host_name(name, host_name(monomer.name, formula(monomer)))))


def _geometry(smiles: str, upload: Upload | None) -> Future[Monomer]:
    """The question for a geometry."""
    if upload is None:
        return background().ask(f"smiles {smiles}", host_from_smiles, smiles, seconds=GEOMETRY_SECONDS)
    digest = hashlib.blake2b(upload.content, digest_size=12).hexdigest()
    return background().ask(
        f"file {digest} {upload.name}", host_from_upload, upload.name, upload.content, seconds=READING_SECONDS
    )


def shown(entry: str) -> str:
    """How a list shows an entry: 'naphthalene · C10H8', so that it is searched by either, or a file's name."""
    if entry.startswith(FILE_MARK):
        sent = kept(entry.removeprefix(FILE_MARK))
        return "a file" if sent is None else sent.name
    return f"{entry} · {formula(builtin_monomer(entry))}" if entry in library.names() else entry
