"""nci bench prior, nci bench recipe-prior: widths of priors, learned from the embedded labels."""

import typer

from nci_core.cli.output import JsonOption, out, print_json, print_table


def prior(as_json: JsonOption = False) -> None:
    """Learn the prior widths of fine-tuning from the embedded labels."""
    from nci_core.bench.prior import learn_factors
    from nci_core.bench.problem import open_campaign_labels
    from nci_core.fitting.priors import CHANGE, OTHER_CHANGE

    labels, distilled = open_campaign_labels("he-ethylene", "pool")
    steps = list(learn_factors(labels, distilled))
    if as_json:
        print_json({"learned": steps[-1].factors, "in_use": CHANGE, "log_evidence": [s.log_evidence for s in steps]})
        return
    rows = [[block, value, CHANGE.get(block, OTHER_CHANGE)] for block, value in steps[-1].factors.items()]
    name = labels.configurations.dimer.name
    print_table(
        f"Prior widths learned from {len(labels)} labels of {name}",
        ("block", "now", "in use"),
        rows,
    )
    out.print(f"Log evidence {steps[0].log_evidence:.0f} → {steps[-1].log_evidence:.0f} in {len(steps)} steps.")


def recipe_prior(as_json: JsonOption = False) -> None:
    """Learn how far recipes move a student's parameters apart."""
    from nci_core.bench.problem import open_recipe_pair
    from nci_core.bench.recipe_prior import learn_recipe_change
    from nci_core.fitting.priors import OTHER_RECIPE_CHANGE, RECIPE_CHANGE

    at, cheap, costly, distilled = open_recipe_pair("he-ethylene", "quick")
    steps = list(learn_recipe_change(at, cheap, costly, distilled))
    if as_json:
        evidence = [step.log_evidence for step in steps]
        print_json({"learned": steps[-1].factors, "in_use": RECIPE_CHANGE, "log_evidence": evidence})
        return
    rows = [[block, *pair, *RECIPE_CHANGE.get(block, OTHER_RECIPE_CHANGE)] for block, pair in steps[-1].factors.items()]
    columns = ("block", "own, now", "common, now", "own, in use", "common, in use")
    print_table(f"Change between recipes learned from {len(costly)} pairs of labels of {at.dimer.name}", columns, rows)
    out.print(f"Log evidence {steps[0].log_evidence:.0f} → {steps[-1].log_evidence:.0f} in {len(steps)} steps.")


def register(bench: typer.Typer) -> None:
    """Add these commands to the group."""
    bench.command()(prior)
    bench.command()(recipe_prior)
