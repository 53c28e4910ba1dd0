"""Keep what the pages show of the embedded campaigns, for test_pages.py to compare with.

    python tests/frozen/record_pages.py [--places errors history]

writes tests/frozen/pages-CAMPAIGN.json and prints what differs from before. Run it after a change that is meant to be
seen, read what it prints, and commit both together. With --places only these are looked at, and the others kept.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "app"), str(HERE.parents[1])]

from page_differences import differences  # noqa: E402
from page_places import CAMPAIGNS, PLACES, alone, file_of, import_both, kept_name, look, looks  # noqa: E402

from app import predictor  # noqa: E402


def main() -> None:
    """Look at all that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--places", nargs="+", default=[place.name for place in PLACES])
    wanted = parser.parse_args().places
    home = Path(tempfile.mkdtemp(prefix="nci-pages-"))
    import_both(home)
    kept = {name: json.loads(path.read_text()) if (path := file_of(name)).exists() else {} for name in CAMPAIGNS}
    now: dict[str, dict[str, list[str]]] = {name: {} for name in CAMPAIGNS}
    with alone(home):
        for campaign, unit, place in looks():
            name = kept_name(unit, place)
            before = kept[campaign].get(name)
            lines = look(home, campaign, unit, place) if place.name in wanted or before is None else before
            now[campaign][name] = lines
            if before is not None and (said := differences(before, lines)):
                print(f"{campaign}, {name}:\n{said}\n")
    predictor.predictor().close()
    for campaign, pages in now.items():
        file_of(campaign).write_text(json.dumps(pages, ensure_ascii=False, indent=0) + "\n")


if __name__ == "__main__":
    main()
