"""Checkpoints: what is read is what was written, or one sentence says why not."""

import json
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from nci_core import files
from nci_core.errors import ModelError, StoreError
from nci_core.potentials import DiagonalPrior, Ensemble, FullPrior, load_checkpoint, save_checkpoint
from nci_core.potentials.checkpoints import OLDEST, VERSION
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.systems.configurations import Configurations
from nci_core.testing.checkpoints import CheckpointContract

AT = Dimer(builtin_monomer("benzene"), Monomer.atom("He")).at([[0.0, 0.0, 3.1], [4.0, 2.0, 1.0]])


@pytest.fixture
def saved(ensemble: Ensemble, tmp_path: Path) -> Path:
    return save_checkpoint(ensemble, tmp_path / "models" / "round-0.pt")


def rewrite(path: Path, **changes: Any) -> None:
    content = torch.load(path, weights_only=True)
    header = {**json.loads(content["header"]), **changes.pop("header", {})}
    torch.save({**content, "header": json.dumps(header), **changes}, path)


class TestEnsembles(CheckpointContract):
    @pytest.fixture(params=["one member", "diagonal prior", "linked prior", "full prior"])
    def model(self, ensemble: Ensemble, request: pytest.FixtureRequest) -> Ensemble:
        if request.param == "one member":
            return Ensemble(ensemble.members[:1])
        if request.param == "diagonal prior":
            return replace(ensemble, weights=(0.7, 0.3))
        assert isinstance(ensemble.prior, DiagonalPrior)
        if request.param == "linked prior":
            return replace(ensemble, prior=replace(ensemble.prior, links=((0, 3), (1, 2))))
        full = FullPrior(ensemble.prior.mean, torch.diag(ensemble.prior.width.flatten()), 0.5)
        return replace(ensemble, prior=full)

    @pytest.fixture
    def at(self) -> Configurations:
        return AT


@pytest.mark.parametrize("version", range(1, OLDEST))
def test_models_of_other_formulas_are_refused_in_one_sentence(saved: Path, version: int) -> None:
    rewrite(saved, header={"version": version})
    with pytest.raises(ModelError, match=r"fitted by an older nci .* fit it again"):
        load_checkpoint(saved)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_truncated_file(saved: Path, share: float) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelError, match="cannot be read as a model"):
        load_checkpoint(saved)


def test_foreign_files(tmp_path: Path) -> None:
    path = tmp_path / "foreign.pt"
    for content in (b"not a model", pickle.dumps({"header": "x"}, protocol=2), pickle.dumps(Path("x"), protocol=2)):
        path.write_bytes(content)
        with pytest.raises(ModelError, match=r"foreign\.pt"):
            load_checkpoint(path)
    for value in ({"state_dict": torch.zeros(3)}, [1, 2], {"header": "{}"}):
        torch.save(value, path)
        with pytest.raises(ModelError, match="not a model written by nci"):
            load_checkpoint(path)


FORGED: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "sparse numbers": lambda content: {"theta": content["theta"].to_sparse()},
    "numbers without values": lambda content: {"theta": content["theta"].to("meta")},
    "single precision": lambda content: {"theta": content["theta"].float()},
    "words": lambda content: {"theta": ["a"]},
    "one number, repeated without end": lambda content: {
        "theta": torch.zeros(1, dtype=torch.float64).expand(9_000, 100, content["theta"].shape[2]),
        "header": {"members": 9_000, "kinds": [["C", "He"]] * 100},
    },
    "more members than there are": lambda content: {"header": {"members": 10**12}},
    "an unknown element": lambda content: {"header": {"kinds": [["Xx", "He"]] * content["theta"].shape[1]}},
    "an unknown probe": lambda content: {"header": {"kinds": [["C", "../../x\n"]] * 2}},
    "weights that are none": lambda content: {"header": {"weights": [-1.0]}},
    "no noise": lambda content: {"header": {"sigma_cm1": 1e999}},
    "a field with a line break": lambda content: {"header": {"more\nlines": 1}},
    "links to parameters that there are none of": lambda content: {"header": {"prior_links": [[0, 10**6]]}},
    "a huge version": lambda content: {"header": {"version": 10**4000}},
    "kinds without end": lambda content: {"header": {"kinds": [["C", "He"]] * 10_000}},
    "kinds that are no pairs": lambda content: {"header": {"kinds": [["C"], ["H"]]}},
    "a term that nobody knows": lambda content: {"header": {"config": {"terms": ["exchange", "../x\n"]}}},
    "nothing": lambda content: {"header": {"config": None}},
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_a_forged_model_is_one_sentence(saved: Path, forge: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    rewrite(saved, **forge(torch.load(saved, weights_only=True)))
    with pytest.raises(ModelError) as error:
        load_checkpoint(saved)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500


def test_a_small_file_of_a_large_nothing_is_not_unpacked(saved: Path) -> None:
    with zipfile.ZipFile(saved) as old:
        parts = {part.filename: old.read(part) for part in old.infolist()}
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
        new.writestr("padding", bytes(60_000_000))
    assert saved.stat().st_size < 1_000_000
    with pytest.raises(ModelError, match="cannot be read as a model"):
        load_checkpoint(saved)


def test_pickled_code_is_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "owned",)

    torch.save({"header": Evil()}, tmp_path / "evil.pt")
    with pytest.raises(ModelError):
        load_checkpoint(tmp_path / "evil.pt")
    assert not (tmp_path / "owned").exists()


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="There is no model file"):
        load_checkpoint(tmp_path / "none.pt")


def test_newer_layout(saved: Path) -> None:
    rewrite(saved, header={"version": VERSION + 1, "something_new": True})
    with pytest.raises(ModelError, match="written by a newer nci"):
        load_checkpoint(saved)


def test_damaged_contents(ensemble: Ensemble, saved: Path) -> None:
    rewrite(saved, theta=torch.zeros(2, 2))
    with pytest.raises(ModelError, match="its theta is not a float64 tensor"):
        load_checkpoint(saved)
    save_checkpoint(ensemble, saved)
    rewrite(saved, theta=torch.full((3, 2, ensemble.config.size), torch.nan, dtype=torch.float64))
    with pytest.raises(ModelError, match="not numbers"):
        load_checkpoint(saved)
    save_checkpoint(ensemble, saved)
    rewrite(saved, header={"members": "many"})
    with pytest.raises(ModelError, match="its members cannot be read"):
        load_checkpoint(saved)


def test_a_failed_write_keeps_the_old_file(ensemble: Ensemble, saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        save_checkpoint(ensemble, saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]
