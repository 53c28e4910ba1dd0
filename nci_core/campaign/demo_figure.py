"""The demo's figure: parity of teacher and students on the test set, and errors by region."""

from pathlib import Path
from typing import Any

import numpy as np

from nci_core.campaign.campaign import Campaign
from nci_core.regions import REGIONS
from nci_core.store.tables import configurations_table
from nci_core.units import to_cm1

#: Colours of Okabe and Ito, distinct for all common kinds of colour vision.
COLOURS = {"teacher": "#D55E00", "distilled": "#E69F00", "fine-tuned": "#0072B2"}


def draw_demo(campaign: Campaign, distilled_id: int, tuned_id: int, path: Path) -> str:
    """Draw test-set errors against the CCSD(T) energy and their mean by region; returns the file's name."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    energies: dict[str, Any] = {}
    for name, model_id in (("distilled", distilled_id), ("fine-tuned", tuned_id)):
        table = configurations_table(
            campaign.store, teacher=campaign.teacher, recipe_hash=campaign.recipe.hash, model_id=model_id
        )
        table = table[(table.split == "test") & table.label_ev.notna()]
        energies.setdefault("teacher", table.teacher_ev.to_numpy())
        energies[name] = table.student_ev.to_numpy()
    reference = table.label_ev.to_numpy()
    region = campaign.bounds.of(table.system_id).classify(reference)
    inside = region != "beyond"
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    for name, values in energies.items():
        error = np.abs(to_cm1(values - reference))
        left.plot(to_cm1(reference[inside]), error[inside], "o", ms=5, color=COLOURS[name], label=name, alpha=0.8)
    left.set(xscale="symlog", yscale="log", xlabel="CCSD(T) interaction energy / cm⁻¹", ylabel="absolute error / cm⁻¹")
    left.set_title(f"{campaign.title}: {int(inside.sum())} frozen test configurations")
    left.legend()
    names = [name for name in REGIONS if name != "beyond" and (region == name).any()]
    for k, (name, values) in enumerate(energies.items()):
        error = np.abs(to_cm1(values - reference))
        means = [error[region == part].mean() for part in names]
        bars = right.bar(np.arange(len(names)) + 0.27 * (k - 1), means, 0.25, color=COLOURS[name], label=name)
        right.bar_label(bars, fmt=lambda value: f"{value:.2g}", fontsize=8)
    right.set(yscale="log", ylabel="mean absolute error / cm⁻¹", title="By region")
    right.set_xticks(np.arange(len(names)), [f"{name} (n = {(region == name).sum()})" for name in names])
    figure.savefig(path, dpi=130)
    plt.close(figure)
    return path.name
