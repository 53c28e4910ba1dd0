"""Errors on planes of the host: those kept beside the campaign, else asked of the predictor process."""

from collections.abc import Sequence

from app import predictor
from app.cached import by_version, data, fits
from app.session import Context
from nci_core.campaign.queries.error_map_file import current_maps, maps_file, read_maps
from nci_core.campaign.queries.error_maps import SPACING, ErrorMaps, maps_key, maps_on
from nci_core.errors import InputError
from nci_core.store.schema import Model
from nci_core.systems.planes import PlaneGrid, telling_plane


@by_version(data, fits, most=16)
def _now(context: Context) -> str:
    return maps_key(context.campaign, context.system)


@by_version(most=8, shared=True, spinner="Drawing the error maps for the first time …")
def _kept(context: Context, key: str) -> ErrorMaps:
    found = read_maps(maps_file(context.campaign, context.system))
    if found is not None and found.key == key:
        return found
    return predictor.ask(current_maps, context.folder, context.system.id)


def kept(context: Context) -> ErrorMaps:
    """Those of the campaign as it is now, as a fit left them in its folder, else from the predictor; or NCIError."""
    return _kept(context, _now(context))


@by_version(data, most=16, shared=True, spinner="Asking the models …")
def _asked(context: Context, key: str, plane: PlaneGrid, split: str, ids: tuple[int, ...]) -> ErrorMaps:
    return predictor.ask(maps_on, context.folder, context.system.id, plane, split, ids)


def errors_on(context: Context, plane: PlaneGrid | None, split: str, students: Sequence[Model]) -> ErrorMaps:
    """Errors of students against the CCSD(T) labels of a split on a plane, None for the Overview's.

    NCIError in one sentence where they are too few, or a model cannot be asked.
    """
    ids = tuple(row.id for row in students)
    found = kept(context) if plane is None and split == "test" else None
    if found is None or not set(ids) <= set(found.model_ids):
        found = _asked(context, _now(context), plane or telling_plane(context.host, SPACING), split, ids)
    if found.against == "teacher":
        labels = "labels of the test set" if split == "test" else "training labels"
        raise InputError(f"There are too few {labels} to know errors between them.")
    return found
