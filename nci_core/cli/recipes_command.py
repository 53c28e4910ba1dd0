"""nci recipes: the ways to compute a label."""

from typing import Annotated

import typer

from nci_core.cli.output import JsonOption, out, print_json, print_table
from nci_core.reference.recipes import RECIPES, find_recipe
from nci_core.toml_text import toml_value


def recipes(
    show: Annotated[
        str | None, typer.Option(help="Print one as a TOML file to change; give it to `nci init --recipe FILE`.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the built-in recipes of CCSD(T) labels."""
    if show is not None:
        values = find_recipe(show).model_dump(mode="json", exclude_none=True)
        values |= {"name": f"my-{show}", "version": 1}
        for name, value in values.items():
            typer.echo(f"{name} = {toml_value(value)}")
        return
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
                ["for", recipe.description],
            ],
        )
    out.print("`nci bench recipes --stored` says how accurate they are and what they cost.")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(recipes)
