"""Which configurations to label next. Importing this loads no torch; I-optimal selection does when called."""

from collections.abc import Callable

from nci_core.errors import InputError
from nci_core.selection.farthest_point import farthest_point
from nci_core.selection.random_choice import random_choice, stratified_choice
from nci_core.selection.request import Pool, Selection, SelectionRequest

Strategy = Callable[[SelectionRequest], Selection]


def _i_optimal(request: SelectionRequest) -> Selection:
    from nci_core.selection.i_optimal import i_optimal

    return i_optimal(request)


#: Strategies by name, the default first.
STRATEGIES: dict[str, Strategy] = {
    "i-optimal": _i_optimal,
    "farthest-point": farthest_point,
    "stratified": stratified_choice,
    "random": random_choice,
}


def select(strategy: str, request: SelectionRequest) -> Selection:
    """Choose points by the named strategy; raises InputError for an unknown one."""
    if strategy not in STRATEGIES:
        raise InputError(f"Unknown selection strategy {strategy!r}; choose {', '.join(STRATEGIES)}.")
    return STRATEGIES[strategy](request)


__all__ = ["STRATEGIES", "Pool", "Selection", "SelectionRequest", "Strategy", "select"]
