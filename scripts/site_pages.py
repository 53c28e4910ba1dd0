"""Hooks of the documentation site: pages made from what lies elsewhere, and equations as MathML.

MkDocs calls the functions that begin with `on_`; see mkdocs.yml.
"""

import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
#: Files of the project's folder that are pages too.
COPIED = {"changelog.md": "CHANGELOG.md", "contributing.md": "CONTRIBUTING.md"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Draw fences of the language `math` as equations, as GitHub does."""
    fence = {"name": "math", "class": "math", "format": equation}
    config.mdx_configs["pymdownx.superfences"] = {"custom_fences": [fence]}
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the change log, the contributor's guide and the reference of the command line."""
    for name, source in COPIED.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        # There a link says docs/x.md, here x.md is beside the page.
        files.append(File.generated(config, name, content=text.replace("](docs/", "](")))
    files.append(File.generated(config, "reference/cli.md", content=command_line()))
    files.append(File.generated(config, "reference/monomers.md", content=monomers()))
    return files


def command_line() -> str:
    """Every command with its arguments and options, as typer's own generator writes them."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from typer.cli import get_docs_for_click
    from typer.main import get_command

    from nci_core.cli.main import app

    command = get_command(app)
    context: Any = command.make_context("nci", ["--version"], resilient_parsing=True)
    text = get_docs_for_click(obj=command, ctx=context, name="nci", title="Command line")
    # The list of commands cuts each sentence short; the page's own table of contents is the better one.
    return re.sub(r"^\*\*Commands\*\*:\n\n(\* .*\n)+", "", text, flags=re.MULTILINE)


def monomers() -> str:
    """The built-in monomers with their sources, as their files have them."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from nci_core.systems.library import builtin_monomer, names
    from nci_core.systems.point_group import formula, point_group

    lines = [
        "# Built-in monomers",
        "",
        "Known by name and formula wherever a molecule is asked for: `nci init FOLDER --host coronene`, "
        '`builtin_monomer("H2O")`, and *Name* on the page *New campaign*. r0 gives the rotational constants of the '
        "vibrational ground state; an equilibrium structure is a minimum of the energy and has shorter bonds. "
        "[Add a monomer](../contributing.md#add-a-monomer) says how there come to be more.",
        "",
        "| name | formula | point group | geometry |",
        "|---|---|---|---|",
    ]
    for monomer in map(builtin_monomer, names()):
        source = re.sub(r"SMILES (\S+)", r"SMILES `\1`", monomer.source).replace("|", "\\|")
        lines.append(f"| {monomer.name} | {formula(monomer)} | {point_group(monomer)} | {source} |")
    return "\n".join([*lines, ""])


def on_page_content(html: str, **others: Any) -> str:
    """Keep a number, its ± and the spread on one line."""
    return html.replace(" ± ", "&nbsp;±&nbsp;")


def equation(source: str, language: str, css_class: str, options: Any, md: Any, **others: Any) -> str:
    """A fence of LaTeX as MathML, which browsers draw without a script."""
    from latex2mathml.converter import convert

    lines = [line for line in source.split("\n\n") if line.strip()]
    return "".join(f'<div class="{css_class}">{convert(line.strip(), display="block")}</div>' for line in lines)
