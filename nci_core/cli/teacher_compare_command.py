"""nci teacher compare: a campaign's teachers beside its labels and beside each other."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, get_args

import typer

from nci_core.campaign import Campaign
from nci_core.campaign.queries.teacher_compare import Against, Comparison, compare_teachers, stored_doubts
from nci_core.campaign.systems import System
from nci_core.cli.options import refuse
from nci_core.cli.output import (
    CampaignOption,
    JsonOption,
    SystemOption,
    err,
    open_campaign,
    out,
    print_json,
    print_table,
    progress_bar,
)
from nci_core.cli.teacher_app import teacher
from nci_core.errors import InputError
from nci_core.rounding import number_text, with_uncertainty
from nci_core.store import teacher_curves
from nci_core.store.teacher_curves import SEEDS, SIZES, Curves
from nci_core.teachers.comparison import NOBODY

REGIONS = ("all", "well", "tail", "wall")
COLUMNS = ("teacher", "distilled", "energies", "per s", "labels", "MAE / cm⁻¹", *REGIONS[1:], "bias / cm⁻¹", "r")
DEFAULT_SIZES = ",".join(map(str, SIZES))
WHERE = {"test": "the frozen test set", "pool": "training labels"}

AgainstOption = Annotated[
    str | None,
    typer.Option("--labels", help="test or pool. Default: test, where it has labels.", show_default=False),
]


CurveOption = Annotated[
    bool, typer.Option("--curve", help="Distil each teacher alone and fine-tune on few labels: takes minutes.")
]
SizesOption = Annotated[str, typer.Option("--sizes", help="Numbers of labels of --curve.")]
SeedsOption = Annotated[int, typer.Option("--seeds", min=1, help="Random subsets of each number of labels of --curve.")]


@teacher.command()
def compare(
    context: typer.Context,
    campaign: CampaignOption = None,
    system: SystemOption = None,
    labels: AgainstOption = None,
    curve: CurveOption = False,
    sizes: SizesOption = DEFAULT_SIZES,
    seeds: SeedsOption = SEEDS,
    as_json: JsonOption = False,
) -> None:
    """Teachers against CCSD(T) labels by region, and against each other where there are none.

    Of stored energies: `nci teach --teacher NAME` computes those of a further teacher, for comparison only. With
    --curve also the test error after distillation from each, over the number of labels, beside fits without a teacher.
    It is kept; without --curve the last one is shown.
    """
    if not curve:
        refuse(context, ("sizes", "seeds"), "has an effect with --curve only")
    if labels not in (None, *get_args(Against)):
        raise InputError(f"--labels {labels}: choose one of {', '.join(get_args(Against))}.")
    opened = open_campaign(campaign, read_only=not curve)
    chosen = [opened.system(system)] if system else list(opened.training_systems)
    found = compare_teachers(opened, chosen)
    doubts = absurd(opened, chosen)
    if curve:
        measure(opened, numbers(sizes), seeds)
    curves = teacher_curves.latest(opened.store)
    if as_json:
        print_json({**found.as_dict(), "doubts": doubts, "curve": curves and asdict(curves)})
        return
    if not found.standings:
        raise InputError(f"Campaign {opened.name} has no teacher's energies yet; run `nci teach` first.")
    show(opened, found, labels or found.against)
    if curves is not None:
        show_curves(opened, curves)
    for sentence in (*doubts, *(harm.sentence for harm in (curves.harms if curves else ()))):
        err.print(sentence, style="yellow", soft_wrap=True)


def absurd(campaign: Campaign, systems: Sequence[System]) -> list[str]:
    """What is absurd in stored energies of some systems, a sentence each."""
    return [text for system in systems for text in stored_doubts(campaign.folder, system.id).values()]


def numbers(text: str) -> tuple[int, ...]:
    """Numbers of labels from a list such as 5,10; InputError for anything else."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"--sizes {text} is not a list of numbers such as 5,10,20.") from None


def measure(campaign: Campaign, sizes: Sequence[int], seeds: int) -> None:
    """Make the fits of learning curves, and store them."""
    from nci_core.campaign.rounds.teacher_curve import teacher_curve

    with progress_bar("Comparing teachers") as (bar, task):
        bar.update(task, total=1.0)

        def report(share: float, message: str) -> None:
            bar.update(task, completed=share, description=message)

        result = teacher_curve(campaign, sizes=sizes, seeds=seeds, progress=report)
        bar.update(task, completed=1.0)
    teacher_curves.keep(campaign.store, result)


def show_curves(campaign: Campaign, found: Curves) -> None:
    """Test errors over the number of labels, mean ± standard deviation over the seeds."""
    means = found.means()
    sizes = sorted({n for each in means.values() for n in each})
    rows = []
    for name, each in means.items():
        errors = [with_uncertainty(*each[n], 2) if n in each else None for n in sizes]
        rows.append(["no teacher" if name == NOBODY else name, *errors])
    title = f"Test error after distillation from each alone and fine-tuning, MAE / cm⁻¹ over labels of {found.n_labels}"
    print_table(title, ("teacher", *map(str, sizes)), rows)
    out.print(f"Mean ± sd over {found.seeds} random subsets; errors on {found.n_test} frozen test labels.")


def show(campaign: Campaign, found: Comparison, labels: str) -> None:
    """The tables: against labels, and against each other."""
    rows: list[list[Any]] = []
    for each in found.standings:
        judged = each.judged.get(labels)
        errors = judged.regions if judged else {}
        maes = [errors[name].mae_cm1 if name in errors else None for name in REGIONS]
        bias = errors["all"].bias_cm1 if "all" in errors else None
        r = number_text(judged.correlation, ".3f") if judged and judged.correlation is not None else None
        n = errors["all"].n if "all" in errors else 0
        rows.append([each.spec, "yes" if each.used else "no", each.count, each.per_second, n, *maes, bias, r])
    where = f"Against {WHERE[labels]} of recipe {campaign.recipe.name}, below the energy limit"
    print_table(where, COLUMNS, rows)
    between = []
    for pair in found.differences:
        apart = [pair.regions[name].mae_cm1 if name in pair.regions else None for name in REGIONS]
        whole = pair.regions.get("all")
        between.append([pair.spec, pair.other, whole.n if whole else 0, *apart, whole.bias_cm1 if whole else None])
    if between:
        columns = ("teacher", "minus", "places", "mean size / cm⁻¹", *REGIONS[1:], "mean / cm⁻¹")
        print_table("Against each other where there is no label", columns, between)
    if len(found.standings) < 2:
        out.print("There is one teacher only; `nci teach --teacher NAME` computes energies of another to compare with.")
