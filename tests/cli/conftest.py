"""Campaigns of tests/campaign, and the command line in this process or as a real one."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "campaign"))
sys.path.insert(0, str(Path(__file__).parent))  # folder_state, ethylene_file

import small_campaign as small

from nci_core.campaign import Campaign


class Outcome:
    """Exit code, standard output and standard error of one command."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def sentence(self) -> str:
        """The one line on standard error that begins with nci:, checked to be alone and no traceback."""
        lines = [line for line in self.err.splitlines() if line.strip()]
        assert "Traceback" not in self.err
        assert [line.startswith("nci: ") for line in lines].count(True) == 1, self.err
        assert lines[-1].startswith("nci: "), self.err
        assert lines[-1].rstrip().endswith((".", ")", "?")), self.err
        return lines[-1].removeprefix("nci: ")


@pytest.fixture
def nci(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """nci(*words): the command line in this process."""
    from nci_core.cli import (
        campaign_commands,
        data_commands,
        demo_command,
        finetune_command,
        label_command,
        label_file_command,
        loop_commands,
        main,
        output,
        quarantine_command,
        system_commands,
        trust_commands,
    )

    monkeypatch.delenv("NCI_CAMPAIGN", raising=False)

    def run(*words: object) -> Outcome:
        # Consoles write to the streams of this test, wide enough that sentences stay on one line.
        commands = (campaign_commands, data_commands, demo_command, finetune_command, label_command, loop_commands)
        more = (label_file_command, quarantine_command, system_commands, trust_commands)
        for module in (output, *commands, *more, main):
            for name, to_err in (("out", False), ("err", True)):
                if hasattr(module, name):
                    monkeypatch.setattr(module, name, output.PlainConsole(stderr=to_err, width=400))
        monkeypatch.setattr(sys, "argv", ["nci", *map(str, words)])
        capsys.readouterr()
        code: object = 0
        try:
            main.run()
        except SystemExit as stop:
            code = stop.code
        text = capsys.readouterr()
        return Outcome(int(code or 0), text.out, text.err)  # type: ignore[call-overload]

    return run


@pytest.fixture
def process() -> Callable[..., Outcome]:
    """process(*words): the command line as a real process."""

    def run(*words: object, **options: object) -> Outcome:
        command = [sys.executable, "-m", "nci_core.cli.main", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **options)  # type: ignore[call-overload]
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def host(tmp_path: Path) -> Path:
    return small.write_host(tmp_path)


@pytest.fixture
def sampled(tmp_path: Path, host: Path) -> Iterator[Campaign]:
    campaign = small.sampled(tmp_path / "work", host)
    yield campaign
    campaign.store.close()
