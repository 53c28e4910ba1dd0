"""Structures as others send them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # sent_files
