"""Error of recipes against their cost, as a picture for papers."""

from pathlib import Path

from matplotlib.figure import Figure

from nci_core.bench.recipe_rows import TARGET_CM1, RecipeRow, pareto


def draw_pareto(rows: list[RecipeRow], path: Path) -> list[Path]:
    """Error against cost as SVG and PNG; the front is a line."""
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    front = pareto(rows)
    known = {one.recipe: one for one in rows if one.cpu_minutes and one.mae_attractive_cm1}
    axes.plot(
        [known[name].cpu_minutes or 0.0 for name in front],
        [known[name].mae_attractive_cm1 or 0.0 for name in front],
        "-",
        color="#0072B2",
        lw=1,
    )
    for one in known.values():
        place = (one.cpu_minutes or 0.0, one.mae_attractive_cm1 or 0.0)
        axes.plot(*place, "o", color="#0072B2" if one.recipe in front else "#999999")
        axes.annotate(f" {one.recipe} ({one.n_attractive})", place, fontsize=8, va="bottom")
    axes.axhspan(0, TARGET_CM1, xmax=1, color="#009E73", alpha=0.08)
    axes.set(xscale="log", yscale="log", xlabel="CPU minutes a label", ylabel="MAE on attractive points / cm⁻¹")
    axes.margins(x=0.35, y=0.15)
    axes.grid(which="both", lw=0.3, alpha=0.5)
    axes.set_title(f"recipe (labels compared); at most {TARGET_CM1:g} cm⁻¹ is shaded", fontsize=9)
    path.mkdir(parents=True, exist_ok=True)
    files = [path / f"recipes.{kind}" for kind in ("svg", "png")]
    for file in files:
        figure.savefig(file, dpi=200)
    return files
