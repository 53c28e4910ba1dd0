"""The files in which a campaign keeps its error maps, one a system. A cache: where it is damaged, it is made anew."""

import io
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from pydantic import BaseModel, ConfigDict, Field

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.queries.error_maps import Against, ErrorMaps, compute_maps, maps_key
from nci_core.campaign.systems import System
from nci_core.errors import InputError, NCIError
from nci_core.files import read_limited, write_atomically
from nci_core.switches import read_only

Array = np.ndarray[Any, np.dtype[Any]]

#: Forty students on a hundred thousand points, unpacked.
MOST_BYTES = 40_000_000
#: Array of the file → its shape: k students, b × a points of the plane, n labels.
ARRAYS: dict[str, tuple[int | str, ...]] = {
    "origin": (3,),
    "across": (3,),
    "up": (3,),
    "u": ("a",),
    "v": ("b",),
    "energies_ev": ("k", "b", "a"),
    "teacher_ev": ("b", "a"),
    "reference_ev": ("b", "a"),
    "wall": ("b", "a"),
    "near": ("b", "a"),
    "test_positions": ("n", 3),
    "test_ev": ("n",),
    "test_teacher_ev": ("n",),
    "test_models_ev": ("k", "n"),
}
#: Those of which every number is known.
KNOWN = ("origin", "across", "up", "u", "v", "test_positions", "test_ev", "test_models_ev")
#: Kept with seven digits.
SINGLE = ("energies_ev", "teacher_ev", "reference_ev", "wall")


def maps_file(campaign: Campaign, system: System) -> Path:
    """Where the maps of a system are kept: the first system's without its number, as where there is no other."""
    number = "" if system == campaign.systems[0] else f"-{system.id}"
    return campaign.folder / f"error-maps{number}.npz"


class _About(BaseModel):
    """What is no array."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(pattern="^[0-9a-f]{64}$")
    against: Against
    model_ids: tuple[int, ...] = Field(min_length=1)
    digests: tuple[str, ...]
    carrier: int = Field(ge=0)
    missed_ev: float | None
    missed_alone_ev: float | None


def write_maps(path: Path, maps: ErrorMaps) -> None:
    """Keep the maps of a system in its `maps_file`; raises StoreError or one of its kind."""
    about = {name: getattr(maps, name) for name in _About.model_fields}
    about |= {name: None if np.isnan(about[name]) else about[name] for name in ("missed_ev", "missed_alone_ev")}
    arrays = {name: getattr(maps, name) for name in ARRAYS}
    arrays |= {name: arrays[name].astype(np.float32) for name in SINGLE}
    content = io.BytesIO()
    np.savez_compressed(content, about=np.frombuffer(orjson.dumps(about), dtype=np.uint8), **arrays)
    write_atomically(path, content.getvalue(), below=path.parent)


def read_maps(path: Path) -> ErrorMaps | None:
    """The maps that a `maps_file` holds, of whatever state; None without any, or where they are damaged."""
    if not path.exists():
        return None
    try:
        content = read_limited(path, MOST_BYTES, links=False)
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(each.file_size for each in packed.infolist()) > MOST_BYTES:
                return None
        with np.load(io.BytesIO(content), allow_pickle=False) as found:
            about = _About.model_validate(orjson.loads(found["about"].tobytes()))
            arrays = {name: _checked(found[name]) for name in ARRAYS}
        return _whole(about, arrays)
    # pydantic's and orjson's are ValueErrors
    except (InputError, OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _checked(values: Array) -> Array:
    if values.dtype not in (np.float32, np.float64, np.bool_) or np.isinf(values).any():
        raise ValueError("not what was written")
    return values if values.dtype == np.bool_ else values.astype(np.float64)


def _whole(about: _About, arrays: dict[str, Array]) -> ErrorMaps:
    """The maps; ValueError where the sizes of arrays do not agree."""
    k = len(about.model_ids)
    sizes = {"k": k, "a": arrays["u"].size, "b": arrays["v"].size, "n": arrays["test_ev"].size}
    expected = {name: tuple(sizes.get(str(size), size) for size in shape) for name, shape in ARRAYS.items()}
    agree = all(arrays[name].shape == shape for name, shape in expected.items()) and sizes["a"] and sizes["b"]
    if not agree or len(about.digests) != k or about.carrier >= k or arrays["near"].dtype != np.bool_:
        raise ValueError("sizes do not agree")
    if not all(np.isfinite(arrays[name]).all() for name in KNOWN):
        raise ValueError("an energy is not a number")
    values: dict[str, Any] = about.model_dump() | arrays
    values |= {name: np.nan if values[name] is None else values[name] for name in ("missed_ev", "missed_alone_ev")}
    return ErrorMaps(**values)


def renew_maps(campaign: Campaign, system: System) -> ErrorMaps:
    """The maps of a system as its campaign is now: those kept if they are of this state, else computed and kept.

    Raises as `compute_maps` does. That they cannot be kept (a read-only folder, a full disk) is no error.
    """
    path = maps_file(campaign, system)
    known = read_maps(path)
    if known is not None and known.key == maps_key(campaign, system):
        return known
    found = compute_maps(campaign, system, known)
    if not read_only():
        with suppress(NCIError):
            write_maps(path, found)
    return found


def renew_all_maps(campaign: Campaign) -> None:
    """The maps of every system, as far as there is enough to draw yet; the page says where there is not."""
    for system in campaign.systems:
        with suppress(NCIError):
            renew_maps(campaign, system)


def current_maps(folder: str | Path, system_id: int) -> ErrorMaps:
    """As `renew_maps`, for the predictor process, which has only the folder."""
    with Campaign.open(folder, read_only=True) as campaign:
        return renew_maps(campaign, campaign.system(system_id))
