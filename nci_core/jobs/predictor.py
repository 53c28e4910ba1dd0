"""A process that asks models on behalf of another, into which torch never enters.

Not a process pool: starting one from a page of the dashboard would run its script again in the child.
"""

import os
import subprocess
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from typing import Any, TypeVar

from nci_core.children import NEUTRAL, child_environment, python_command
from nci_core.errors import JobError

T = TypeVar("T")

#: A first question loads torch; a machine that is busy labelling needs its time.
PATIENCE_SECONDS = 120.0
LATE = "No answer came within {seconds:.0f} s; the machine is busy. Try again later."


class Predictor:
    """One process and its connection; asked by one thread at a time, started when first asked.

    An answer that takes longer than `patience` (seconds) ends the process with the sentence `late`.
    """

    def __init__(self, patience: float = PATIENCE_SECONDS, late: str = LATE) -> None:
        self._patience, self._late = patience, late.format(seconds=patience)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection[Any, Any] | None = None
        self._ended = False

    @property
    def pid(self) -> int | None:
        """The process, None before the first question."""
        return None if self._process is None else self._process.pid

    def ask(self, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        """What a function of the core says, evaluated in the process.

        `function` must be importable and its module must not load torch itself. Errors it raises on
        purpose pass through. Raises JobError when the process died or does not answer.
        """
        with self._lock:
            try:
                found, value = self._exchange((function, arguments))
            except (EOFError, OSError):  # it was killed, for lack of memory perhaps: once more with a new one
                self.close()
                if self._ended:
                    raise JobError("This was cancelled; try again.") from None
                try:
                    found, value = self._exchange((function, arguments))
                except (EOFError, OSError) as error:
                    self.close()
                    raise JobError(
                        "The process that evaluates models stopped twice; the machine may be short of memory."
                    ) from error
        if not found:
            raise value
        answer: T = value
        return answer

    def _exchange(self, question: tuple[Any, ...]) -> tuple[bool, Any]:
        connection = self._connection or self._start()
        connection.send(question)
        if not connection.poll(self._patience):
            self.close()
            raise JobError(self._late)
        reply: tuple[bool, Any] = connection.recv()
        return reply

    def _start(self) -> "Connection[Any, Any]":
        ours, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                python_command("nci_core.jobs.predictor_process", theirs.fileno(), os.getpid()),
                cwd=NEUTRAL,
                pass_fds=[theirs.fileno()],
                env=child_environment() | {"OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
            )
        if self._ended:  # in this very moment
            self._process.kill()
        self._connection = ours
        return ours

    def end(self) -> None:
        """End it for good, from another thread: the question under way fails at once, and no later one is answered."""
        self._ended = True
        if (process := self._process) is not None:
            process.kill()

    def close(self) -> None:
        """End the process; the next question starts another."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._connection = self._process = None
