"""A process that computes labels: `python -m nci_core.labelling.worker FOLDER PARENT_PID`.

It reads one order a line from standard input and answers by lines of JSON on standard output. A finished label is on
the disk before it is said, so that no result is ever in transit.
"""

import os
import sys
import time
import traceback
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import orjson

from nci_core.errors import NCIError, NotConvergedError, StoreBusyError, StoreError
from nci_core.jobs.processes import end_with_parent
from nci_core.labelling.folder import LabelFolder
from nci_core.labelling.tasks import Order
from nci_core.labels.environment import PYSCF_MEMORY, array_memory_mb, forget_peak_memory

if TYPE_CHECKING:
    from nci_core.labels.results import LabelResult

#: What could not be written for lack of space is tried again so soon.
AGAIN_SECONDS = 2.0
#: Added to the niceness of the process: whoever works on the machine comes first.
NICE = 10
#: Progress is said at most this often.
REPORT_SECONDS = 0.5


class Channel:
    """What the parent hears."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._said = stream, 0.0

    def say(self, **content: Any) -> None:
        """One line."""
        self._stream.write(orjson.dumps(content) + b"\n")
        self._stream.flush()

    def progress(self, share: float, message: str) -> None:
        """How far the label is, not too often."""
        if time.monotonic() - self._said >= REPORT_SECONDS:
            self._said = time.monotonic()
            self.say(share=share, message=message)


def label(folder: LabelFolder, order: Order, channel: Channel) -> "LabelResult":
    """Compute a label or what is left of it, check it and keep it."""
    from nci_core.labels.ccsdt import compute_label

    key = (order.geometry_hash, order.recipe.hash)
    pieces = folder.pieces(key)
    pieces.clear_half_written()
    at = order.at
    monomers = folder.monomers(at.dimer)
    monomers.require_closed_shells()
    found = compute_label(at, order.recipe, channel.progress, pieces, tightening=order.tightening)
    result = found.model_copy(update={"doubts": monomers.doubts(found)})
    while True:
        try:
            folder.keep_result(key, result)
        except StoreBusyError:
            channel.say(share=1.0, message="finished, and waits for space on the disk")
            time.sleep(AGAIN_SECONDS)
        else:
            return result


def answer(folder: LabelFolder, order: Order, channel: Channel) -> None:
    """Compute an order and say how it ended."""
    try:
        result = label(folder, order, channel)
    except StoreError as error:  # nothing can be kept, so there is no point in computing more
        channel.say(stop=str(error))
    except NCIError as error:
        channel.say(failed=str(error), not_converged=isinstance(error, NotConvergedError))
    except Exception as error:
        traceback.print_exc()
        first = (str(error).strip().splitlines() or ["no message"])[0].rstrip(".")
        what = "there was not enough memory" if isinstance(error, MemoryError) else first
        channel.say(failed=f"The calculation failed with {type(error).__name__}: {what}; see {folder.log}.")
    else:
        channel.say(done=True, cpu_seconds=result.cpu_seconds)


def main(arguments: list[str]) -> int:
    """Answer orders until there are no more."""
    folder, parent = LabelFolder(Path(arguments[0])), int(arguments[1])
    end_with_parent(parent)
    os.nice(NICE)
    channel = Channel(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # whatever else prints, prints into the log
    given = os.environ.get(PYSCF_MEMORY)
    channel.say(ready=True)
    for line in sys.stdin.buffer:
        order = Order.model_validate_json(line)
        if given is None:
            os.environ[PYSCF_MEMORY] = str(array_memory_mb(order.memory_gb))
        forget_peak_memory()  # of the labels before this one
        answer(folder, order, channel)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
