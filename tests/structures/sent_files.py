"""Small files that others might send, and how to write variants of them."""

from pathlib import Path

INPUTS = Path(__file__).parents[1] / "inputs"
WATER = ("O 0.0 0.0 0.1173", "H 0.0 0.7572 -0.4692", "H 0.0 -0.7572 -0.4692")


def xyz(path: Path, comment: str, *atoms: str) -> Path:
    """Write an xyz file of one structure; the path is returned."""
    path.write_text("\n".join([str(len(atoms)), comment, *atoms, ""]), encoding="utf-8")
    return path


def he_water(path: Path, comment: str, *, energy: str = "-0.0015", probe: str = "He 0.0 0.0 3.3") -> Path:
    """One frame of water and a probe after it."""
    return xyz(path, f"REF_interaction_energy={energy} {comment}", *WATER, probe)
