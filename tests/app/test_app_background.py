"""Slow questions of the page New campaign: what nobody needs any more is ended, and what follows begins at once."""

import time
from collections.abc import Callable

import psutil
import pytest

import app.background as module
from app.background import Background, problem
from nci_core.errors import JobError


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        time.sleep(0.02)


@pytest.fixture
def who(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The session that asks, and those whose browser is still open."""
    now = ["ada"]
    monkeypatch.setattr(module, "_session", lambda: now[0])
    monkeypatch.setattr(module, "_is_here", lambda session: session != "closed")
    return now


def test_what_nobody_needs_any_more_is_ended_and_its_place_taken_at_once(who: list[str]) -> None:
    asked = Background()
    old = [asked.ask(f"old {n}", time.sleep, 600.0, seconds=900.0, long=True) for n in range(3)]
    until(lambda: all(asked._known[f"old {n}"].process.pid for n in range(2)))  # the third waits
    processes = [psutil.Process(asked._known[f"old {n}"].process.pid) for n in range(2)]
    assert asked.seconds(old[0]) is not None
    assert asked.seconds(old[2]) is None

    began = time.monotonic()
    new = asked.ask("new", abs, -3, seconds=60.0, long=True)
    asked.keep([new])
    assert new.result(60) == 3
    assert time.monotonic() - began < 50
    until(lambda: not any(process.is_running() for process in processes))
    assert old[2].cancelled()
    until(lambda: all(future.done() for future in old))
    with pytest.raises(JobError, match="cancelled"):
        old[0].result()
    assert "old 0" not in asked._known  # asked anew when somebody comes back to it


def test_an_answer_that_another_session_needs_goes_on_and_a_firm_one_always(who: list[str]) -> None:
    asked = Background()
    for session in ("closed", "grace", "ada"):
        who[0] = session
        shared = asked.ask("shared", time.sleep, 600.0, seconds=900.0, long=True)
    firm = asked.ask("firm", time.sleep, 600.0, seconds=900.0, firm=True)
    asked.keep([])
    assert asked._known["shared"].future is shared
    assert asked._known["firm"].future is firm
    who[0] = "grace"  # the last whose browser is open
    asked.keep([])
    assert "shared" not in asked._known
    until(shared.done)
    assert not firm.done()
    asked._known["firm"].process.end()
    until(firm.done)
    assert "cancelled" in problem(firm)
