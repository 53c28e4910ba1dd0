"""`python -m app.report CAMPAIGN FILE.html [--round N]`, which is what `nci report` runs."""

import argparse
import sys
from pathlib import Path

from app.report.build import build_report
from nci_core.campaign import Campaign
from nci_core.campaign.rounds.gates import gates_of
from nci_core.errors import InputError, NCIError
from nci_core.files import write_atomically
from nci_core.units import unit
from nci_core.visible import visible


def write(folder: Path, target: Path, number: int | None, unit_key: str) -> None:
    """Write a report; the file appears complete or not at all."""
    if target.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{target} does not end in .html; a report is an HTML file.")
    if not target.absolute().parent.is_dir():
        raise InputError(f"There is no folder {target.absolute().parent} to write {target.name} to.")
    campaign = Campaign.open(folder, read_only=True)
    # This process is not the dashboard's, so it may load the model of old rounds itself.
    text = build_report(campaign, number, unit(unit_key), lambda model: gates_of(str(campaign.folder), model.id))
    write_atomically(target, text.encode())


def main() -> int:
    """Entry point; an error on purpose is one sentence and an exit code."""
    parser = argparse.ArgumentParser(prog="nci report", description="Write a round as one HTML file.")
    parser.add_argument("campaign", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--round", type=int, default=None)
    parser.add_argument("--unit", default="cm1")
    given = parser.parse_args()
    try:
        write(given.campaign, given.target, given.round, given.unit)
    except NCIError as error:
        print(f"nci: {visible(error)}", file=sys.stderr)
        return error.exit_code
    print(f"Wrote {visible(given.target)} ({given.target.stat().st_size / 1e6:.1f} MB).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
