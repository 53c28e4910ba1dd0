"""A host whose ground state is open-shell gets no label."""

from pathlib import Path

import pytest
import small_campaign as small

from nci_core.store import configurations, labels


def test_a_label_of_an_open_shell_fails_with_its_reason_before_it_costs_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NF: 16 electrons, a triplet as O₂ is."""
    host = tmp_path / "fluoronitrene.xyz"
    host.write_text("2\n\nN 0 0 0\nF 0 0 1.317\n")
    campaign = small.make(tmp_path / "work", host)
    configurations.add(campaign.store, [[0.0, 0.0, 5.0]], campaign.dimer.geometry_hashes([[0.0, 0.0, 5.0]]))
    monkeypatch.setattr("nci_core.reference.ccsdt.compute_label", lambda *_, **__: pytest.fail("it was computed"))
    small.label(campaign, small.pool(campaign))
    row = labels.fetch(campaign.store, campaign.recipe.hash)[0]
    assert row.status == "error"
    assert "ground state of fluoronitrene is open-shell" in row.error
