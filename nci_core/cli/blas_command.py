"""nci blas: the linear algebra of labels, measured, checked and, on consent, replaced."""

from typing import Annotated

import typer

from nci_core.cli.output import JsonOption, out, print_json, print_table
from nci_core.errors import JobError
from nci_core.jobs.linear_algebra import agree, best, candidates, choice_file, chosen, measure
from nci_core.switches import require_writable


def blas(
    apply: Annotated[bool, typer.Option("--apply", help="Let all jobs use the fastest correct one.")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Go back to the default.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Time linear algebra libraries on a known label: they take most of a label's time."""
    if apply or reset:
        require_writable()
    file = choice_file()
    if reset:
        file.unlink(missing_ok=True)
        out.print("Jobs use PySCF's own library, with Haswell kernels where the processor has AVX2.")
        return
    found = [measure(candidate) for candidate in candidates()]
    fastest, used = best(found), chosen(file)
    if as_json:
        print_json([finding.model_dump() for finding in found])
    else:
        rows = [
            [one.name, one.dgemm_gflops, one.cpu_seconds, one.error_cm1, "yes" if one.right else "no"] for one in found
        ]
        print_table("Linear algebra of labels", ("library", "GFLOP/s", "CPU s", "error / cm⁻¹", "right"), rows)
    if fastest is None:
        raise JobError(
            "No library reproduces the known label; check the installation of PySCF before computing labels."
        )
    if apply:
        agree(file, fastest)
    if as_json:
        return
    if apply:
        out.print(f"Jobs now use {fastest.name} ({file}).")
    elif fastest.name == (used or found[1]).name:
        out.print(f"Jobs use the fastest, {fastest.name}.")
    else:
        out.print(f"{fastest.name} is fastest; `nci blas --apply` lets jobs use it.")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(blas)
