"""The process that asks models on behalf of the pages, so that torch never enters the dashboard's own."""

import multiprocessing
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import ModuleType
from typing import Any, TypeVar

import streamlit as st

from nci_core.errors import JobError
from nci_core.jobs.processes import end_with_parent

T = TypeVar("T")

#: A first question loads torch; a machine that is busy labelling needs its time.
PATIENCE_SECONDS = 120.0


def _begin(parent_pid: int) -> None:
    os.setpgid(0, 0)
    end_with_parent(parent_pid, by_kernel=False)  # each rerun of a page is a thread of its own
    os.nice(5)  # labels and fits go first


@st.cache_resource(show_spinner=False)
def _executor() -> ProcessPoolExecutor:
    executor = ProcessPoolExecutor(
        max_workers=1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(os.getpid(),),
    )
    # Streamlit makes the page's script the main module, which a spawned process would run once more.
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        executor.submit(os.getpid)  # the first question starts the process, at once
    finally:
        sys.modules["__main__"] = main
    return executor


def ask(function: Callable[..., T], *arguments: Any) -> T:
    """What a function of the core says, evaluated in the predictor process.

    `function` must be importable and its module must not load torch itself. Errors it raises on
    purpose pass through. Raises JobError when the process died or does not answer.
    """
    for trial in (1, 2):
        try:
            return _executor().submit(function, *arguments).result(timeout=PATIENCE_SECONDS)
        except BrokenProcessPool as error:  # killed, for lack of memory perhaps: once more with a new one
            _executor.clear()
            if trial == 2:
                raise JobError("The process that evaluates models ended twice; is there enough memory?") from error
        except TimeoutError as error:
            raise JobError(
                f"The model did not answer within {PATIENCE_SECONDS:.0f} s; the machine is busy. Try again later."
            ) from error
    raise AssertionError("unreachable")
