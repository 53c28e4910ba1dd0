"""The process behind `app.predictor`: answers questions until the dashboard closes the connection.

`python -m app.predictor_process DESCRIPTOR`; a question is (function, arguments), an answer (True, value)
or (False, exception). It ends with the dashboard, however that ends: the kernel closes the connection.
"""

import os
import signal
import sys
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


def main() -> None:
    """Answer questions one after the other."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl + C in the terminal is for the dashboard
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
