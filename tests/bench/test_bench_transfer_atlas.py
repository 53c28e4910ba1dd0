"""Published dimers are divided by host, and their parts are those of the same rows."""

from pathlib import Path

import numpy as np
import pytest
import small_campaign as small
from ase.io import write

from nci_core.bench import transfer_atlas
from nci_core.bench.atlas_hosts import CLASSES, read_atlas
from nci_core.bench.transfer_atlas import atlas, folds
from nci_core.bench.transfer_rows import ATLAS_FILE, TAUGHT_ALL, TAUGHT_TRAINING, AtlasRow, TransferResults
from nci_core.errors import InputError
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import CM1_EV

HOSTS = ("methane", "ethylene", "acetylene", "benzene", "water", "carbon-dioxide")
PLACES = np.array([[0.0, 0.0, 3.6], [0.3, 0.1, 4.4]])


def _write(folder: Path, gold_off: float = 0.0) -> Path:
    """Two distances of each host, the second frame turned and moved as a whole, and a table of parts."""
    frames, rows = [], ["set,system,host,probe,gold_cm1,HF/aQZ_cm1,corr_MP2/CBS(aTQZ)_cm1"]
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    for name in HOSTS:
        dimer = Dimer(builtin_monomer(name), Monomer.atom("He"))
        parts = small.channels(dimer, PLACES)
        for k in range(len(PLACES)):
            atoms = dimer.at(PLACES).atoms(k)
            if k:
                atoms.positions = atoms.positions @ turn.T + 5.0
            energy = float(parts["repulsion"][k] + parts["dispersion"][k])
            atoms.info.update(REF_interaction_energy=energy, set="MADE", system=name, config_type=name)
            frames.append(atoms)
            numbers = [energy / CM1_EV + gold_off, *(float(parts[c][k]) / CM1_EV for c in ("repulsion", "dispersion"))]
            rows.append(f"MADE,{name},{name},He," + ",".join(f"{value:.4f}" for value in numbers))
    path = folder / "made.extxyz"
    write(path, frames, format="extxyz")
    path.with_suffix(".csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_frames_of_one_host_are_asked_about_together(tmp_path: Path) -> None:
    hosts = read_atlas(_write(tmp_path))
    assert [host.formula for host in hosts] == ["CH4", "C2H4", "C2H2", "C6H6", "H2O", "CO2"]
    assert all(host.host_class in CLASSES for host in hosts)
    for host in hosts:
        assert len(host) == 2
        (labels,) = host.labels
        exact = small.channels(labels.configurations.dimer, labels.configurations.R)
        # Files hold 1e-8 Å, forces here are below 1 eV/Å.
        assert labels.energies == pytest.approx(exact["repulsion"] + exact["dispersion"], abs=1e-7)
        (lesson,) = host.lessons["hf-mp2"]
        # The table holds 1e-4 cm⁻¹, twice.
        assert lesson.energies == pytest.approx(labels.energies, abs=2e-4 * CM1_EV)
        (other,) = host.lessons["hf-d4"]
        assert np.array_equal(other.channels["repulsion"], lesson.channels["repulsion"])
        assert (other.channels["dispersion"] < 0.0).all()


def test_a_host_is_in_one_fold_only(tmp_path: Path) -> None:
    hosts = read_atlas(_write(tmp_path))
    for seed in range(5):
        groups = folds(hosts, seed, count=3)
        assert sorted(k for group in groups for k in group) == list(range(len(hosts)))
        assert max(map(len, groups)) - min(map(len, groups)) <= 1
    assert folds(hosts, 0) != folds(hosts, 1)


def test_a_table_of_other_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not of the same rows"):
        read_atlas(_write(tmp_path, gold_off=5.0))
    with pytest.raises(InputError, match="is not here"):
        read_atlas(tmp_path / "absent.extxyz")


def test_the_teacher_of_unseen_hosts_is_another_measurement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The published energies are the teacher's here: who learnt it there is right there, and the teacher itself is."""
    monkeypatch.setattr(transfer_atlas, "RESTARTS", 1)
    monkeypatch.setattr(transfer_atlas, "MEMBERS", 1)
    results = TransferResults(tmp_path / ATLAS_FILE, AtlasRow)
    path, said = _write(tmp_path), list[str]()
    atlas(path, results, seeds=[0], quick=True, say=said.append, teachers=["hf-mp2"])
    rows = {row.taught: row for row in results.rows if row.host_class == "all"}
    assert list(rows) == [TAUGHT_TRAINING, TAUGHT_ALL]
    assert rows[TAUGHT_ALL].n == rows[TAUGHT_TRAINING].n > 0
    seen, unseen = rows[TAUGHT_ALL].mae_attractive_cm1, rows[TAUGHT_TRAINING].mae_attractive_cm1
    assert seen is not None
    assert unseen is not None
    assert seen < 0.5 * unseen
    for row in rows.values():
        assert row.teacher_mae_cm1 == pytest.approx(0.0, abs=1e-3)  # the table holds 1e-4 cm⁻¹
    before = len(said)
    atlas(path, results, seeds=[0], quick=True, say=said.append, teachers=["hf-mp2"])
    assert len(said) == before  # nothing is measured twice
