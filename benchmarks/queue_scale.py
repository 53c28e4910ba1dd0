"""A queue of 100,000 labels and 200 workers: what each operation takes, and the dashboard's queue page meanwhile.

    python benchmarks/queue_scale.py [--labels 100000] [--workers 200] [--seconds 60] [--database URL] [--json]

The workers are simulated: threads of several processes that begin, look, report, beat and finish through the
functions that real ones use, as often as real ones do, with labels of --label-seconds. A temporary campaign is used.
"""

import argparse
import json
import multiprocessing
import os
import queue as queues
import random
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import made_up
from nci_core.campaign import Campaign
from nci_core.jobs import engine_loop
from nci_core.jobs.supervisor import CANCEL_SECONDS, HEARTBEAT_SECONDS
from nci_core.store import Store, job_batches, job_queries, labels
from nci_core.store import jobs as queue
from nci_core.store.job_tables import jobs_table

THREADS = 20
REPORT_SECONDS = 2.0
Times = dict[str, list[float]]


def timed(times: Times, name: str, call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Call, and keep how many milliseconds it took."""
    began = time.perf_counter()
    result = call(*arguments, **options)
    times[name].append(1e3 * (time.perf_counter() - began))
    return result


def worker(store: Store, asked: Any, done: Any, times: Times, label_seconds: float) -> None:
    """One simulated worker: what a supervisor and its child write and ask, and sleep in between."""
    while (job_id := asked.get()) is not None:
        job = timed(times, "begin", queue.begin, store, job_id, host="simulated", supervisor_pid=os.getpid())
        if job is None:
            done.put(job_id)
            continue
        now = time.monotonic()
        end = now + label_seconds * random.uniform(0.5, 1.5)
        due = {"look": now + CANCEL_SECONDS, "beat": now + HEARTBEAT_SECONDS, "report": now + REPORT_SECONDS}
        while (now := time.monotonic()) < end:
            for name, when in due.items():
                if when > now:
                    continue
                due[name] = now + {"look": CANCEL_SECONDS, "beat": HEARTBEAT_SECONDS, "report": REPORT_SECONDS}[name]
                if name == "look":
                    timed(times, "look for cancel", queue.cancel_requested, store, job.id, job.attempt)
                elif name == "beat":
                    timed(times, "beat", queue.beat, store, job.id, job.attempt)
                else:
                    share = 1.0 - (end - now) / label_seconds
                    timed(times, "report", queue.report, store, job.id, job.attempt, progress=share, message="CCSD")
            time.sleep(max(min(end, *due.values()) - time.monotonic(), 0.0))
        timed(times, "finish", queue.finish, store, job.id, job.attempt, "complete", result={"energy_ev": -0.01})
        done.put(job_id)


def process(
    where: str, folder: str, n: int, asked: Any, done: Any, found: Any, ready: Any, label_seconds: float
) -> None:
    """A process with `n` simulated workers, once all are there; sends its timings when all have been told to end."""
    times: Times = defaultdict(list)
    with ExitStack() as stack:
        stores = [stack.enter_context(Store.open(where, folder=Path(folder))) for _ in range(n)]  # each has its own
        threads = [threading.Thread(target=worker, args=(store, asked, done, times, label_seconds)) for store in stores]
        for store in stores:
            queue.begin(store, -1, host="simulated", supervisor_pid=os.getpid())  # there is no such job
        ready.wait()  # what Python loads, and connecting, is not what is measured
        for thread in threads:
            thread.start()
        memory = psutil.Process().memory_info().rss
        for thread in threads:
            thread.join()
        found.put((dict(times), memory, psutil.Process().memory_info().rss))


def page_reads(campaign: Campaign, recipe_hash: str) -> None:
    """What the queue of the page Label & train asks the database for."""
    from app.data import jobs as job_data
    from app.data.overview import situation
    from nci_core.jobs.remaining import label_minutes, remaining, running_labels, waiting_labels

    store = campaign.store
    situation(campaign)
    job_queries.counts(store)
    jobs_table(store, 0, job_data.PAGE)
    recipes = {"quick": recipe_hash}
    remaining(running_labels(store, recipes), waiting_labels(store, recipes), label_minutes(store, recipes), 200)


def load_page(folder: Path, times: Times, name: str, repeats: int) -> None:
    """The whole page Label & train, as Streamlit runs it; the first run fills its caches and is not counted."""
    from streamlit.testing.v1 import AppTest

    def script() -> None:
        import streamlit as st

        from app.session import guarded
        from app.sidebar import show_sidebar
        from app.views import label_train

        show_sidebar()
        guarded(label_train.show)()
        st.session_state["drawn"] = True

    os.environ["NCI_HOME"] = str(folder.parent)
    main_module = sys.modules["__main__"]  # the harness puts the page's script there; processes are started from it
    page = AppTest.from_function(script, default_timeout=120).run()
    for _ in range(repeats):
        timed(times, name, page.run)
        assert not page.exception
        assert not page.error
    sys.modules["__main__"] = main_module


def summary(times: Times) -> dict[str, dict[str, float]]:
    """n, p50, p95 and max of each operation in milliseconds."""
    return {
        name: {
            "n": len(values),
            "p50_ms": float(np.percentile(values, 50)),
            "p95_ms": float(np.percentile(values, 95)),
            "max_ms": max(values),
        }
        for name, values in sorted(times.items())
    }


def simulate(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Build the campaign, let the workers work, and measure."""
    made_up.build(folder, arguments.labels + 400, database=arguments.database)
    campaign = Campaign.open(folder)
    store, recipe = campaign.store, campaign.recipe
    times: Times = defaultdict(list)
    pool = labels.fetch(store, recipe.hash)
    ids = [n for n in range(1, arguments.labels + 401) if n not in {row.configuration_id for row in pool}]
    began = time.perf_counter()
    asked_for = labels.request(store, ids[: arguments.labels], recipe=recipe.name, recipe_hash=recipe.hash)
    requested = time.perf_counter() - began
    waiting, jobs = [row.id for row in asked_for], []
    began = time.perf_counter()
    for start in range(0, len(waiting), job_batches.AT_ONCE):
        part = waiting[start : start + job_batches.AT_ONCE]
        jobs += timed(times, f"submit {job_batches.AT_ONCE} labels", job_batches.add_for_labels, store, part)
    submitted = time.perf_counter() - began
    del asked_for, pool, waiting
    load_page(folder, times, "page, nobody works", 5)

    context = multiprocessing.get_context("spawn")
    asked, done, found = context.Queue(), context.Queue(), context.Queue()
    ready = context.Barrier(-(-arguments.workers // THREADS) + 1)
    sizes = [min(THREADS, arguments.workers - k) for k in range(0, arguments.workers, THREADS)]
    where = arguments.database or str(store.path)
    children = [
        context.Process(
            target=process, args=(where, str(folder), n, asked, done, found, ready, arguments.label_seconds)
        )
        for n in sizes
    ]
    for child in children:
        child.start()
    ready.wait()
    handed: set[int] = set()
    memory: list[int] = []
    end = time.monotonic() + arguments.seconds
    finished, turn = 0, 0
    while time.monotonic() < end:
        while True:
            try:
                handed.discard(done.get_nowait())
                finished += 1
            except queues.Empty:
                break
        timed(times, "running jobs", queue.fetch, store, states=["running"])
        free = min(arguments.workers - len(handed), engine_loop.MOST_A_TURN)
        for job in timed(times, "next waiting", queue.next_waiting, store, free, skip=sorted(handed), sizes=[(8.0, 0)]):
            handed.add(job.id)
            asked.put(job.id)
            if len(handed) % engine_loop.AT_ONCE == 0:
                time.sleep(engine_loop.PAUSE_SECONDS)
        turn += 1
        if turn % 4 == 0:
            timed(times, "counts", queue.counts, store)
            timed(times, "page's queries", page_reads, campaign, recipe.hash)
            timed(times, "cancel", queue.cancel, store, jobs[-turn])
            timed(times, "run next", queue.put_first, store, [jobs[-turn - 1]])
            memory.append(psutil.Process().memory_info().rss)
        time.sleep(engine_loop.POLL_SECONDS)
    load_page(folder, times, "page, all work", 10)
    for _ in range(arguments.workers):
        asked.put(None)
    ends = [found.get(timeout=300) for _ in children]
    for child in children:
        child.join()
    for part, _, _ in ends:
        for name, values in part.items():
            times[name] += values
    result = {
        "labels": arguments.labels,
        "workers": arguments.workers,
        "seconds": arguments.seconds,
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "database": "sqlite" if store.path is not None else "postgresql",
        "request_seconds": requested,
        "submit_seconds": submitted,
        "finished": finished,
        "memory_mb": {
            "engine at start": memory[0] / 1e6,
            "engine at end": memory[-1] / 1e6,
            "process of 20 workers at start": float(np.mean([row[1] for row in ends])) / 1e6,
            "process of 20 workers at end": float(np.mean([row[2] for row in ends])) / 1e6,
        },
        "operations": summary(times),
    }
    campaign.store.close()
    return result


def main() -> None:
    """Print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--label-seconds", type=float, default=20.0, help="mean time of a simulated label")
    parser.add_argument("--database", help="a PostgreSQL server's URL with ?schema=; default a file")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nci-scale-") as scratch:
        result = simulate(arguments, Path(scratch) / "campaign")
    if arguments.json:
        print(json.dumps(result, indent=2))
        return
    print(
        f"{result['labels']:,} labels, {result['workers']} simulated workers, {result['seconds']:g} s on "
        f"{result['cores']} cores (load {result['load_average']:.1f}), {result['database']}; "
        f"{result['finished']:,} labels finished; all asked for in {result['request_seconds']:.1f} s and "
        f"queued in {result['submit_seconds']:.1f} s."
    )
    print(f"{'operation':24}{'n':>8}{'p50 / ms':>10}{'p95 / ms':>10}{'max / ms':>10}")
    for name, row in result["operations"].items():
        print(f"{name:24}{row['n']:8d}{row['p50_ms']:10.1f}{row['p95_ms']:10.1f}{row['max_ms']:10.1f}")
    for name, value in result["memory_mb"].items():
        print(f"memory of {name}: {value:.0f} MB")


if __name__ == "__main__":
    main()
