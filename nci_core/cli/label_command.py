"""nci label: CCSD(T) labels of a campaign's configurations, computed here or elsewhere, or of a file."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from nci_core.campaign import Campaign
from nci_core.cli.label_file_command import label_file
from nci_core.cli.options import refuse
from nci_core.cli.output import (
    CampaignOption,
    JsonOption,
    count_labels,
    err,
    open_campaign,
    out,
    print_json,
    progress_bar,
)
from nci_core.errors import InputError, LabelError
from nci_core.labels.builtin_recipes import DEFAULT
from nci_core.store.schema import Job

#: Labels whose energies are printed one by one.
MOST_SHOWN = 20


def label(
    context: typer.Context,
    campaign: CampaignOption = None,
    ids: Annotated[
        list[int] | None,
        typer.Argument(
            help="Configurations to label. Default: the basket; with --test all of the test set.", show_default=False
        ),
    ] = None,
    test: Annotated[
        bool, typer.Option("--test", help="Label the frozen test set, or those of it that are named. No fit sees them.")
    ] = False,
    n: Annotated[
        int | None,
        typer.Option(
            "--n", min=1, help="With --test or --data: at most this many that have no label yet.", show_default=False
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            help="One of the campaign's recipes (default: that of the errors). With --data any of `nci recipes`, or a "
            f"TOML file (default: {DEFAULT}).",
            show_default=False,
        ),
    ] = None,
    picked_by: Annotated[str, typer.Option(help="Who picked them, for the history.")] = "command line",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Labels computed at once. Default: one per core.", show_default=False)
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="Threads of each label. Default: the cluster's, else 1.", show_default=False),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Address of a running Dask scheduler, such as tcp://host:8786.", show_default=False),
    ] = None,
    cluster: Annotated[
        Path | None,
        typer.Option(
            help="File that says where jobs run, see `nci cluster template`. Default: NCI_CLUSTER.", show_default=False
        ),
    ] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Also repeat labels that failed or were cancelled.")] = False,
    time_limit_minutes: Annotated[
        float | None,
        typer.Option(
            help="Stop a label after this many minutes. Default: the campaign's, many times what it should take.",
            show_default=False,
        ),
    ] = None,
    memory_limit_gb: Annotated[
        float | None,
        typer.Option(
            help="Stop a label that takes more GB than this. Default: the campaign's, 90% of the machine's.",
            show_default=False,
        ),
    ] = None,
    wait: Annotated[bool, typer.Option(help="Wait for the labels; they go on without you either way.")] = True,
    export_to: Annotated[
        Path | None,
        typer.Option(
            "--export-inputs",
            help="Compute nothing here: write inputs for another machine to this folder.",
            show_default=False,
        ),
    ] = None,
    import_from: Annotated[
        Path | None,
        typer.Option(
            "--import-results",
            help="Store the results of another machine, found below this folder.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="Label this file of dimers, without a campaign: extended xyz, host and one probe atom a frame.",
            show_default=False,
        ),
    ] = None,
    out_file: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="With --data: the labelled file. What is finished is kept in a folder beside it.",
            show_default=False,
        ),
    ] = None,
    price: Annotated[bool, typer.Option("--price", help="With --data: say what it would cost, and stop.")] = False,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="With --data: leave out frames that cannot be labelled.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compute CCSD(T) labels in worker processes. Each is computed once; stopping loses nothing."""
    if data is not None:
        label_file(context, data, recipe, out_file, n, workers, retry, leave_out, price, as_json)
        return
    refuse(context, ("out_file", "price", "leave_out"), "is for a file of dimers (--data)")
    from nci_core.campaign.pricing.limits import label_limits
    from nci_core.campaign.rounds.requests import TEST_SET, check_picks, submit_labels, unlabelled_test_set
    from nci_core.jobs import ensure_engine
    from nci_core.store import configurations, label_queries, labels, picks

    if scheduler is not None and cluster is not None:
        raise InputError("Give --scheduler or --cluster, not both.")
    if n is not None and (ids or not test):
        raise InputError("--n says how many of the test set to label; give it with --test, and no configurations.")
    opened = open_campaign(campaign)
    if import_from is not None:
        if ids or test or retry or recipe or export_to is not None:
            raise InputError("--import-results takes every label it finds results of; give it alone.")
        import_results(opened, import_from, as_json)
        return
    asked_recipe = opened.find_recipe(recipe)
    chosen, who = list(ids or picks.basket(opened.store)), picked_by
    if test:
        unlabelled, who = unlabelled_test_set(opened), TEST_SET
        chosen = list(
            ids or (unlabelled[:n] if n else configurations.positions(opened.store, split="test")[0].tolist())
        )
        check_picks(opened, chosen, who, tests_only=True)
    if retry and not test:
        pool = set(configurations.positions(opened.store, split="pool")[0].tolist())
        rows = labels.fetch(opened.store, asked_recipe.hash)
        chosen += [
            r.configuration_id for r in rows if r.status in ("error", "cancelled") and r.configuration_id in pool
        ]
    if export_to is not None:
        # Without a basket those that wait already: their inputs were lost, say.
        waiting = [row.configuration_id for row in labels.elsewhere(opened.store, asked_recipe.hash)]
        export_inputs(opened, chosen, who, waiting, export_to, as_json, asked_recipe.name)
        return
    limits = label_limits(opened, time_limit_minutes, memory_limit_gb, recipe=asked_recipe)
    recipe_name = asked_recipe.name
    new = submit_labels(opened, chosen, who, recipe=recipe_name, limits=limits, start=False) if chosen else []
    # Labels that an earlier call queued go on too, so that a stopped command can be repeated.
    jobs = label_queries.unfinished_jobs(opened.store, asked_recipe.hash)
    if not jobs:
        there = f"all {len(chosen)} labels are there already" if chosen else "the basket is empty"
        out.print(f"Nothing to label: {there}.")
        return
    database = opened.store.server
    start = partial(
        ensure_engine,
        opened.folder,
        database=database,
        workers=workers,
        threads=threads,
        scheduler=scheduler,
        cluster=cluster,
    )
    start()
    if not wait:
        out.print(f"{count_labels(len(new))} queued, {len(jobs)} under way.")
        return
    finished = wait_for_labels(opened, jobs, start, asked_recipe.name)
    failed = [job for job in finished if job.state != "complete"]
    if as_json:
        print_json([{"job": job.id, "state": job.state, "error": job.error, "result": job.result} for job in finished])
    else:
        aside = sum("set_aside" in (job.result or {}) for job in finished)
        note = f", {aside} of them set aside; see `nci quarantine`" if aside else ""
        show_labels(opened, asked_recipe.hash, [job.id for job in finished if job.state == "complete"])
        out.print(f"{len(finished) - len(failed)} labels finished{note}.")
    if failed:
        raise LabelError(f"{len(failed)} labels did not finish; the first: {failed[0].error or failed[0].state}")


def show_labels(campaign: Campaign, recipe_hash: str, jobs: list[int]) -> None:
    """The energies of the labels that these jobs computed, at most MOST_SHOWN of them, and what they are worth."""
    from nci_core.labels.label_errors import label_std_ev, label_text, worth
    from nci_core.store import label_queries
    from nci_core.units import unit

    found, cm1 = label_queries.of_jobs(campaign.store, jobs), unit("cm1")
    rows = [row for number in jobs if (row := found.get(number)) is not None and row.recipe_hash == recipe_hash]
    for row in rows[:MOST_SHOWN]:
        if row.energy_ev is not None:
            energy = label_text(row.energy_ev, label_std_ev(row.recipe_std_cm1), cm1)
            out.print(f"Configuration {row.configuration_id}: {energy} {cm1.label}")
    if len(rows) > MOST_SHOWN:
        out.print(f"and {len(rows) - MOST_SHOWN:,} more; `nci export` has all of them.")
    if rows:
        said = worth([label_std_ev(row.recipe_std_cm1) for row in rows]).phrase(cm1, rows[0].recipe)
        out.print(f"{said[0].upper()}{said[1:]}.")


def export_inputs(
    campaign: Campaign,
    chosen: list[int],
    picked_by: str,
    waiting: list[int],
    folder: Path,
    as_json: bool,
    recipe: str | None = None,
) -> None:
    """Write inputs of the chosen labels, or of those whose results are due."""
    from nci_core.campaign.exchange import elsewhere
    from nci_core.campaign.rounds.requests import TEST_SET

    if not chosen and not waiting:
        out.print("Nothing to export: the basket is empty.")
        return
    # Those that wait were asked for once and keep their picker; test configurations may be among them.
    who = picked_by if chosen or campaign.find_recipe(recipe) != campaign.recipe else TEST_SET
    done = elsewhere.export_inputs(campaign, chosen or waiting, who, folder, recipe)
    if as_json:
        print_json({"folders": done.folders, "skipped": done.skipped, "left_out": done.left_out})
        return
    out.print(f"{folder}: inputs of {len(done.folders)} labels; README.txt says how to run them.")
    if done.skipped:
        out.print(f"{len(done.skipped)} have a label already or are being computed here.")
    for program, reason in done.left_out.items():
        out.print(f"No inputs for {program}: {reason}.")


def import_results(campaign: Campaign, folder: Path, as_json: bool) -> None:
    """Store results from elsewhere; the exit code says whether all of the folder were good."""
    from nci_core.campaign.exchange import elsewhere

    done = elsewhere.import_results(campaign, folder)
    if as_json:
        print_json({"labels": done.label_ids, "refused": done.refused, "without_result": done.without_result})
    else:
        rest = f"; {done.without_result} have no result yet" if done.without_result else ""
        out.print(f"{count_labels(len(done.label_ids))} imported{rest}.")
    if done.refused:
        for reason in done.refused:
            err.print(reason, style="red", soft_wrap=True)
        raise LabelError(f"{len(done.refused)} results were refused, each for the reason above.")


def wait_for_labels(campaign: Campaign, jobs: list[int], start_engine: Callable[[], object], recipe: str) -> list[Job]:
    """Follow label jobs with a bar until all have ended; starts the engine again if it is lost.

    Says once, above the bar, why the first one that cannot start waits.
    """
    from nci_core.jobs import wait, why_waiting
    from nci_core.store.base import FINAL_STATES

    share: dict[int, float] = {}
    asked: list[int] = []
    with progress_bar(f"CCSD(T) {recipe}") as (bar, task):
        bar.update(task, total=len(jobs))

        def changed(job: Job) -> None:
            share[job.id] = 1.0 if job.state in FINAL_STATES else job.progress
            bar.update(task, completed=sum(share.values()))
            if job.state == "waiting" and not asked:  # the others need the same
                asked.append(job.id)
                reason = why_waiting(campaign.store, job.id)
                if reason:
                    err.print(f"Label job {job.id} waits: {reason}", style="yellow")
            if job.state == "error":
                err.print(f"Label job {job.id}: {job.error}", style="red")

        return wait(campaign.store, jobs, on_change=changed, poll_seconds=1.0, restart=start_engine)


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command()(label)
