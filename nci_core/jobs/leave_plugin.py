"""What nci asks of every Dask worker. Apart from `leaving`, for it must be imported with Dask."""

from typing import Any

from distributed import WorkerPlugin

from nci_core.jobs.leaving import leave


class Leave(WorkerPlugin):
    """Puts a worker's jobs back when it closes, for whatever reason."""

    name = "nci-leave"
    idempotent = True

    async def teardown(self, worker: Any) -> None:
        """Called by the worker when it closes."""
        await leave()
