"""The process behind `jobs.predictor`: answers questions until whoever asks closes the connection.

`python -m nci_core.jobs.predictor_process DESCRIPTOR PARENT_PID`; a question is (function, arguments), an answer
(True, value) or (False, exception). It ends with whoever started it, however that ends, also in the middle of an
answer.
"""

import os
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

from nci_core.errors import JobError, NCIError


def answer(function: Any, arguments: tuple[Any, ...]) -> tuple[bool, Any]:
    """What a function says, or the error to raise over there."""
    try:
        return True, function(*arguments)
    except NCIError as error:
        return False, error
    except Exception as error:  # its type may not be known over there
        return False, JobError(f"The model could not be evaluated: {type(error).__name__}: {error}.")


def _end_with(parent: int) -> None:
    """End this process within a second of its parent. Not by the kernel's signal: that is sent when the *thread* that
    started a process ends, and Streamlit's threads end with each page."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(0)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


def main() -> None:
    """Answer questions one after the other."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl + C in the terminal is for the one who asks
    _end_with(int(sys.argv[2]))
    os.nice(5)  # labels and fits go first
    connection: Connection[Any, Any] = Connection(int(sys.argv[1]))
    while True:
        try:
            function, arguments = connection.recv()
        except EOFError:
            return
        connection.send(answer(function, arguments))


if __name__ == "__main__":
    main()
