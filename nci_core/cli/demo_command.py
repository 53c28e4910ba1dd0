"""nci demo: the whole loop, headless, with a report."""

from pathlib import Path
from typing import Annotated, Any

import typer

from nci_core.cli.output import JsonOption, err, out, print_json, print_table
from nci_core.store.schema import Job
from nci_core.switches import require_writable


def demo(
    folder: Annotated[Path, typer.Option("--out", help="New folder for the report, the figure and the campaign.")],
    system: Annotated[
        str, typer.Option(help="he-ethylene (labels computed now) or he-benzene (stored labels).")
    ] = "he-ethylene",
    compute: Annotated[
        int | None,
        typer.Option(
            help="CCSD(T) labels to compute now. Default: 3 for he-ethylene, 0 for he-benzene.", show_default=False
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of fits and selection.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Distil, evaluate, select, compute real CCSD(T) labels, fine-tune, evaluate on a frozen test set."""
    require_writable()
    from nci_core.campaign.demo import run_demo

    shown: dict[int, str] = {}

    def on_job(jobs: list[int], job: Job) -> None:
        text = f"  label {jobs.index(job.id) + 1} of {len(jobs)}: {job.message or job.state}"
        if shown.get(job.id) != text:
            err.print(text, style="dim")
            shown[job.id] = text

    report = run_demo(
        folder,
        system=system,
        compute=compute,
        seed=seed,
        say=lambda text: err.print(text),
        on_job=on_job,
    )
    if as_json:
        print_json(report)
        return
    regions = sorted(set().union(*(found for found in report["regions"].values())))
    rows: list[list[Any]] = []
    for name in ("teacher", "student_distilled", "student_finetuned"):
        by_region = [report["regions"][name].get(region, {}).get("mae_cm1") for region in regions]
        rows.append([name.replace("_", ", "), report["mae_cm1"][name], *by_region])
    print_table(
        f"Mean absolute error on {report['teacher']['n']} frozen test configurations, in cm⁻¹",
        ("", "all", *regions),
        rows,
    )
    out.print(
        f"{report['n_labels']} labels, {report['n_labels_computed_now']} of them computed now; fine-tuning made the "
        f"student {report['improvement']:.1f} times more accurate ({report['labels_are_worth']}). "
        f"Report: {folder / 'report.json'}"
    )


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command()(demo)
