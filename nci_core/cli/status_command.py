"""nci status, models: where a campaign stands, and which students it has."""

from typing import Any

import typer

from nci_core.campaign import Campaign
from nci_core.campaign.systems import System
from nci_core.cli.output import CampaignOption, JsonOption, open_campaign, print_json, print_table


def describe(campaign: Campaign) -> dict[str, Any]:
    """Counts of configurations, teacher labels, labels by split and state, picks and models; what the engine does."""
    from nci_core.campaign.queries.label_worth import worth_phrase
    from nci_core.campaign.rounds.origins import ORIGIN
    from nci_core.jobs import engine_status
    from nci_core.store import configurations, label_queries, labels, models, picks, rounds, teacher_labels
    from nci_core.store.labels import QUARANTINED

    store = campaign.store

    def by_state(recipe_hash: str) -> dict[str, dict[str, int]]:
        counted = label_queries.state_counts(store, recipe_hash)
        return {
            split: {"set aside" if state == QUARANTINED else state: n for state, n in counts.items()}
            for split, counts in counted.items()
        }

    others = {recipe.name: by_state(recipe.hash) for recipe in campaign.recipes[1:]}
    done = rounds.fetch(store)
    active = campaign.active_model()
    engine = engine_status(campaign.folder)
    return {
        "campaign": campaign.name,
        "systems": campaign.about,
        "regions": {each.name: _regions(each) for each in campaign.systems},
        "recipe": campaign.recipe.name,
        "configurations": configurations.counts(store),
        "without_teacher": sum(len(teacher_labels.missing(store, name)) for name in campaign.teachers),
        "labels": by_state(campaign.recipe.hash),
        "labels_are_worth": worth_phrase(campaign) or None,
        "labels_of_other_recipes": others,
        "labels_elsewhere": sum(len(labels.elsewhere(store, recipe.hash)) for recipe in campaign.recipes),
        "basket": len(picks.basket(store)),
        "rounds": len(done),
        "open_round": done[-1].number if done and done[-1].finished_at is None else None,
        "models": len(models.fetch(store)),
        "active_model": active.name if active else None,
        "active_model_origin": active.settings.get(ORIGIN) if active else None,
        "engine": "running" if engine.running else engine.phase,
        "engine_says": engine.error,
    }


def _regions(system: System) -> str:
    """Where the regions of a system begin and end."""
    return f"well below {system.bounds.well_below_cm1:g}, limit {system.bounds.limit_cm1:g} cm⁻¹"


def status(campaign: CampaignOption = None, as_json: JsonOption = False) -> None:
    """Show where a campaign stands: configurations, labels by state, basket, rounds, student in use."""
    found = describe(open_campaign(campaign, read_only=True))
    if as_json:
        print_json(found)
        return
    del found["active_model_origin"]  # a page of digests
    rows = [[name.replace("_", " "), _text(value)] for name, value in found.items()]
    print_table("", ("", ""), rows)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_text(part)}" for key, part in value.items()) or "none"
    return "-" if value is None else str(value)


def models(campaign: CampaignOption = None, as_json: JsonOption = False) -> None:
    """List the campaign's students."""
    from nci_core.store import models as rows

    found = rows.fetch(open_campaign(campaign, read_only=True).store, others=True)
    if as_json:
        print_json(
            [
                {"name": m.name, "kind": m.kind, "n_labels": m.n_labels, "active": m.active, "path": m.path}
                for m in found
            ]
        )
        return
    columns = ("model", "kind", "round", "labels", "fit / s", "device", "active")
    table = [
        [m.name, m.kind, m.round_number, m.n_labels, m.seconds, m.device, "yes" if m.active else ""] for m in found
    ]
    print_table("Students", columns, table)


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command()(status)
    app.command()(models)
