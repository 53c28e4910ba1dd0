"""The table of blind predictions can be opened for any round, and its numbers are the stored ones."""

from pathlib import Path

import pytest
from pages import run_page, text

from nci_core.campaign import Campaign
from nci_core.campaign.queries.blind import blind_predictions
from nci_core.units import CM1_EV


def test_each_round_opens_with_its_labels(imported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCI_HOME", str(imported))
    campaign = Campaign.open(imported / "he-ethylene", read_only=True)
    known = blind_predictions(campaign.store, campaign.recipe.hash)
    pool = known[known["split"] == "pool"]
    paid = sorted(pool["round_number"].dropna().unique())
    at = run_page("history", campaign="he-ethylene", history_part="blind")
    assert not at.exception
    chosen = at.selectbox(key="blind_round")
    assert chosen.value == paid[-1]
    first = paid[0]
    chosen.set_value(first).run()
    mine = pool[pool["round_number"] == first]
    assert f"of {len(mine)} labels lie within 1 sd" in text(at)
    table = at.dataframe[0].value.set_index("Configuration")
    assert set(table.index) == set(mine.index)
    for number, row in mine.iterrows():
        assert table.loc[number, "Predicted"] == pytest.approx(row.predicted_ev / CM1_EV)
        assert table.loc[number, "Computed"] == pytest.approx(row.computed_ev / CM1_EV)
        assert table.loc[number, "Off by / sd"] == pytest.approx(row.z)
