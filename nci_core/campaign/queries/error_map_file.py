"""The files in which a campaign keeps its error maps, one a system. A cache: where it is damaged, it is made anew."""

import io
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, get_origin, get_type_hints

import numpy as np
import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.queries.error_maps import Against, Array, ErrorMaps, compute_maps, maps_key
from nci_core.campaign.systems import System
from nci_core.errors import InputError, NCIError
from nci_core.files import read_limited, write_atomically
from nci_core.switches import read_only

AnyArray = np.ndarray[Any, np.dtype[Any]]

#: Forty students on a hundred thousand points, unpacked.
MOST_BYTES = 40_000_000
#: Arrays of the file by name; sizes that are letters agree with each other.
ARRAYS: dict[str, Array] = {
    **dict.fromkeys(("origin", "across", "up"), Array((3,), known=True)),
    "u": Array(("a",), known=True),
    "v": Array(("b",), known=True),
} | {
    name: hint.__metadata__[0]
    for name, hint in get_type_hints(ErrorMaps, include_extras=True).items()
    if get_origin(hint) is Annotated
}


def maps_file(campaign: Campaign, system: System) -> Path:
    """Where the maps of a system are kept: the first system's without its number, as where there is no other."""
    number = "" if system == campaign.systems[0] else f"-{system.id}"
    return campaign.folder / f"error-maps{number}.npz"


#: JSON has no NaN; orjson writes null instead.
_Missed = Annotated[float, BeforeValidator(lambda value: np.nan if value is None else value)]


class _About(BaseModel):
    """What is no array."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(pattern="^[0-9a-f]{64}$")
    against: Against
    model_ids: tuple[int, ...] = Field(min_length=1)
    digests: tuple[str, ...]
    carrier: int = Field(ge=0)
    missed_ev: _Missed
    missed_alone_ev: _Missed


def write_maps(path: Path, maps: ErrorMaps) -> None:
    """Keep the maps of a system in its `maps_file`; raises StoreError or one of its kind."""
    about = {name: getattr(maps, name) for name in _About.model_fields}
    arrays = {name: getattr(maps, name) for name in ARRAYS}
    arrays |= {name: arrays[name].astype(np.float32) for name, kept in ARRAYS.items() if kept.single}
    content = io.BytesIO()
    np.savez_compressed(content, about=np.frombuffer(orjson.dumps(about), dtype=np.uint8), **arrays)
    write_atomically(path, content.getvalue(), below=path.parent)


def read_maps(path: Path) -> ErrorMaps | None:
    """The maps that a `maps_file` holds, of whatever state; None without any, or where they are damaged."""
    try:
        content = read_limited(path, MOST_BYTES, links=False)
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(each.file_size for each in packed.infolist()) > MOST_BYTES:
                return None
        with np.load(io.BytesIO(content), allow_pickle=False) as found:
            about = _About.model_validate(orjson.loads(found["about"].tobytes()))
            arrays: dict[str, AnyArray] = {name: found[name] for name in ARRAYS}
        return _checked(about, arrays)
    # pydantic's and orjson's are ValueErrors
    except (InputError, OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _checked(about: _About, arrays: dict[str, AnyArray]) -> ErrorMaps:
    """The maps; ValueError where kinds or sizes of arrays are not what was written."""
    k = len(about.model_ids)
    sizes = {"k": k, "a": arrays["u"].size, "b": arrays["v"].size, "n": arrays["test_ev"].size}
    if not sizes["a"] or not sizes["b"] or len(about.digests) != k or about.carrier >= k:
        raise ValueError("sizes do not agree")
    for name, kept in ARRAYS.items():
        values = arrays[name]
        if values.dtype not in ((np.bool_,) if name == "near" else (np.float32, np.float64)):
            raise ValueError("not what was written")
        if values.shape != tuple(sizes.get(str(size), size) for size in kept.shape):
            raise ValueError("sizes do not agree")
        if np.isinf(values).any() or (kept.known and np.isnan(values).any()):
            raise ValueError("an energy is not a number")
    whole: dict[str, Any] = {name: values.astype(bool if name == "near" else float) for name, values in arrays.items()}
    return ErrorMaps(**about.model_dump(), **whole)


def renew_maps(campaign: Campaign, system: System) -> ErrorMaps:
    """The maps of a system as its campaign is now: those kept if they are of this state, else computed and kept.

    Raises as `compute_maps` does. That they cannot be kept (a read-only folder, a full disk) is no error.
    """
    path = maps_file(campaign, system)
    known = read_maps(path)
    key = maps_key(campaign, system)
    if known is not None and known.key == key:
        return known
    found = compute_maps(campaign, system, key=key, known=known)
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
