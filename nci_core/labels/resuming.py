"""What a label keeps of its fragments while it is computed, so that a start after a kill goes on from there.

A finished fragment is kept as soon as there is one. Of a fragment under way its converged orbitals and, between
iterations, the whole state of CCSD are kept; see `iterations.py`. Where the bytes lie is for the caller to say.
"""

import hashlib
import io
import time
from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeVar, cast

import numpy as np
import numpy.typing as npt
import orjson
from pydantic import BaseModel, ValidationError

from nci_core.labels.environment import package_versions
from nci_core.labels.geometry import FragmentSpec
from nci_core.labels.tightening import Tightening

Result = TypeVar("Result", bound=BaseModel)
Arrays = dict[str, npt.NDArray[Any]]
#: How a fragment was taken up again: from its converged orbitals, between two iterations of CCSD, or finished.
Stage = Literal["hf", "ccsd", "finished"]

#: Raised when the form of what is kept changes; what an older version left then counts as none.
LAYOUT = 1
#: A fragment under way is kept at most this often: as much work may be lost.
KEEP_SECONDS = 60.0
#: And so rarely that keeping it takes at most this share of the time.
KEEP_SHARE = 0.05
#: Larger states are not kept: packing one takes three times its size in memory. He–benzene by `standard` takes 0.2 GB.
LARGEST_BYTES = 500_000_000
_DIGEST_BYTES = hashlib.sha256().digest_size


class FragmentStore(Protocol):
    """Keeps bytes of one label under names such as 'dimer.json', whole or not at all."""

    def read(self, name: str) -> bytes | None:
        """What was kept under a name, None if nothing."""

    def keep(self, name: str, content: bytes) -> bool:
        """Replace what is kept and return whether that worked; if not, the old content stays and nothing is raised."""

    def drop(self, name: str) -> None:
        """Forget a name."""


class NoStore:
    """Keeps nothing."""

    def read(self, name: str) -> bytes | None:
        """None."""
        return None

    def keep(self, name: str, content: bytes) -> bool:
        """Do nothing."""
        return False

    def drop(self, name: str) -> None:
        """Do nothing."""


def identity(
    spec: FragmentSpec, name: str, geometry_hash: str, recipe_hash: str, tightening: Tightening | None = None
) -> dict[str, Any]:
    """Everything that must be equal for a kept fragment to be this one.

    The hashes of geometry and recipe are equal for symmetry-equivalent points, whose orbitals differ: the
    calculation itself, with its exact coordinates and basis functions, has a hash of its own.
    """
    # Fragments converged to other thresholds must not be subtracted from each other.
    settings: list[Any] = [tightening.model_dump()] if tightening else []
    settings += [spec.ecp] if spec.ecp else []
    text = orjson.dumps([spec.atoms, spec.basis, spec.n_frozen, *settings], option=orjson.OPT_SORT_KEYS)
    found = package_versions("pyscf", "numpy", "scipy")
    return {
        "layout": LAYOUT,
        "geometry_hash": geometry_hash,
        "recipe_hash": recipe_hash,
        "fragment": name,
        "calculation": hashlib.sha256(text).hexdigest(),
        "versions": {package: found[package] for package in ("pyscf", "numpy", "scipy")},
    }


def _digest(content: Any) -> str:
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


class FragmentMemory:
    """What is kept of one fragment. A damaged, foreign or older piece counts as none.

    Attributes:
        name: of the fragment.
        taken_up: how this start took the fragment up, None if it began it.
        memory_gb: peak memory of the process that finished it, if that was an earlier one.
    """

    def __init__(self, store: FragmentStore, name: str, mine: dict[str, Any]) -> None:
        self.taken_up: Stage | None = None
        self.memory_gb = 0.0
        self.name = name
        self._store, self._mine = store, mine
        self._result_name, self._state_name = f"{name}.json", f"{name}.npz"
        self._kept_at, self._pause = time.monotonic(), KEEP_SECONDS

    def finished(self, kind: type[Result]) -> Result | None:
        """The finished fragment, if it is kept."""
        try:
            content: Any = orjson.loads(self._store.read(self._result_name) or b"")
            if content.pop("sha256") != _digest(content) or content["identity"] != self._mine:
                return None
            found = kind.model_validate(content["result"])
            self.memory_gb = float(content["memory_gb"])
        except (ValueError, KeyError, TypeError, AttributeError, ValidationError):  # damaged in whatever way
            return None
        self.taken_up = "finished"
        self.forget_state()  # a kill between keeping the result and this may have left it
        return found

    def keep_finished(self, result: BaseModel, memory_gb: float) -> None:
        """Keep a finished fragment and then forget the way there."""
        content = {"identity": self._mine, "result": result.model_dump(mode="json"), "memory_gb": memory_gb}
        sealed = content | {"sha256": _digest(content)}
        if self._store.keep(self._result_name, orjson.dumps(sealed, option=orjson.OPT_INDENT_2)):
            self.forget_state()

    def state(self) -> Arrays | None:
        """The state of the fragment under way, if it is kept."""
        content = self._store.read(self._state_name) or b""
        packed, digest = content[:-_DIGEST_BYTES], content[-_DIGEST_BYTES:]
        if not packed or hashlib.sha256(packed).digest() != digest:
            return None
        with np.load(io.BytesIO(packed), allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        if orjson.loads(arrays.pop("identity").tobytes()) != self._mine:
            return None
        self.taken_up = "ccsd" if "t2" in arrays else "hf"
        return arrays

    def keep_state(self, describe: Callable[[], Arrays], size_bytes: int) -> None:
        """Keep the state that `describe` returns, about `size_bytes` long, if that is due."""
        begun = time.monotonic()
        if begun - self._kept_at < self._pause or size_bytes > LARGEST_BYTES:
            return
        packed = io.BytesIO()
        label = {"identity": np.frombuffer(orjson.dumps(self._mine), np.uint8)}
        np.savez(packed, **cast(Any, label | describe()))  # numpy's stub takes every keyword for a flag
        packed.write(hashlib.sha256(packed.getbuffer()).digest())
        self._store.keep(self._state_name, packed.getvalue())
        self._kept_at = time.monotonic()
        self._pause = max(KEEP_SECONDS, (self._kept_at - begun) / KEEP_SHARE)

    def forget_state(self) -> None:
        """Forget the way there: the fragment is finished, or leads nowhere."""
        self._store.drop(self._state_name)
