"""Modules beside the tests, and those that run pages."""

import sys
from pathlib import Path

for folder in (Path(__file__).parent, Path(__file__).parents[1] / "app"):
    sys.path.insert(0, str(folder))  # numbers_of_today, page_places; pages
