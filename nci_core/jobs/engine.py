"""The engine: a detached process that hands waiting jobs to Dask and clears up after lost ones.

`python -m nci_core.jobs.engine --campaign DIR [--workers N] [--scheduler tcp://host:port]`. One per
campaign. It holds no state that matters: kill it, start it again, and it goes on from the store.
"""

import argparse
import logging
import signal
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType

from nci_core.errors import CampaignMovedError, JobError, NCIError, StoreError
from nci_core.jobs.cluster_settings import ClusterSettings, LocalSettings, SchedulerSettings, read_cluster
from nci_core.jobs.engine_loop import Engine, write_quietly
from nci_core.jobs.engine_settings import EngineSettings, workers_here
from nci_core.jobs.lock import EngineLock, EngineStatus, Phase
from nci_core.jobs.pool import Pool
from nci_core.store import Store, journal
from nci_core.store.place import Place, hold

log = logging.getLogger("nci.engine")


def run_engine(settings: EngineSettings) -> int:
    """Run a campaign's engine until it is idle, told to stop or its folder is moved; returns the exit code."""
    place = hold(settings.campaign_dir)
    lock = EngineLock(settings.campaign_dir)

    def say(phase: Phase, error: str | None = None) -> None:
        write_quietly(settings, EngineStatus(True, phase, error=error))

    try:
        if not lock.acquire(wait_seconds=2.0):
            log.info("another engine runs for %s", settings.campaign_dir)
            return 0
        say("starting")
        with Store.open(settings.database or settings.campaign_dir, folder=settings.campaign_dir) as store:
            found = journal.reconcile(store)
            log.info("started for %s; %d journaled labels recovered", settings.campaign_dir, found.recorded)
            for problem in found.problems:
                log.warning("%s", problem)
            _work(settings, store, lock)
    except CampaignMovedError as error:
        log.error("%s", error)
        if place is not None:
            _say_at_the_new_place(settings, place)
        return error.exit_code
    except NCIError as error:
        log.error("%s", error)
        say("failed", str(error))
        return error.exit_code
    except Exception as error:
        log.exception("the engine failed")
        say("failed", f"The engine failed with {type(error).__name__}: {error}")
        return JobError.exit_code
    finally:
        lock.release()
    return 0


def _work(settings: EngineSettings, store: Store, lock: EngineLock) -> None:
    """Run the loop with its workers; whatever ends it, jobs whose processes ended with them wait again."""
    engine: Engine | None = None
    try:
        with Pool(settings.cluster, settings.campaign_dir, workers_here(settings, store)) as pool:
            engine = Engine(settings, store, pool, lock)

            def on_signal(number: int, frame: FrameType | None) -> None:
                assert engine is not None
                engine.stopping = True

            signal.signal(signal.SIGTERM, on_signal)
            signal.signal(signal.SIGINT, on_signal)
            engine.say("ready")
            engine.run()
    except BaseException:
        if engine is not None:
            with suppress(StoreError):
                engine.release_running()
        raise
    if engine.stopping:
        engine.release_running()
        write_quietly(settings, EngineStatus(True, "stopped"))


def _say_at_the_new_place(settings: EngineSettings, place: Place) -> None:
    """Leave word in the folder that was moved, for whoever opens it there."""
    folder = place.now_at()
    if folder is not None:
        reason = (
            f"This campaign was moved here from {settings.campaign_dir} while its engine worked; the engine ended, and "
            "its jobs wait until one is started here."
        )
        write_quietly(replace(settings, campaign_dir=folder), EngineStatus(True, "stopped", error=reason))


def main(arguments: list[str] | None = None) -> int:
    """Entry point of the process."""
    parser = argparse.ArgumentParser(prog="python -m nci_core.jobs.engine", description=__doc__)
    parser.add_argument("--campaign", type=Path, required=True, help="campaign folder")
    parser.add_argument("--workers", type=int, help="jobs at once on this machine (default: one per core)")
    parser.add_argument("--threads", type=int, help="linear-algebra threads of each job (default: the cluster's, or 1)")
    parser.add_argument("--cluster", type=Path, help="a cluster's file, see `nci cluster template`")
    parser.add_argument("--scheduler", help="address of an existing Dask scheduler, tcp://host:port")
    parser.add_argument("--idle-seconds", type=float, default=600.0, help="end after so long without work")
    parser.add_argument("--openblas-coretype", default="auto", help="OpenBLAS kernel of the jobs, '' to leave it")
    parser.add_argument("--nice", type=int, default=0, help="niceness added to the jobs")
    parser.add_argument("--database", help="server URL without password, if it is not campaign.db in the folder")
    given = parser.parse_args(arguments)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING, stream=sys.stderr)
    log.setLevel(logging.INFO)
    folder = given.campaign.absolute()
    if not folder.is_dir():
        log.error("There is no campaign folder %s.", folder)
        return JobError.exit_code
    try:
        cluster: ClusterSettings = LocalSettings()
        if given.scheduler is not None:
            cluster = SchedulerSettings.model_construct(address=given.scheduler)
        elif given.cluster is not None:
            cluster = read_cluster(given.cluster)
    except NCIError as error:
        log.error("%s", error)
        return error.exit_code
    return run_engine(
        EngineSettings(
            campaign_dir=folder,
            workers=max(given.workers, 1) if given.workers is not None else None,
            threads=max(given.threads or cluster.threads, 1),
            cluster=cluster,
            idle_seconds=given.idle_seconds,
            openblas_coretype=given.openblas_coretype,
            nice=given.nice,
            database=given.database,
        )
    )


if __name__ == "__main__":
    sys.exit(main())
