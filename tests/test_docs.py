"""The examples of README and docs are run as printed, and the site is built with every link checked."""

import logging
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import pytest
from documents import DOCS, PAGES, ROOT, Block, blocks, example, lines_of, name_of

from nci_core.campaign.exchange.archive import import_campaign

README = ROOT / "README.md"
#: Option → what it is run with, so that a page of hours takes seconds; a hydrogen molecule is put where furan was.
FEWER = {("sample", "--n"): "16", ("sample", "--test"): "1", ("sample", "--cuts"): "0", ("select", "--n"): "1"}
HYDROGEN = "2\nHydrogen, Å\nH 0.0 0.0 0.37\nH 0.0 0.0 -0.37\n"

Run = Callable[[str], str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder with the examples' files, as if the project had just been cloned."""
    from nci_core.jobs import stop_engine

    for name in ("NCI_CAMPAIGN", "NCI_HOME"):
        monkeypatch.delenv(name, raising=False)
    shutil.copytree(ROOT / "docs" / "examples", tmp_path / "docs" / "examples")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for campaign in (tmp_path / "campaigns").glob("*"):
        stop_engine(campaign)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """run(line): one line of a shell block, `nci …` or `export NAME=value`; returns what it printed."""
    from nci_core.cli import main

    def instead(path: str, command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
        """A command that becomes another process would end the tests without a word."""
        sys.exit(subprocess.run([path, *command[1:]], env=environment, check=False).returncode)

    monkeypatch.setattr(os, "execve", instead)

    def line(text: str) -> str:
        words = shlex.split(text, comments=True)
        if words[:1] == ["export"]:
            name, _, value = words[1].partition("=")
            monkeypatch.setenv(name, value)
            return ""
        assert words[0] == "nci", f"an example runs {words[0]!r}; give its block another language"
        words = [FEWER.get((words[1], before), word) for before, word in zip(["", *words], words, strict=False)]
        words += ["--recipe", "quick"] if words[1] == "init" and "--recipe" not in words else []  # not the default one
        monkeypatch.setattr(sys, "argv", words)
        code: object = 0
        here = Path.cwd()
        try:
            main.run()
        except SystemExit as stop:
            code = stop.code
        finally:
            os.chdir(here)
        printed = capfd.readouterr()
        assert not code, f"{text}\n{printed.out}{printed.err}"
        return printed.out

    return line


def run_all(page: list[Block], run: Run) -> dict[str, str]:
    """Run the examples of a page in their order; what the lines of shell printed."""
    printed, names = {}, {"__name__": "example"}
    for block in page:
        if block.language == "sh":
            printed |= {line: run(line) for line in lines_of(block.body)}
        elif block.language == "python":
            exec(compile(block.body, "example", "exec"), names)
    return printed


def test_the_loop_of_the_readme_runs(folder: Path, run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    """From nothing to a fine-tuned model and its energies in Python, with real CCSD(T); only numbers are smaller."""
    (folder / "docs" / "examples" / "furan.xyz").write_text(HYDROGEN)
    printed = run_all(blocks(README), run)
    table = next(text for line, text in printed.items() if line.startswith("nci evaluate"))
    assert re.search(r"round-1-finetuned\W+test", table)
    assert re.findall(r"above the plane: -?\d+\.\d\d ± \d+\.\d\d cm⁻¹", capfd.readouterr().out)


@pytest.mark.slow  # three rounds of the loop
def test_the_first_tutorial_runs(folder: Path, run: Run) -> None:
    (folder / "docs" / "examples" / "furan.xyz").write_text(HYDROGEN)
    run_all(blocks(ROOT / "docs" / "tutorials" / "own-molecule.md"), run)
    assert (folder / "furan.html").stat().st_size > 10_000


@pytest.mark.slow  # CCSD(T) of furan, minutes each
@pytest.mark.timeout(7200)
def test_the_loop_of_the_readme_runs_for_furan(folder: Path, run: Run) -> None:
    run_all(blocks(README), run)


def test_the_second_tutorial_runs(folder: Path, run: Run) -> None:
    import_campaign(ROOT / "data" / "he-ethylene", folder / "campaigns" / "he-ethylene").store.close()
    printed = run_all(blocks(ROOT / "docs" / "tutorials" / "own-energies.md"), run)
    assert "fitted to 75 of 150 labels" in printed[next(line for line in printed if line.startswith("nci finetune"))]


def test_the_comparison_of_teachers_runs(folder: Path, run: Run) -> None:
    import_campaign(ROOT / "data" / "he-benzene", folder / "campaigns" / "he-benzene").store.close()
    printed = run_all(blocks(ROOT / "docs" / "how-to" / "compare-teachers.md"), run)
    mixed = next(text for line, text in printed.items() if line.startswith("nci teacher mix"))
    assert "The mixture beats the best single teacher." in mixed


COMPARING = "docs/how-to/compare-teachers.md"
TRIED = ("README.md", "docs/tutorials/own-molecule.md", "docs/tutorials/own-energies.md", COMPARING)


@pytest.mark.parametrize("path", [p for p in PAGES if example(p) and name_of(p) not in TRIED], ids=name_of)
def test_other_examples_run(path: Path, folder: Path, run: Run) -> None:
    run_all(blocks(path), run)


def test_the_site_builds_with_every_link_and_anchor_and_fetches_nothing(tmp_path: Path) -> None:
    """Strictly: a page that is in no menu, a link or an anchor that leads nowhere ends the build."""
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    config = load_config(str(ROOT / "mkdocs.yml"), strict=True, site_dir=str(tmp_path / "site"))
    config.plugins.on_startup(command="build", dirty=False)
    logging.getLogger("mkdocs").setLevel(logging.WARNING)
    build(config)
    made = {path.relative_to(tmp_path / "site").with_suffix(".md") for path in (tmp_path / "site").rglob("*.html")}
    assert {path.relative_to(ROOT / "docs") for path in DOCS} <= made
    loaded = re.compile(r"""<((script|img|iframe|source)[^>]+src|link[^>]+href)=["']?(https?:)?//""")
    for page in (tmp_path / "site").rglob("*.html"):
        assert not loaded.search(page.read_text(encoding="utf-8")), f"{page.name} loads something from a network"
    for sheet in (tmp_path / "site").rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", sheet.read_text(encoding="utf-8")), sheet.name
    formulas = (tmp_path / "site" / "theory" / "student.html").read_text(encoding="utf-8")
    assert formulas.count("<math") >= 8
