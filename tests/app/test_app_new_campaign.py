"""New campaign in the browser: each step, what it refuses, and what it makes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import settled, text
from streamlit.testing.v1 import AppTest

from app.background import background
from app.draft_hosts import PREFIX, Upload, keep
from nci_core.campaign import Campaign
from nci_core.campaign.pricing.cost_model import Price
from nci_core.campaign.pricing.costs import LabelCost
from nci_core.campaign.pricing.new_recipes import RecipeChoice
from nci_core.campaign.queries.teacher_trial import Trial
from nci_core.config import read_settings
from nci_core.labels.builtin_recipes import RECIPES
from nci_core.store import configurations
from nci_core.store import jobs as queue

XYZ = b"2\nhydrogen\nH 0 0 -0.37\nH 0 0 0.37\n"


def _script() -> None:
    import streamlit as st

    from app.session import guarded
    from app.sidebar import show_sidebar
    from app.views import new_campaign

    show_sidebar()
    st.session_state.setdefault("pages", {})
    guarded(new_campaign.show, always=True)()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Questions are answered in this process, those that compute by something quick; the names of those asked."""
    names: list[str] = []

    def answer(process: object, function: object, arguments: tuple[object, ...]) -> object:
        name = getattr(function, "func", function).__name__
        names.append(name)
        if name == "recipe_choices":
            cost = LabelCost(0.5, Price(-0.7, 0.1, 0.1), 0, "made up")
            large = len(arguments[0].a.symbols) > 30  # type: ignore[attr-defined]
            return [RecipeChoice(recipe, cost, 900.0 if large else 1.0, not large) for recipe in RECIPES.values()]
        if name == "try_teacher":
            return Trial(str(arguments[1]), "", 0.5, (), (2.0, 3.0, 4.0, 20.0), (900.0, -20.0, -10.0, 0.0))
        return function(*arguments)  # type: ignore[operator]

    monkeypatch.setattr("nci_core.jobs.questions.answer", answer)
    background.clear()
    yield names
    background.clear()


def page(**state: object) -> AppTest:
    at = AppTest.from_function(_script, default_timeout=60)
    for key, value in state.items():
        at.session_state[PREFIX + key.replace("_", "-")] = value
    return settled(at.run())


def test_the_page_needs_no_campaign(empty_home: Path) -> None:
    at = page()
    assert not at.exception
    assert [title.value for title in at.title] == ["New campaign"]
    assert at.button(key=f"{PREFIX}next").disabled


@pytest.mark.parametrize(
    ("smiles", "sentence"),
    [("[NH4+]", "charge"), ("O.O", "2 molecules"), ("nothing at all", "that can be read"), ("[CH3]", "unpaired")],
)
def test_a_molecule_that_cannot_be_is_refused_in_one_sentence(
    empty_home: Path, asked: list[str], smiles: str, sentence: str
) -> None:
    at = page(kind="SMILES", smiles=smiles)
    assert [error for error in at.error if sentence in error.value]
    assert at.button(key=f"{PREFIX}next").disabled
    assert not list(empty_home.iterdir())


def test_an_uploaded_file_goes_through_all_steps(empty_home: Path, asked: list[str]) -> None:
    at = page(kind="File", file_digest=keep(Upload("../../<b>H2</b>.xyz", XYZ)))
    assert not [each.value for each in at.error]
    assert "D∞h" in text(at)
    assert "**H2**" in text(at)
    at = settled(at.button(key=f"{PREFIX}next").click().run())
    assert "0.5 s" in text(at)
    assert "20.00" in text(at)
    for spec in ("hf-d4", "hf-mp2"):
        at = at.checkbox(key=f"{PREFIX}teacher-{spec}").uncheck().run()
    assert [warning for warning in at.warning if "Choose a teacher" in warning.value]
    at = at.checkbox(key=f"{PREFIX}teacher-gfn2-xtb").check().run()
    for _ in range(2):
        at = settled(at.button(key=f"{PREFIX}next").click().run())
    at.number_input(key=f"{PREFIX}n").set_value(40)
    at = settled(at.number_input(key=f"{PREFIX}n_test").set_value(50).run())
    assert [error for error in at.error if "smaller than" in error.value]
    at = settled(at.number_input(key=f"{PREFIX}n_test").set_value(4).run())
    assert "40 sampled configurations, 4 of them the test set" in text(at)
    assert "Well: below −4 cm⁻¹; energies of interest: up to 1,000 cm⁻¹, since its depth is about" in text(at)
    at = settled(at.button(key=f"{PREFIX}next").click().run())
    at = settled(at.text_input(key=f"{PREFIX}title").set_value("He: [my](x) H2").run())
    # What was entered is there when one goes back.
    at.session_state[f"{PREFIX}step"] = "4 Sampling"
    at = settled(at.run())
    assert at.number_input(key=f"{PREFIX}n").value == 40
    assert set(asked) == {"host_from_upload", "preview", "recipe_choices", "try_teacher"}
    assert not list(empty_home.iterdir())


def test_another_name_or_a_typed_number_that_cannot_be_asks_nothing_anew(empty_home: Path, asked: list[str]) -> None:
    at = page(kind="Name", built_in="ethylene", step="4 Sampling")
    before = sorted(asked)
    at = settled(at.number_input(key=f"{PREFIX}n_test").set_value(400).run())
    assert [error for error in at.error if "smaller than" in error.value]
    at = settled(at.number_input(key=f"{PREFIX}n_test").set_value(30).run())
    at.session_state[f"{PREFIX}name"] = "my-ethylene"
    at = settled(at.run())
    assert sorted(asked) == before


def test_a_reload_or_a_link_loses_nothing(empty_home: Path, asked: list[str]) -> None:
    first = page(kind="File", file_digest=keep(Upload("h2.xyz", XYZ)), step="4 Sampling", n=40, n_test=4)
    first.session_state[f"{PREFIX}teacher-hf-mp2"] = False
    first.session_state[f"{PREFIX}kind"] = "File"
    first.session_state[f"{PREFIX}title"] = "He & <H2>"
    first = settled(first.run())
    address = {name: there if isinstance(there, str) else there[0] for name, there in first.query_params.items()}
    again = AppTest.from_function(_script, default_timeout=60)
    for name, text_there in address.items():
        again.query_params[name] = text_there
    again = settled(again.run())
    assert again.number_input(key=f"{PREFIX}n").value == 40
    assert "**H2**" in text(again)
    assert again.session_state[f"{PREFIX}title"] == "He & <H2>"
    assert not again.session_state[f"{PREFIX}teacher-hf-mp2"]
    assert again.session_state[f"{PREFIX}teacher-hf-d4"]


def test_a_molecule_by_name_is_found_by_its_formula_too(empty_home: Path, asked: list[str]) -> None:
    at = AppTest.from_function(_script, default_timeout=60)
    at.query_params["kind"] = "Name"
    at = settled(at.run())
    box = at.selectbox(key=f"{PREFIX}built-in")
    assert "coronene · C24H12" in box.options
    at = settled(box.select("naphthalene").run())
    assert "**C10H8** · 18 atoms · D2h" in text(at)


def test_an_address_with_nonsense_is_an_empty_page(empty_home: Path, asked: list[str]) -> None:
    at = AppTest.from_function(_script, default_timeout=60)
    nonsense = {"step": "9 Nothing", "kind": "Path", "n": "-7", "seed": "9" * 40, "probe": "<b>", "built-in": "../x"}
    for name, entered in (nonsense | {"smiles": "C" * 500, "file-digest": "../../etc/passwd", "recipe": "?"}).items():
        at.query_params[name] = entered
    at = settled(at.run())
    assert not at.exception
    assert not [each.value for each in at.error]
    assert at.text_input(key=f"{PREFIX}smiles").value in (None, "")
    assert not asked


def test_two_hosts_and_a_transfer_host_become_a_campaign(
    empty_home: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nci_core.campaign.rounds.requests.start_engine", lambda campaign: None)
    at = page(kind="Name", built_in="ethylene", teacher_hf_d4=False, teacher_hf_mp2=False, teacher_gfn2_xtb=True)
    assert not at.multiselect
    at = at.button(key=f"{PREFIX}add").click().run()
    at = settled(at.multiselect(key=f"{PREFIX}train").select("acetylene").run())
    at.session_state[f"{PREFIX}sent"] = [f"file:{keep(Upload('h2.xyz', XYZ))}"]
    at = settled(at.run())
    at = settled(at.multiselect(key=f"{PREFIX}transfer").select("h2.xyz").run())
    assert not [each.value for each in at.error]
    assert "- **he-acetylene** · 4 atoms · trained on · 274 configurations · 30 ± 4 s a label" in text(at)
    assert "- **he-h2** · 2 atoms · only tested on · 30 configurations" in text(at)
    assert "45 for 30 test labels of each system, 6 for a first round of 12 labels" in text(at)
    at.session_state[f"{PREFIX}step"] = "4 Sampling"
    at = settled(at.run())
    at.number_input(key=f"{PREFIX}n").set_value(20)
    at.number_input(key=f"{PREFIX}points_per_cut").set_value(0)
    at = settled(at.number_input(key=f"{PREFIX}n_test").set_value(3).run())
    assert "43 sampled configurations, 9 of them the test set" in text(at)
    at.session_state[f"{PREFIX}step"] = "5 Start"
    at = settled(at.run())
    assert "**He** over **ethylene**, **acetylene**, only tested over **h2**" in text(at)
    # The address, opened elsewhere, is the same draft.
    again = AppTest.from_function(_script, default_timeout=60)
    for name in at.query_params:
        again.query_params[name] = at.query_params[name]
    again = settled(again.run())
    assert text(again) == text(at)
    settled(again.button(key=f"{PREFIX}create").click().run())
    (folder,) = empty_home.iterdir()
    assert folder.name == "he-ethylene-and-2-others"
    campaign = Campaign.open(folder)
    assert [(system.name, system.role) for system in read_settings(folder).systems] == [
        ("he-ethylene", "train"),
        ("he-acetylene", "train"),
        ("he-h2", "transfer"),
    ]
    stored = [configurations.counts(campaign.store, system_id=system.id) for system in campaign.systems]
    assert [(counts["pool"], counts["test"]) for counts in stored] == [(17, 3), (17, 3), (0, 3)]
    (job,) = queue.fetch(campaign.store)
    assert (job.kind, job.payload["then"]) == ("teach", "distill")
    campaign.store.close()


@pytest.mark.parametrize(
    ("entered", "sentence"),
    [
        ({"train": ["ethylene"]}, "Systems he-ethylene and he-ethylene-2 are the same dimer"),
        ({"transfer": ["[CH3]"]}, "CH3"),
        ({"transfer": ["file:0"]}, "has forgotten this file"),
    ],
)
def test_a_further_host_that_cannot_be_is_said_beside_its_field(
    empty_home: Path, asked: list[str], entered: dict[str, list[str]], sentence: str
) -> None:
    at = page(kind="Name", built_in="ethylene", **entered)
    (error,) = at.error
    assert sentence in error.value
    assert at.button(key=f"{PREFIX}next").disabled


def test_hosts_of_an_address_are_taken_where_a_field_would_take_them(empty_home: Path, asked: list[str]) -> None:
    at = AppTest.from_function(_script, default_timeout=60)
    at.query_params.update({"kind": "Name", "built-in": "ethylene"})
    at.query_params["train"] = ["C" * 500, "file:../../etc/passwd", "acetylene", "acetylene", ""]
    at.query_params["transfer"] = "\x07"
    at = settled(at.run())
    assert not [each.value for each in at.error]
    assert at.multiselect(key=f"{PREFIX}train").value == ["acetylene"]
    assert at.multiselect(key=f"{PREFIX}transfer").value == []


def test_a_host_whose_labels_are_out_of_reach_is_named(empty_home: Path, asked: list[str]) -> None:
    at = page(kind="Name", built_in="ethylene", transfer=["coronene"])
    (warning,) = at.warning
    assert warning.value == (
        "he-coronene needs 900 GB of memory for a label, which this machine does not have; choose a cheaper recipe, "
        "or leave it out."
    )


NACL = b'2\nLattice="2.8 0 0 0 2.8 0 0 0 2.8" pbc="T T T"\nNa 0 0 0\nCl 1.4 1.4 1.4\n'
BAD = {
    "empty.xyz": (b"", "0 structures"),
    "crystal.xyz": (NACL, "periodic image"),
    "ion.xyz": (b"2\ncharge=-1\nO 0 0 0\nH 0 0 0.97\n", "charge"),
    "radical.xyz": (b"2\nhydroxyl\nO 0 0 0\nH 0 0 0.97\n", "odd number"),
    "two.xyz": (XYZ + XYZ.replace(b"hydrogen", b"again"), "2 structures"),
    "apart.xyz": (b"4\n\nH 0 0 0\nH 0 0 0.74\nH 0 0 9\nH 0 0 9.74\n", "2 molecules"),
    "large.xyz": (b"300\n\n" + b"".join(b"C %d 0 0\n" % n for n in range(300)), "at most 100"),
    "water.pdb": (b"ATOM", "not a structure file"),
}


def test_a_file_that_cannot_be_used_is_refused_in_one_sentence_and_nothing_is_lost(
    empty_home: Path, asked: list[str]
) -> None:
    at = page(kind="File", probe_text="Ne", n=70)
    for name, (content, sentence) in BAD.items():
        at.session_state[f"{PREFIX}file-digest"] = keep(Upload(name, content))
        at = settled(at.run())
        (error,) = at.error
        assert sentence in error.value
        assert error.value.count(". ") == 0
        assert at.button(key=f"{PREFIX}next").disabled
    assert at.session_state[f"{PREFIX}n"] == 70
    assert at.text_input(key=f"{PREFIX}probe-text").value == "Ne"
    assert set(asked) == {"host_from_upload"}


def test_a_probe_that_is_none_is_said(empty_home: Path, asked: list[str]) -> None:
    at = page(kind="Name", built_in="ethylene", probe_text="O")
    assert [error for error in at.error if "unpaired electrons" in error.value]
    assert at.button(key=f"{PREFIX}next").disabled


def test_in_a_demonstration_the_page_explains(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NCI_READ_ONLY", "1")
    at = page()
    assert [info for info in at.info if "no campaign can be made" in info.value]
    assert not [button for button in at.button if button.key == f"{PREFIX}next"]
