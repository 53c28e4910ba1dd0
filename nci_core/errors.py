"""Errors that people see. Each message is one sentence: what is wrong, where, and what to do.

The command line prints the message alone and exits with the class's `exit_code`;
the app shows the same sentence. A traceback is a bug.
"""


class NCIError(Exception):
    """Base of every error nci raises on purpose."""

    exit_code = 1


class InputError(NCIError):
    """A file, number, name or geometry given by the user cannot be used."""

    exit_code = 2


class TeacherError(NCIError):
    """A teacher cannot treat this system, or cannot be loaded."""

    exit_code = 3


class LabelError(NCIError):
    """A reference calculation failed or is not to be trusted."""

    exit_code = 4


class CalculationError(NCIError):
    """An electronic-structure step failed or does not fit this machine; teachers and labels say so as theirs."""

    exit_code = 4


class NotConvergedError(LabelError, CalculationError):
    """The iterations of an electronic-structure step did not end; tighter settings may help."""


class StoreError(NCIError):
    """The campaign's files or database cannot be read or written."""

    exit_code = 5


class StoreBusyError(StoreError):
    """The disk is full or the database is held by another process: nothing was written, and later it may work."""


class CampaignMovedError(StoreError):
    """The campaign's folder is not where it was when it was opened."""


class JobError(NCIError):
    """A job cannot be submitted, found or finished."""

    exit_code = 6


class ModelError(NCIError):
    """A checkpoint cannot be read, or does not fit the system."""

    exit_code = 7


class CancelledError(NCIError):
    """The user stopped the work; what was finished is kept."""

    exit_code = 130
