"""Who may see and do what, and the tour that shows it."""

import shutil
from pathlib import Path

import pytest
from pages import run_page, text
from streamlit.testing.v1 import AppTest

from nci_core.campaign import Campaign


def test_read_only_is_enforced_by_the_actions_not_by_the_buttons(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from app import actions
    from nci_core.errors import NCIError

    monkeypatch.setenv("NCI_READ_ONLY", "1")
    at = run_page("select")
    assert at.button(key="take_top").disabled
    campaign = Campaign.open(home / "he-ethylene", read_only=True)
    from app.data.configurations import configuration_table

    table = configuration_table(campaign, None)
    calls = [
        lambda: actions.pick(campaign, table, [1], "add", "ada"),
        lambda: actions.take_proposals(campaign, table, 1, "ada"),
        lambda: actions.undo_basket(campaign, "ada"),
        lambda: actions.redo_basket(campaign, "ada"),
        lambda: actions.keep_set(campaign, "mine", [1], "ada"),
        lambda: actions.forget_set(campaign, "mine"),
        lambda: actions.label_basket(campaign),
        lambda: actions.finetune(campaign, device="cpu", notes=""),
        lambda: actions.distill(campaign, device="cpu"),
        lambda: actions.propose(campaign, "random", 3),
        lambda: actions.cancel(campaign, [1]),
        lambda: actions.put_first(campaign, [1]),
        lambda: actions.retry(campaign, [1]),
        lambda: actions.activate(campaign, 1),
        lambda: actions.write_notes(campaign, 0, notes="x"),
    ]
    for call in calls:
        with pytest.raises(NCIError, match="read-only"):
            call()


def test_the_tour_starts_on_the_demo_and_stays_ended(home: Path) -> None:
    shutil.copytree(home / "he-ethylene", home / "he-ethylene-demo")
    at = _whole_app().run()
    assert not at.exception
    assert "**1/" in text(at)
    at.button(key="tour_end").click().run()
    assert "**1/" not in text(at)
    assert "off" in at.query_params["tour"]
    for campaign in ("he-ethylene", "he-ethylene-demo"):
        at.selectbox(key="campaign").select(campaign).run()
        assert "**1/" not in text(at)
    again = _whole_app()  # a reload of the page
    again.query_params["tour"] = "off"
    assert "**1/" not in text(again.run())
    del again.query_params["tour"]  # a link that does not carry it
    assert "**1/" not in text(again.run())
    again.button(key="tour_start").click().run()
    assert "**1/" in text(again)
    assert "**1/" in text(again.run())


def test_the_tour_does_not_begin_by_itself_elsewhere_but_can_be_taken(home: Path) -> None:
    at = _whole_app().run()
    assert not at.exception
    assert "**1/" not in text(at)
    at.button(key="tour_start").click().run()
    assert "**1/" in text(at)


def _whole_app() -> AppTest:
    return AppTest.from_file(str(Path(__file__).resolve().parents[2] / "app" / "main.py"), default_timeout=120)


def test_sign_in_that_is_not_set_up_lets_nobody_in(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCI_LOGIN", "1")
    at = _whole_app().run()
    assert not at.exception
    assert not at.title
    assert not at.sidebar.selectbox
    assert any("docs/sharing.md" in error.value for error in at.error)


@pytest.mark.parametrize(
    ("user", "allow", "inside"),
    [
        ({"is_logged_in": False}, "", False),
        ({"is_logged_in": True, "email": "ada@example.org", "name": "Ada"}, "", True),
        ({"is_logged_in": True, "email": "ada@example.org", "name": "Ada"}, "@example.org", True),
        ({"is_logged_in": True, "email": "ada@example.org", "name": "Ada"}, "grace@example.org, Ada@Example.org", True),
        ({"is_logged_in": True, "email": "ada@badexample.org", "name": "Ada"}, "@example.org", False),
        ({"is_logged_in": True, "email": "ada@example.org", "email_verified": False}, "", False),
        ({"is_logged_in": True, "name": "Nobody"}, "", False),
    ],
)
def test_only_signed_in_and_allowed_visitors_see_anything(
    home: Path, monkeypatch: pytest.MonkeyPatch, user: dict[str, object], allow: str, inside: bool
) -> None:
    import app.access
    from app.access import st as streamlit

    class User(dict[str, object]):
        is_logged_in = bool(user["is_logged_in"])

    class Streamlit:
        user_now = User(user)

        def __getattr__(self, name: str) -> object:
            return self.user_now if name == "user" else getattr(streamlit, name)

    monkeypatch.setenv("NCI_LOGIN", "1")
    monkeypatch.setenv("NCI_LOGIN_ALLOW", allow)
    monkeypatch.setattr(app.access, "st", Streamlit())
    at = _whole_app().run()
    assert not at.exception
    assert [title.value for title in at.title] == (["Overview"] if inside else [] if user["is_logged_in"] else ["nci"])
    assert bool(at.sidebar.selectbox) == inside
    if inside:
        assert at.session_state["signed_in_as"] == "Ada"
