"""nci finetune --student mace: what it refuses, one sentence each, before anything is trained."""

from pathlib import Path
from typing import Any

import pytest

from nci_core.campaign import Campaign


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--student", "magic"), "There is no student 'magic'; choose physics or mace."),
        (("--student", "mace"), "Say which network is fine-tuned: --foundation NAME or FILE."),
        (("--epochs", "3"), "--epochs is of a network; say --student mace."),
        (
            ("--student", "mace", "--foundation", "small", "--method", "magic"),
            "The method of the fine-tuning cannot be",
        ),
        (("--student", "mace", "--foundation", "small", "--members", "3"), "--members is of the physics student"),
        (("--student", "mace", "--foundation", "none.pt"), "There is no file"),
        (("--student", "mace", "--foundation", "foreign.model"), "is a pickle, which can run any code"),
        (("--student", "mace", "--foundation", "foreign.model", "--sha256", "0" * 64), "not the expected"),
    ],
)
def test_what_cannot_be_is_said(
    nci: Any, sampled: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "foreign.model").write_bytes(b"anything")
    outcome = nci("finetune", "-c", sampled.folder, *words)
    assert outcome.code != 0
    assert said in outcome.sentence()
