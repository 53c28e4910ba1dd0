"""Molecules that were entered for a new campaign, and what came of each."""

import hashlib
from collections import OrderedDict
from concurrent.futures import Future
from contextlib import suppress
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
    """A file that was kept, None for one that was forgotten or never sent; one in use is forgotten last."""
    with suppress(KeyError):
        _files().move_to_end(digest)
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


def host_of(entry: str, role: Role, name: str = "") -> Host:
    """What came of an entry; by another name if one is given."""
    if not entry:
        return Host(entry, role)
    try:
        if entry in library.names():
            monomer = builtin_monomer(entry)
        else:
            asked = _geometry(entry)
            if not asked.done():
                return Host(entry, role, making=asked)
            if said := problem(asked):
                return Host(entry, role, error=said)
            monomer = asked.result()
        if len(monomer.symbols) > MOST_ATOMS:
            raise InputError(
                f"This molecule has {len(monomer.symbols)} atoms; at most {MOST_ATOMS} are possible here, and "
                "CCSD(T) reaches far fewer."
            )
    except NCIError as error:
        return Host(entry, role, error=str(error))
    return Host(entry, role, replace(monomer, name=host_name(name, host_name(monomer.name, formula(monomer)))))


def _geometry(entry: str) -> Future[Monomer]:
    """The question for the geometry of a SMILES string or of a file; InputError for one that is not there."""
    if not entry.startswith(FILE_MARK):
        return background().ask(f"smiles {entry}", host_from_smiles, entry)
    sent = kept(entry.removeprefix(FILE_MARK))
    if sent is None:
        raise InputError("The server has forgotten this file; send it again.")
    return background().ask(entry, host_from_upload, sent.name, sent.content)


def shown(entry: str) -> str:
    """How a list shows an entry: 'naphthalene · C10H8', so that it is searched by either, or a file's name."""
    if entry.startswith(FILE_MARK):
        sent = kept(entry.removeprefix(FILE_MARK))
        return "a file" if sent is None else sent.name
    return f"{entry} · {formula(builtin_monomer(entry))}" if entry in library.names() else entry
