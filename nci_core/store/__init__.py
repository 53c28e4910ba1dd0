"""The campaign's database: an SQLite file or a schema of a PostgreSQL server, safe for the app and workers at once.

Open it with `Store.open(folder_or_file, read_only=False)`, `Store.open(url, folder=campaign_folder)` or
`Store.create(...)`; then call the functions of the modules below with it. Rows come back as the dataclasses of
`schema`, detached: changing one changes nothing. Every function raises StoreError with one sentence, and writes all
or nothing. Energies in eV, lengths in Å.

Queries that have a `system_id=None` are of one system, or of all.

**campaign**: `set_info(store, CampaignInfo(...), [StoredSystem(...)])`, `get_info`, `find_info`,
`freeze_test_set(store, system_id=None)`.

**systems**: `fetch(store) -> [StoredSystem]` in their order; `add(store, [StoredSystem(...)])`; `rename(store, {id:
name})`.

**configurations**: `add(store, positions (m, 3), geometry_hashes, system_id=, origin=, split="pool"|"test", sectors=,
sample_seed=) -> Added(ids, n_new, n_known, n_other_split)`; `add_together(store, [Batch(...)], freeze=)` does that
for several at once, or for none; `fetch(store, split=, system_id=, ids=)`; `positions(store, split=, system_id=) ->
ids (m,), positions (m, 3)`; `counts`; `set_split(store, ids, split)`; `geometry_hashes`; `system_of(store, ids) ->
{configuration: system}`; `origins`.

**teacher_labels**: `record(store, teacher, ids, energy_ev, channels_ev, force_ev_angstrom=, torque_ev=, seconds=)`;
`fetch(store, teacher, split=, system_id=)`; `missing(store, teacher, system_id=) -> ids`; `of_configuration`;
`names`.

**teachers**: `stored_name(store, spec)`, the name of the labels of "mace:/path/x.model"; `settle(store, spec, name,
details, anew=)`; `details(store, name)`.

**labels** (one recipe at a time): `request(store, configuration_ids, recipe=, recipe_hash=, round_number=,
picked_by=, retry=True) -> [Label]`; `complete(store, recipe_hash, split=) -> LabelSet` (for fits and metrics);
`fetch(store, recipe_hash, status=)`; `get`; `finished(store, recipe_hash) -> [Finished]`; `set_running`,
`set_error(store, label_id, reason)`; `quarantine(store, label_id, reason | None)`; `elsewhere(store, recipe_hash) ->
[Label]` wait for results from another machine, `set_note(store, label_ids, note)` says which. Rules for queries:
`trusted(recipe_hash)`, what fits and metrics use; `state()`; `TAKEN`, states that need no other.

**label_queries**: `recipes -> {hash: name}`; `status_counts`, `unfinished_jobs`; `states(store, recipe_hash) ->
{configuration: state}`; `state_counts -> {split: {state: n}}`; `of_configuration`; `of_jobs(store, job_ids) -> {job:
Label}`; `newest`; `elapsed`; `running_since`; `queued`.

**label_history** (of labels that were set aside or tried again): `set_aside(store, label_id, doubts)`; `accept`,
`leave_out(store, label_id, person, because)`; `begin_retry(store, label_id, person) -> Label`; `earlier_result(store,
label)`; `events(store, recipe_hash, configuration_id=None) -> [LabelEvent]`.

**journal**: `record_label(store, label_id, result) -> Path` (journal, then row: the way to finish a label);
`find_result(folder, geometry_hash, recipe_hash)`; `reconcile(store) -> Reconciled(recorded, problems)`.
**fragments**: `FragmentFiles(results, geometry_hash, recipe_hash)`, pieces of a label under way.

**picks**: `add(store, configuration_ids, picked_by=, round_number=, scores=, reason=, state="basket")`;
`basket(store) -> ids`; `in_basket(store) -> [Pick]`; `drop(store, ids)`; `set_state(store, ids, "submitted")`;
`fetch(store, state=, round_number=, picked_by=)`. The test set cannot be picked.

**selections** (of a person; "selection" or "basket" steps): `record(store, person, kind, before, after)`; `undo`,
`redo -> Step | None`; `can -> (undo, redo)`; `current(store, person) -> ids`; `save_set(store, name, ids, person)`;
`delete_set`; `named_sets`.

**energy_sets** (energies that people bring, never among the labels): `add(store, EnergySet(...), batch, energy_ev,
rows)`; `add_at(store, EnergySet(...), ids, energy_ev, std_ev)`; `remove(store, set_id)`; `fetch`; `get`; `sizes`;
`median_std`; `points(store, set_id) -> SetPoints`; `training(store, row) -> LabelSet`.

**rounds**: `begin(store, kind, number=, strategy=, picked_by=, recipe_hash=, notes=) -> Round`; `finish(store,
number)` (adds up the cost); `update(store, number, notes=...)`; `get`; `fetch`; `last_number`; `next_number`.

**models**: `add(store, Model(name=, kind=, path=, sha256=, ...), activate=True)`; `active`; `activate(store,
model_id)` (also to roll back); `get`; `find(store, name)`; `fetch`; `file_path(store, model)` (checked);
`file_sha256(path)`.

**evaluations**: `record_predictions(store, model_id, ids, energy_ev, std_ev)`, `predictions`; `record_cuts(store,
[Cut(...)], model_id= | teacher=)`, `cuts`; `record_metrics(store, {"all": ErrorSummary, "well": ...}, split=,
recipe_hash=, model_id= | teacher=, system_id=)`, `metrics(store, recipe_hash, split=, model_id=, teacher=,
system_id=)`, without a system those of all together; `metrics_by_system`.

**tables** (pandas, for the app): `configurations_table(store, teacher=, recipe_hash=, model_id=, system_id=)`;
`whole(store, Table, recipe_hash=)`; `positions_table`; `teachers_table(store, names)`; `paid_table`;
`cut_table(store, name, model_id= | teacher=)`. **versions**: `data_version`, `model_version` and `pick_version`
change with what they are named after.

**jobs**: the queue itself: `get`, `fetch(store, states=, kind=, limit=)`. **job_queries**: `last(store, kinds)`,
`is_busy`, `counts`, `counts_by_kind`, `next_waiting`. Submit, cancel and wait through `nci_core.jobs`.
**job_events**: `events(store, job_id, after=)`, what jobs report for live curves.
"""

from nci_core.store.database import DATABASE_NAME, Store
from nci_core.store.schema import (
    CampaignInfo,
    Configuration,
    CutPoint,
    EnergySet,
    Job,
    JobEvent,
    Label,
    LabelEvent,
    Metric,
    Model,
    NamedSet,
    Pick,
    Prediction,
    Round,
    SetEnergy,
    Step,
    StoredSystem,
    TeacherLabel,
)

__all__ = [
    "DATABASE_NAME",
    "CampaignInfo",
    "Configuration",
    "CutPoint",
    "EnergySet",
    "Job",
    "JobEvent",
    "Label",
    "LabelEvent",
    "Metric",
    "Model",
    "NamedSet",
    "Pick",
    "Prediction",
    "Round",
    "SetEnergy",
    "Step",
    "Store",
    "StoredSystem",
    "TeacherLabel",
]
