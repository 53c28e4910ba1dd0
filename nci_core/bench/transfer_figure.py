"""Error on an unseen host by teacher and training set, as a picture for papers and the README."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from nci_core.bench.figures import COLOURS, MARKERS
from nci_core.bench.transfer_rows import DIRECT, TARGET_ZERO_CM1, TransferRow, over_seeds, short_reference


def draw_transfer(rows: Sequence[TransferRow], folder: Path, host: str = "coronene") -> list[Path]:
    """Write transfer.svg and transfer.png: left the error over the training set, right over labels of the host's own.

    One reference only: labels where there are such. Nothing is written where no row is of the host.
    """
    mine = [row for row in rows if row.host == host and row.mae_attractive_cm1 is not None]
    if not mine:
        return []
    reference = next((row.reference for row in mine if row.labels), mine[0].reference)
    mine = [row for row in mine if row.reference == reference]
    most = max((row.training for row in mine), key=len)
    sets = sorted({row.training for row in mine}, key=len)
    figure = Figure(figsize=(9.0, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    names = [*dict.fromkeys(row.teacher for row in mine if row.teacher != DIRECT), DIRECT]
    for name, colour, marker in zip(names, cycle(COLOURS), cycle(MARKERS)):
        said = "no teacher" if name == DIRECT else name
        for axes, chosen, at in (
            (left, [r for r in mine if r.teacher == name and r.n_labels == 0], "training"),
            (right, [r for r in mine if r.teacher == name and r.training == most], "n_labels"),
        ):
            entries = sorted(over_seeds(chosen), key=lambda entry: (len(entry["training"]), entry["n_labels"]))
            if not entries:
                continue
            places = [sets.index(tuple(e["training"])) if at == "training" else e["n_labels"] for e in entries]
            mean, sd = (np.array([entry[key] for entry in entries], dtype=float) for key in ("mean", "sd"))
            bars = np.minimum(sd, 0.8 * mean), sd  # what reached lower would leave the logarithmic axis
            axes.errorbar(places, mean, bars, color=colour, marker=marker, ms=5, lw=1.3, capsize=2, label=said)
    left.set_xticks(range(len(sets)), [("" if k == 0 else "+ ") + names[-1] for k, names in enumerate(sets)])
    left.set(yscale="log", ylabel="MAE on attractive points / cm⁻¹", xlabel="trained on")
    right.set(xlabel=f"labels of {host}", xticks=sorted({row.n_labels for row in mine}))
    for axes, title in ((left, f"{host}, no label of its own"), (right, f"trained on {len(most)} hosts")):
        axes.axhline(TARGET_ZERO_CM1, color="black", lw=0.6, ls=":")
        axes.grid(which="both", lw=0.3, alpha=0.5)
        axes.set_title(title, fontsize=9)
    left.legend(fontsize=8, frameon=False)
    counts = sorted({entry["seeds"] for entry in over_seeds(mine)})
    seeds = " to ".join(str(count) for count in sorted({counts[0], counts[-1]}))
    plural = "" if counts[-1] == 1 else "s"
    figure.supxlabel(f"against {short_reference(reference)}; mean ± sd over {seeds} seed{plural}", fontsize=8)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for suffix, options in (("svg", {"metadata": {"Date": None}}), ("png", {"dpi": 150})):
        files.append(folder / f"transfer.{suffix}")
        figure.savefig(files[-1], **options)
    return files
