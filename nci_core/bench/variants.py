"""The ways to fit that are compared. No torch: the dashboard names them too."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """A way to fit: from the teacher or directly, with one ruler or the other."""

    distilled: bool
    ruler: str = "adaptive"

    @property
    def name(self) -> str:
        """As in tables."""
        return f"{'distilled' if self.distilled else 'direct'} {self.ruler}"


#: In rows of `teachers`: ways to use teachers that are no choice among them.
MIXTURE, NO_WALL = "mixture of", ", wall left out"
VARIANTS = tuple(Variant(distilled, ruler) for distilled in (False, True) for ruler in ("fixed", "adaptive"))
BEST = Variant(True)
