"""nci cluster: where jobs run beyond this machine."""

from pathlib import Path
from typing import Annotated

import typer

from nci_core.cli.output import out
from nci_core.jobs.cluster_settings import BatchSettings, SchedulerSettings, read_cluster
from nci_core.jobs.cluster_settings import template as cluster_template

cluster = typer.Typer(
    name="cluster",
    help="Where jobs run: this machine, a running Dask scheduler, Slurm or PBS. docs/cluster.md says more.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@cluster.command()
def template(kind: Annotated[str, typer.Argument(help="slurm, pbs, local or scheduler.")] = "slurm") -> None:
    """Print a cluster file with every setting explained; redirect it to a file and edit it."""
    typer.echo(cluster_template(kind), nl=False)


@cluster.command()
def check(file: Annotated[Path, typer.Argument(help="A cluster file.")]) -> None:
    """Check a cluster file and print the batch script it leads to. Nothing is submitted."""
    settings = read_cluster(file)
    if isinstance(settings, BatchSettings):
        from nci_core.jobs.clusters import job_script

        typer.echo(job_script(settings), nl=False)
        return
    if isinstance(settings, SchedulerSettings):
        out.print(f"Jobs go to the Dask scheduler at {settings.address}, {settings.threads} threads each.")
        return
    workers = settings.workers or "as many as there are cores and memory for"
    out.print(f"Jobs run on this machine, {workers} at once, {settings.threads} threads each.")


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(cluster)
