"""nci recipes: the ways to compute a label."""

from pathlib import Path
from typing import Annotated

import typer

from nci_core.cli.output import JsonOption, err, out, print_json, print_table
from nci_core.errors import InputError
from nci_core.labels.builtin_recipes import RECIPES, find_recipe
from nci_core.labels.recipe_files import read_recipe
from nci_core.systems import Monomer
from nci_core.systems.dimer import Dimer
from nci_core.systems.reading.structure_file import find_host
from nci_core.toml_text import toml_value


def recipes(
    show: Annotated[
        str | None,
        typer.Option(
            help="Print a recipe, built in or from a TOML file, as TOML to edit for `nci init --recipe FILE`."
        ),
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(
            help="With --show: check the recipe for this host (benzene, ethylene or a structure file) and name "
            "each of its basis sets, as a campaign keeps it.",
            show_default=False,
        ),
    ] = None,
    probe: Annotated[str, typer.Option(help="With --host: the probe atom.")] = "He",
    as_json: JsonOption = False,
) -> None:
    """List the built-in recipes of CCSD(T) labels, or show and check one."""
    if show is not None:
        _show(show, host, probe)
        return
    if host is not None:
        raise InputError("--host says for which host --show checks a recipe; give --show too.")
    if as_json:
        print_json([recipe.model_dump(mode="json") | {"hash": recipe.hash} for recipe in RECIPES.values()])
        return
    for recipe in RECIPES.values():
        print_table(
            f"{recipe.name} {recipe.version} ({recipe.hash})",
            ("", ""),
            [
                ["functions", recipe.basis_name],
                *([["smaller functions", part.smaller.basis_name]] if (part := recipe.extrapolation) else []),
                *([["larger functions", more.larger.basis_name]] if (more := recipe.composite) else []),
                ["integrals", recipe.integrals],
                ["± of a label", str(recipe.prediction_error or "nobody knows")],
                ["for", recipe.description],
            ],
        )
    out.print("`nci bench recipes --stored` shows how accurate they are and what they cost.")


def _show(what: str, host: str | None, probe: str) -> None:
    """Print a recipe as TOML, its notes on standard error."""
    own = what.endswith(".toml")
    recipe = read_recipe(Path(what)) if own else find_recipe(what)
    if host is not None:
        from nci_core.labels.checked_recipe import check_recipe

        checked = check_recipe(recipe, Dimer(find_host(host), Monomer.atom(probe)))
        recipe = checked.recipe
        for note in checked.notes:
            err.print(note, soft_wrap=True)
    values = recipe.model_dump(mode="json", exclude_none=True)
    if not own:
        values |= {"name": f"my-{what}", "version": 1}
    for name, value in values.items():
        if name == "prediction_error" and not own:
            typer.echo(f"# As calibrated for {what}: leave it out where you change what decides the energies.")
        typer.echo(f"{name} = {toml_value(value)}")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(recipes)
