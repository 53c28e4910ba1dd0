"""Jobs and models in words."""

import re
from typing import get_args

from nci_core.store import models
from nci_core.store.base import State
from nci_core.store.schema import Model

#: Job kind → what people read.
KINDS = {
    "label": "CCSD(T) label",
    "finetune": "fine-tuning",
    "distill": "distillation",
    "teach": "teacher energies",
    "select": "ranking of proposals",
    "evaluate": "evaluation",
    "replay": "comparison of pickers",
    "teacher-curve": "comparison of teachers",
}
#: Job state → what people read.
STATES = {state: state for state in get_args(State)} | {"complete": "finished", "error": "failed"}
#: A model's name as fits give it, with the number of the fit from the round's second on.
_USUAL_NAME = re.compile(r"round-\d+(?:-[a-z]+)?(?:-(\d+))?")
#: All models of a store, oldest first; with `others` also those of other methods, which are no part of the rounds.
model_list = models.fetch
#: Rows of the queue that are read and shown at once.
PAGE = 200


def name_of(kind: str, count: int) -> str:
    """A kind of job as people read it after a number: '2 CCSD(T) labels', '1 fine-tuning'."""
    name = KINDS.get(kind, kind)
    return f"{name}s" if kind == "label" and count != 1 else name


def model_name(model: Model) -> str:
    """What people read, for example 'round 2 · fine-tuned on 24 labels'; no two models of a campaign share it.

    A round can have several fits; from the second on the name, which is that of its file, says which it is.
    """
    if (other := model.settings.get(models.OTHER_METHOD)) is not None:
        again = re.fullmatch(r"energies-[0-9a-f]+-([0-9]+)", model.name)
        return f"{other['set']} · fine-tuned on {model.n_labels} energies" + (f", fit {again[1]}" if again else "")
    kinds = {"distilled": "distilled", "finetuned": "fine-tuned", "direct": "fitted without a teacher"}
    learnt = f" on {model.n_labels} label{'s' if model.n_labels != 1 else ''}" if model.n_labels else ""
    if models.is_network(model):
        return f"MACE network {model.name.rpartition('-')[2]} · fine-tuned{learnt}"
    usual = _USUAL_NAME.fullmatch(model.name)
    again = f", fit {usual[1]}" if usual and usual[1] else "" if usual else f" ({model.name})"
    return f"round {model.round_number} · {kinds.get(model.kind, model.kind)}{learnt}{again}"
