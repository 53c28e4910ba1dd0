"""The process of one job: `python -m nci_core.jobs.run DATABASE FOLDER JOB ATTEMPT PARENT_PID NICE`.

Started by the supervisor; it records the job's end itself, so that a result is never in transit.
Exit codes: 0 when the end is recorded, whatever it was; UNWRITABLE when nothing can be recorded now, and the job is
to wait again; otherwise the error's own.
"""

import os
import signal
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from nci_core.errors import CampaignMovedError, CancelledError, NCIError, StoreBusyError, StoreError
from nci_core.jobs import kinds
from nci_core.jobs.context import JobContext
from nci_core.jobs.processes import end_with_parent
from nci_core.store import Store
from nci_core.store import jobs as queue
from nci_core.store.base import State
from nci_core.store.failures import may_pass

#: Other failures of the database than a full disk get this many chances before a job's end is given up.
FINISH_TRIES = 5
#: sysexits.h: EX_TEMPFAIL.
UNWRITABLE = 75


def sentence(error: BaseException, job_id: int) -> str:
    """What people are told about a failure: the error's own sentence, or where to look."""
    if isinstance(error, NCIError):
        return str(error)
    first = (str(error).strip().splitlines() or ["no message"])[0].rstrip(".")
    if isinstance(error, MemoryError):
        first = "there was not enough memory"
    return f"The job failed with {type(error).__name__}: {first}; see logs/job-{job_id}.log."


def run(database: str, folder: Path, job_id: int, attempt: int) -> int:
    """Run one attempt of a job; returns the exit code."""
    with Store.open(database, folder=folder) as store:
        job = queue.get(store, job_id)
        if job.state != "running" or job.attempt != attempt:
            return 0  # cancelled or given to another process meanwhile
        context = JobContext(store, folder, job, patient=True)
        signal.signal(signal.SIGTERM, lambda number, frame: context.request_stop())
        state: State = "complete"
        result: dict[str, Any] | None = None
        error: str | None = None
        try:
            result = kinds.load(job.kind)(context)
        except CancelledError:
            if not _cancelled_by_user(store, job_id):
                context.flush()
                return 0  # stopped by a time limit or a shutdown: the supervisor knows which
            state = "cancelled"
        except CampaignMovedError as failure:
            _say(str(failure))
            return UNWRITABLE
        except Exception as failure:
            _say(traceback.format_exc())
            if may_pass(failure):  # no fault of the job's: it waits again, and goes on from what it has kept
                return UNWRITABLE
            state, error = "error", sentence(failure, job_id)
        context.flush()
        return _finish(context, state, result, error)


def _say(text: str) -> None:
    """Write into the job's log; a full disk does not change how the job ends."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def _cancelled_by_user(store: Store, job_id: int) -> bool:
    try:
        return queue.get(store, job_id).cancel_requested
    except StoreError:  # the supervisor knows as well
        return False


def _finish(context: JobContext, state: State, result: dict[str, Any] | None, error: str | None) -> int:
    """Record the job's end, on a full disk as soon as there is space, and return the exit code."""
    trial = 0
    while trial < FINISH_TRIES:
        try:
            queue.finish(context.store, context.job_id, context.attempt, state, result=result, error=error)
            return 0
        except StoreError as failure:
            _say(f"The end of job {context.job_id} could not be recorded: {failure}")
            if context.should_stop():  # the supervisor records it, or the job is another's
                return UNWRITABLE
            trial += not isinstance(failure, StoreBusyError)
            time.sleep(min(2.0**trial, 5.0))
    return UNWRITABLE


def main(arguments: list[str]) -> int:
    """Parse the arguments that the supervisor gave and run the job."""
    database, folder, job_id, attempt, parent_pid, nice = arguments
    end_with_parent(int(parent_pid))
    os.nice(int(nice))
    try:
        return run(database, Path(folder), int(job_id), int(attempt))
    except NCIError as error:
        _say(str(error))
        return UNWRITABLE if may_pass(error) or isinstance(error, CampaignMovedError) else error.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
