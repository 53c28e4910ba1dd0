"""Tables that are written to a file or a pipe."""

import pytest

from nci_core.cli.output import print_table


def test_nothing_is_cut_off_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"a column with a long name, {k}" for k in range(6)]
    print_table("Title", names, [[f"a value of some length, {k}" for k in range(6)]])
    shown = capsys.readouterr().out
    assert all(name in shown for name in names)
    assert "a value of some length, 5" in shown
    assert "…" not in shown
