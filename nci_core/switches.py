"""Switches that the environment sets, read in one way everywhere."""

import os

from nci_core.errors import JobError

#: Nothing may be changed: a demonstration.
READ_ONLY = "NCI_READ_ONLY"
_NO = ("", "0", "false", "no", "off")
READ_ONLY_SENTENCE = f"This is a read-only demonstration; run nci without {READ_ONLY} to change anything."


def is_on(variable: str) -> bool:
    """Whether a variable is set to anything but 0, false, no or off, in any case and with blanks around it."""
    return os.environ.get(variable, "").strip().lower() not in _NO


def read_only() -> bool:
    """Whether this process must change no campaign and no setting of this machine."""
    return is_on(READ_ONLY)


def require_writable() -> None:
    """Raise JobError in a read-only demonstration."""
    if read_only():
        raise JobError(READ_ONLY_SENTENCE)
