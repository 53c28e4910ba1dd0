"""What each kind of job runs: `module:function`, imported only in the job's own process.

The function takes a `JobContext` and returns a dictionary, stored as the job's result.
"""

import importlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from nci_core.errors import JobError

if TYPE_CHECKING:
    from nci_core.jobs.context import JobContext

JobFunction = Callable[["JobContext"], dict[str, Any]]

KINDS = {
    "label": "nci_core.campaign.jobs:run_label",
    "teach": "nci_core.campaign.jobs:run_teach",
    "distill": "nci_core.campaign.jobs:run_distill",
    "finetune": "nci_core.campaign.jobs:run_finetune",
    "select": "nci_core.campaign.jobs:run_select",
    "evaluate": "nci_core.campaign.jobs:run_evaluate",
    "replay": "nci_core.campaign.rounds.replay:run_replay",
    "teacher-curve": "nci_core.campaign.rounds.teacher_curve:run_teacher_curve",
}
#: More kinds, for tests and extensions: "name=module:function", comma-separated. Whoever may set the
#: engine's environment may run code as its user anyway; a job's payload can never name code.
VARIABLE = "NCI_JOB_KINDS"
#: Seconds between the request to stop and SIGKILL. A label cannot stop halfway; a fit saves its best.
GRACE_SECONDS = {"label": 1.0}
DEFAULT_GRACE_SECONDS = 15.0


def registered() -> dict[str, str]:
    """All kinds: name → module:function."""
    extra = dict(item.split("=", 1) for item in os.environ.get(VARIABLE, "").split(",") if "=" in item)
    return KINDS | extra


def check(kind: str) -> None:
    """Raise JobError for an unknown kind."""
    if kind not in registered():
        raise JobError(f"Unknown kind of job {kind!r}; choose one of {', '.join(registered())}.")


def load(kind: str) -> JobFunction:
    """Import the function of a kind; raises JobError if there is none."""
    check(kind)
    module, _, name = registered()[kind].partition(":")
    try:
        return cast(JobFunction, getattr(importlib.import_module(module), name))
    except (ImportError, AttributeError) as error:
        raise JobError(f"The code of {kind!r} jobs cannot be loaded: {error}.") from error
