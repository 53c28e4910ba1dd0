"""The whole loop without a browser, on an embedded campaign; real labels, real fits, a frozen test set."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.demo_figure import draw_demo
from nci_core.campaign.exchange.archive import EMBEDDED, data_folder, import_campaign
from nci_core.campaign.queries.label_worth import label_worth, worth_phrase
from nci_core.campaign.rounds.evaluation import renew_errors
from nci_core.campaign.rounds.learning import distill_campaign, finetune_campaign
from nci_core.campaign.rounds.picking import propose
from nci_core.campaign.rounds.requests import submit_labels
from nci_core.errors import InputError, LabelError
from nci_core.files import write_atomically
from nci_core.jobs import ensure_engine, stop_engine, wait
from nci_core.store import configurations, labels, models
from nci_core.store.schema import Job

Say = Callable[[str], None]
OnJob = Callable[[list[int], Job], None]

#: Labels computed during the demo: where a label takes seconds, and where it takes minutes.
COMPUTE_NOW = {"he-ethylene": 3, "he-benzene": 0}


def compute_labels(campaign: Campaign, chosen: list[int], on_job: OnJob) -> int:
    """Label configurations in worker processes and wait; raises LabelError if one fails."""
    jobs = submit_labels(campaign, chosen, "i-optimal", strategy="i-optimal", start=False)
    start = partial(ensure_engine, campaign.folder, database=campaign.store.server, nice=0, idle_seconds=30.0)
    start()
    try:
        finished = wait(campaign.store, jobs, on_change=partial(on_job, jobs), restart=start)
    finally:
        stop_engine(campaign.folder)
    failed = [job for job in finished if job.state != "complete"]
    if failed:
        raise LabelError(f"{len(failed)} labels of the demo failed; the first: {failed[0].error}")
    return len(finished)


def test_errors(errors: dict[str, Any], what: str) -> dict[str, Any]:
    """Errors on the frozen test set: {"mae_cm1", "regions"}; raises InputError without test labels."""
    test = errors["test"]
    if "all" not in test:
        raise InputError(f"There are no test labels below the limit to judge the {what} by.")
    overall = {key: test["all"][key] for key in ("mae_cm1", "rmse_cm1", "max_cm1", "n")}
    return overall | {"regions": {name: value for name, value in test.items() if name != "all"}}


def run_demo(
    out: Path,
    *,
    system: str = "he-ethylene",
    compute: int | None = None,
    seed: int = 1,
    say: Say,
    on_job: OnJob,
) -> dict[str, Any]:
    """Distil, evaluate, select, label, fine-tune, evaluate; write DIR/report.json and DIR/errors.png.

    Args:
        out: folder for the report; a copy of the campaign is made in `out/campaign`.
        system: embedded campaign.
        compute: CCSD(T) labels to compute now; None for the system's default.
        seed: of the fits and the selection.
        say: called with a line of text per step.
        on_job: called with all label jobs and the one that changed.
    """
    if system not in EMBEDDED:
        raise InputError(f"Unknown system {system!r}; choose {' or '.join(EMBEDDED)}.")
    if (out / "report.json").exists() or (out / "campaign").exists():
        raise InputError(f"{out} holds a demo already; give a new folder.")
    start = time.perf_counter()
    campaign = import_campaign(data_folder() / system, out / "campaign")
    test = configurations.positions(campaign.store, split="test")[0]
    say(f"{campaign.title}: {len(test)} configurations are the frozen test set, seen by no fit and no choice.")

    say("Distilling the teacher's channels into the student ...")
    distilled = distill_campaign(campaign, seed=seed)
    say(f"  from {distilled['n_teacher_labels']} teacher labels, none of them of a test configuration")

    count = COMPUTE_NOW[system] if compute is None else compute
    computed = 0
    if count:
        chosen = [proposal.configuration_id for proposal in propose(campaign, "i-optimal", count, seed)]
        say(f"I-optimal selection proposes configurations {chosen}; computing their CCSD(T) labels now ...")
        computed = compute_labels(campaign, chosen, on_job)

    say("Fine-tuning on all labels outside the test set ...")
    tuned = finetune_campaign(campaign, seed=seed, notes="demo")
    finished = labels.complete(campaign.store, campaign.recipe.hash, split="pool")
    results = {
        "teacher": test_errors(renew_errors(campaign)["teacher"], "teacher"),
        "student_distilled": test_errors(distilled["errors"], "distilled student"),
        "student_finetuned": test_errors(tuned["errors"], "fine-tuned student"),
    }
    report: dict[str, Any] = {
        "system": system,
        "recipe": campaign.recipe.name,
        "basis": campaign.recipe.basis_name,
        "seed": seed,
        "split": {
            "test": len(test),
            "train": len(finished),
            "how": "random within the regions of the guide potential, frozen before any energy was computed",
            "limit_cm1": campaign.systems[0].bounds.limit_cm1,
        },
        "n_labels": len(finished),
        "n_labels_computed_now": computed,
        "labels_rms_std_cm1": label_worth(campaign)["all"].rms_cm1,
        "labels_are_worth": worth_phrase(campaign),
        "mae_cm1": {name: value["mae_cm1"] for name, value in results.items()},
        "regions": {name: value["regions"] for name, value in results.items()},
        **results,
        "improvement": results["student_distilled"]["mae_cm1"] / results["student_finetuned"]["mae_cm1"],
        "seconds": round(time.perf_counter() - start, 1),
    }
    row = models.active(campaign.store)
    report["figure"] = draw_demo(
        campaign, distilled["model_id"], row.id if row else tuned["model_id"], out / "errors.png"
    )
    write_atomically(out / "report.json", orjson.dumps(report, option=orjson.OPT_INDENT_2))
    return report
