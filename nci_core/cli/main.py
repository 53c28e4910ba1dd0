"""Entry point of the `nci` command."""

import sys
import warnings
from typing import Annotated

import typer

from nci_core import __version__
from nci_core.children import ignore_pyscf_settings_here
from nci_core.cli import (
    bench_command,
    blas_command,
    campaign_commands,
    cluster_command,
    costs_command,
    data_commands,
    delta_command,
    demo_command,
    energies_command,
    finetune_command,
    label_command,
    loop_commands,
    quarantine_command,
    recipes_command,
    replay_command,
    status_command,
    system_commands,
    teacher_command,
    trust_commands,
)
from nci_core.cli.given_paths import refuse_empty_paths
from nci_core.cli.output import err
from nci_core.errors import NCIError, StoreError

app = typer.Typer(
    name="nci",
    help=(
        "Potentials for weak interactions at cm⁻¹ accuracy: distil a cheap teacher, fine-tune on few CCSD(T) labels. "
        "Lengths in Å; energies in cm⁻¹ where shown, in eV in files."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (
    campaign_commands,
    system_commands,
    loop_commands,
    label_command,
    data_commands,
    status_command,
    costs_command,
    demo_command,
    energies_command,
    finetune_command,
    delta_command,
    replay_command,
    quarantine_command,
    trust_commands,
    bench_command,
    blas_command,
    cluster_command,
    recipes_command,
    teacher_command,
):
    module.register(app)
refuse_empty_paths(app)


@app.callback(invoke_without_command=True)
def top(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    """Potentials for weak interactions at cm⁻¹ accuracy."""
    if version:
        typer.echo(f"nci {__version__}")
        raise typer.Exit


def run() -> None:
    """Run the command line; an error we raised is one sentence on standard error and an exit code."""
    # Third-party deprecations concern developers, and hide the one line that a user needs.
    warnings.simplefilter("ignore")
    ignore_pyscf_settings_here()
    try:
        app(standalone_mode=True)
    except NCIError as error:
        err.print(f"nci: {error}", style="red", soft_wrap=True)
        sys.exit(error.exit_code)
    except OSError as error:  # a full disk or a missing permission, wherever it strikes
        where = f"{error.filename}: " if error.filename else ""
        err.print(f"nci: {where}{error.strerror or error}.", style="red", soft_wrap=True)
        sys.exit(StoreError.exit_code)
    except KeyboardInterrupt:
        err.print("nci: stopped; what was finished is kept.", style="red")
        sys.exit(130)


if __name__ == "__main__":
    run()
