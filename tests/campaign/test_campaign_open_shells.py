"""A host whose ground state is open-shell gets no label."""

from pathlib import Path

import pytest
import small_campaign as small

from nci_core.store import configurations, labels


def test_a_label_of_an_open_shell_fails_with_its_reason_before_it_costs_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Methylnitrene: a triplet, and not in the table of molecules that are refused by their composition."""
    host = tmp_path / "methylnitrene.xyz"
    hydrogens = [(1.028, 0.0), (-0.514, 0.890), (-0.514, -0.890)]
    rows = ["C 0 0 0", "N 0 0 1.42", *(f"H {x} {y} -0.363" for x, y in hydrogens)]
    host.write_text("5\n\n" + "\n".join(rows) + "\n")
    campaign = small.make(tmp_path / "work", host)
    configurations.add(
        campaign.store, [[0.0, 0.0, 5.0]], campaign.systems[0].dimer.geometry_hashes([[0.0, 0.0, 5.0]]), system_id=1
    )
    monkeypatch.setattr("nci_core.labels.ccsdt.compute_label", lambda *_, **__: pytest.fail("it was computed"))
    small.label(campaign, small.pool(campaign))
    row = labels.fetch(campaign.store, campaign.recipe.hash)[0]
    assert row.status == "error"
    assert "ground state of methylnitrene is open-shell" in row.error
