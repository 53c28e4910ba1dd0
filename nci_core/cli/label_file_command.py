"""nci label --data: labels of any file of dimers, without a campaign."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from nci_core.cli.options import refuse_all_but
from nci_core.cli.output import count_labels, err, out, print_json, print_table
from nci_core.errors import InputError, LabelError
from nci_core.labels.builtin_recipes import DEFAULT, find_recipe
from nci_core.labels.recipe_files import read_recipe
from nci_core.labels.recipes import Recipe
from nci_core.switches import require_writable

if TYPE_CHECKING:
    from nci_core.labelling.file_labels import FileLabels
    from nci_core.labelling.prices import Prices
    from nci_core.labelling.tasks import Task

#: Options of `nci label` that mean something for a file, by their names in Python.
USED = ("data", "recipe", "out_file", "n", "workers", "retry", "leave_out", "price", "as_json")
#: Rows of the table of prices; the rest are summed.
MOST_ROWS = 20
#: Frames that are left out whose reasons are said one by one.
MOST_NAMED = 5


def label_file(
    context: typer.Context,
    data: Path,
    recipe: str | None,
    out_file: Path | None,
    n: int | None,
    workers: int | None,
    retry: bool,
    leave_out: bool,
    price: bool,
    as_json: bool,
) -> None:
    """Say what labels of a file cost, compute those that are missing and write the labelled file."""
    refuse_all_but(context, USED, "is for the labels of a campaign and means nothing with --data")
    if not price:
        require_writable()
    if out_file is None and not price:
        raise InputError("Say where the labelled file goes: --out FILE, or --price to see only what it would cost.")
    asked = _recipe(recipe)
    from nci_core.labelling.file_labels import FileLabels

    labels = FileLabels.open(data, asked, out_file, leave_out=leave_out)
    tasks, at_once = labels.missing(n, retry=retry), workers or os.cpu_count() or 1
    prices = labels.prices(tasks)
    if not as_json:
        _say_price(labels, tasks, prices, at_once)
    if price:
        if as_json:
            print_json(_price_report(labels, tasks, prices))
        return
    began = time.monotonic()
    try:
        with _progress(tasks, prices, at_once, labels.recipe.name) as on_event:
            labels.compute(tasks, at_once, on_event)
    except KeyboardInterrupt:
        done = count_labels(len(labels.results))
        err.print(f"Stopped with {done} finished; the same command goes on from here.", style="red")
        raise
    if as_json:
        print_json(_report(labels, tasks, time.monotonic() - began))
    else:
        _say_end(labels)
    failed = [outcome for outcome in labels.outcomes() if outcome.status == "failed"]
    if failed:
        first = failed[0]
        assert first.failure is not None
        raise LabelError(
            f"{count_labels(len(failed))} failed, and --retry tries again; the first, of frame "
            f"{first.task.frames[0]}: {first.failure.reason}"
        )


def _recipe(name: str | None) -> Recipe:
    name = name or DEFAULT
    return read_recipe(Path(name)) if name.endswith(".toml") else find_recipe(name)


def _say_price(labels: "FileLabels", tasks: list["Task"], prices: "Prices", workers: int) -> None:
    """What there is, and what the rest costs."""
    from nci_core.labelling.remaining import Remaining

    repeat = "repeats" if labels.repeats == 1 else "repeat"
    where = f", {labels.repeats:,} of which {repeat} a geometry" if labels.repeats else ""
    frames = f"{len(labels.frames):,} frame{'s' * (len(labels.frames) != 1)}"
    err.print(f"{frames}{where}; {count_labels(len(labels.tasks))} by {labels.recipe.name}.")
    for frame in labels.left_out[:MOST_NAMED]:
        err.print(f"Frame {frame.number} is left out: {frame.problem}", style="yellow", soft_wrap=True)
    if len(labels.left_out) > MOST_NAMED:
        err.print(f"{len(labels.left_out) - MOST_NAMED:,} more are left out; --json names all.", style="yellow")
    for note in dict.fromkeys(note for task in tasks for note in task.notes):
        err.print(note, style="yellow", soft_wrap=True)
    done = len(labels.results)
    if done and 0 < labels.new < len(labels.tasks):
        new = "1 geometry is" if labels.new == 1 else f"{labels.new:,} geometries are"
        err.print(f"{new} new since this was begun.")
    if not tasks:
        err.print(f"{count_labels(done)} done, nothing to compute.")
        return
    rows = _rows(tasks, prices)
    columns = ("dimer", "labels", "functions", "CPU min each", "memory / GB")
    print_table("To compute", columns, rows[:MOST_ROWS])
    if rest := rows[MOST_ROWS:]:
        out.print(f"and {count_labels(sum(row[1] for row in rest))} of {len(rest):,} other dimers")
    total, most = prices.total(), max(task.memory_gb for task in tasks)
    elapsed = Remaining(prices.minutes, workers).seconds(0.0)
    out.print(
        f"{count_labels(len(tasks))}, {done:,} done already: about {total.text(len(tasks))} CPU minutes, "
        f"{_duration(elapsed)} with {workers} at once, up to {most:.2g} GB each ({total.source})."
    )


def _rows(tasks: list["Task"], prices: "Prices") -> list[list[Any]]:
    """One row for each dimer of one size, with the mean price of its labels."""
    found: dict[tuple[str, int, float], list[float]] = {}
    for task, minutes in zip(tasks, prices.minutes, strict=True):
        found.setdefault((task.at.dimer.name, task.functions, task.memory_gb), []).append(minutes)
    return [
        [name, len(minutes), functions, sum(minutes) / len(minutes), memory]
        for (name, functions, memory), minutes in found.items()
    ]


def _price_report(labels: "FileLabels", tasks: list["Task"], prices: "Prices") -> dict[str, Any]:
    rows = [
        {
            "frames": list(task.frames),
            "dimer": task.at.dimer.name,
            "functions": task.functions,
            "cpu_minutes": minutes,
            "memory_gb": task.memory_gb,
            "notes": list(task.notes),
        }
        for task, minutes in zip(tasks, prices.minutes, strict=True)
    ]
    low, high = prices.total().interval(len(tasks)) if tasks else (0.0, 0.0)
    return {
        "recipe": labels.recipe.name,
        "recipe_hash": labels.recipe.hash,
        "n_frames": len(labels.frames),
        "n_done": len(labels.results),
        "left_out": _left_out(labels),
        "cpu_minutes": sum(prices.minutes),
        "cpu_minutes_68": [low, high],
        "memory_gb": max((task.memory_gb for task in tasks), default=0.0),
        "labels": rows,
    }


def _left_out(labels: "FileLabels") -> list[dict[str, Any]]:
    return [{"frame": frame.number, "problem": frame.problem} for frame in labels.left_out]


def _report(labels: "FileLabels", tasks: list["Task"], seconds: float) -> dict[str, Any]:
    noted = [outcome for outcome in labels.outcomes() if outcome.note]
    asked = {task.key for task in tasks}
    return {
        "out": str(labels.out),
        "recipe": labels.recipe.name,
        "recipe_hash": labels.recipe.hash,
        "n_frames": len(labels.frames),
        "counts": labels.counts(),
        "computed_now": sum(result is not None and key in asked for key, result in labels.results.items()),
        "seconds": seconds,
        "cpu_minutes": sum(result.cpu_seconds for result in labels.results.values()) / 60.0,
        "notes": [{"frames": list(each.task.frames), "status": each.status, "note": each.note} for each in noted],
        "left_out": _left_out(labels),
    }


def _say_end(labels: "FileLabels") -> None:
    counts = labels.counts()
    aside = f", {counts['set aside']} set aside (`label_note` says why)" if counts["set aside"] else ""
    waiting = f", {counts['waiting']} still to compute" if counts["waiting"] else ""
    out.print(f"{labels.out}: {count_labels(counts['complete'])}{aside}{waiting}.")


@contextmanager
def _progress(tasks: list["Task"], prices: "Prices", workers: int, recipe: str) -> Iterator[Any]:
    """A bar by cost; yields what the pool calls. Failures are said above it as they come."""
    from nci_core.labelling.remaining import Remaining

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[labels]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}", markup=False),
    )
    remaining, began = Remaining(prices.minutes, workers), time.monotonic()
    number = {task.key: k for k, task in enumerate(tasks)}
    ended: set[tuple[str, str]] = set()
    with Progress(*columns, console=err, disable=not tasks) as bar:
        shown = bar.add_task(f"CCSD(T) {recipe}", total=1.0, labels="", left="")

        def on_event(event: Any) -> None:
            if event is not None:
                remaining.update(number[event.task.key], event.share)
                if event.state != "running":
                    ended.add(event.task.key)
                if event.state == "failed":
                    err.print(f"Frame {event.task.frames[0]}: {event.message}", style="red", soft_wrap=True)
            left = remaining.seconds(time.monotonic() - began)
            said = f"{len(ended):,} of {count_labels(len(tasks))}"
            bar.update(shown, completed=remaining.done, labels=said, left=f"{_duration(left)} left")

        on_event(None)
        yield on_event


def _duration(seconds: float) -> str:
    """A time as people say it.

    >>> _duration(42.0), _duration(600.0), _duration(20000.0)
    ('42 s', '10 min', '5.6 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
