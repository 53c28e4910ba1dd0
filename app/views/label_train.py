"""Label & train: run the CCSD(T) calculations, watch them, fine-tune the student."""

import os
import time
from functools import partial

import streamlit as st

from app import actions
from app.chart import Drawn, charts
from app.choices import as_written, one_of
from app.data import jobs as job_data
from app.data.errors import RANGES
from app.data.overview import Situation, situation
from app.data.worth import MEANING
from app.doing import SAID, act_button, live, show_said
from app.figures.curves import fit_figure
from app.recipe_choice import choose_recipe, what_labels_are_worth
from app.session import Context
from app.text import Markdown, plain
from app.views import blind_predictions
from app.views.begin import no_configurations
from app.views.label_systems import show_systems
from app.views.network_train import choose_student, train_network
from app.views.outcome import show_outcome
from app.views.queue import show_queue
from app.views.set_aside import show_set_aside
from app.views.test_set import show_test_set
from nci_core.campaign.jobs import fit_memory
from nci_core.campaign.pricing.costs import LabelCost, cost_of_labels
from nci_core.campaign.pricing.limits import label_limits
from nci_core.campaign.rounds.basket import without_label
from nci_core.campaign.rounds.fit_devices import gpu_workers, where_it_ran
from nci_core.jobs import engine_status
from nci_core.jobs.machine import gpu_names
from nci_core.store import job_queries, label_queries, versions
from nci_core.store.base import ACTIVE
from nci_core.store.job_tables import elapsed_minutes, events_table
from nci_core.store.schema import Job

#: How long a sentence about what was just done stays at least.
MESSAGE_SECONDS = 10.0
FITS = ("finetune", "distill")
#: A recipe with fewer labels is not offered to learn from first.
LEAST_RUNG = 10


def show(context: Context) -> None:
    """The page."""
    st.title("Label & train", help="Calculations go on when this page is closed.")
    ready = situation(context.campaign)
    if not ready.configurations:
        no_configurations(context)
        return
    _message()
    left, right = st.columns([1.25, 1], gap="medium")
    busy = job_queries.is_busy(context.campaign.store)
    live(_follow, busy, versions.data_version(context.campaign.store))
    with left:
        _submit(context, ready)
        show_test_set(context, ready)
        live(show_queue, busy)
        live(show_set_aside, busy)
        blind_predictions.show_newest(context)
    with right:
        _train(context, ready)
        live(_fit, busy)
        show_outcome(context)


def _follow(now: Context, seen: versions.Version) -> None:
    """Draw the whole page anew when a label has ended: numbers on buttons and predictions are in no live part."""
    if versions.data_version(now.campaign.store) != seen:
        st.rerun(scope="app")


def _message() -> None:
    """What was just done. It outlives the redraws that a label's end brings, which may follow at once."""
    if SAID in st.session_state:
        st.session_state["train_said"] = st.session_state[SAID], time.monotonic()
    said, since = st.session_state.get("train_said", (None, 0.0))
    if said and time.monotonic() - since < MESSAGE_SECONDS:
        st.session_state[SAID] = said
    show_said()


def _submit(context: Context, ready: Situation) -> None:
    st.subheader("CCSD(T) labels")
    recipe = choose_recipe(context, "label-train")
    wanted = without_label(context.campaign.store, recipe.hash)
    cost, new = cost_of_labels(context.campaign, wanted, recipe), len(wanted)
    first, second = st.columns([1.5, 1], vertical_alignment="center")
    if not ready.in_basket:
        page = st.session_state.get("pages", {}).get("select")
        first.markdown("The basket is empty.")
        if page is not None:
            first.page_link(page=page, label="Pick configurations", icon=":material/lasso_select:")
    elif not new:
        first.markdown(
            f"**{ready.in_basket}** in the basket: they have labels of recipe *{plain(recipe.name)}* already."
        )
    else:
        there = f" of {ready.in_basket}, the others have labels already" if new < ready.in_basket else ""
        first.markdown(
            f"**{new}** in the basket{there}: about **{cost.text(new)}** CPU minutes "
            f"with recipe *{plain(recipe.name)}*{_elapsed(context, cost, new)}.",
            help=f"{cost.text(1)} minutes per label, {plain(cost.source)}. {plain(recipe.description)}.",
        )
    if context.several:
        show_systems(context, recipe, wanted)
    else:
        st.caption(plain(what_labels_are_worth(context, recipe)), help=f"{plain(MEANING)}.")
    _limits(context, cost)

    def submit() -> str:
        n = actions.label_basket(
            context.campaign,
            recipe.name,
            time_limit_minutes=st.session_state.get("label_minutes"),
            memory_limit_gb=st.session_state.get("label_gb"),
        )
        return f"{n} calculations are in the queue." if n else "These labels exist already; nothing to compute."

    label = f"Compute {new} label{'s' if new != 1 else ''}" if new else "Compute labels"
    act_button(second, label, submit, key="submit_basket", when=new, said="{}", type="primary", width="stretch")


def _limits(context: Context, cost: LabelCost) -> None:
    """What a label may take; a form that is folded away, because the guesses are generous."""
    limits = label_limits(context.campaign, cost=cost)
    memory = f"{limits.memory_limit_gb:g} GB" if limits.memory_limit_gb else "90% of the memory"
    with st.popover(
        "Limits", icon=":material/timer:", help="A calculation that exceeds them is stopped; the queue says why."
    ):
        st.number_input(
            "Longest time per label (minutes)",
            min_value=1.0,
            value=None,
            placeholder=f"{limits.time_limit_seconds / 60:.0f}",
            key="label_minutes",
        )
        st.number_input("Most memory per label (GB)", min_value=0.1, value=None, placeholder=memory, key="label_gb")
        st.caption(
            f"One that neither reports nor computes for {limits.silence_limit_seconds / 60:g} minutes is "
            "restarted. The limits hold for the labels you submit next; campaign.toml sets them for good."
        )


def _elapsed(context: Context, cost: LabelCost, count: int) -> Markdown:
    """', 40 minutes on 2 workers': the engine's workers, or as many as it would start."""
    workers = engine_status(context.campaign.folder).workers or os.cpu_count() or 1
    minutes = cost.elapsed(count, workers)
    text = f"{60 * minutes:.0f} s" if minutes < 1.5 else f"{minutes:.{0 if minutes >= 10 else 1}f} minutes"
    return f", {text} on {workers:d} worker{'s' if workers != 1 else ''}"


def _ladder(context: Context) -> list[str] | None:
    """The recipes to learn one after the other; a choice where labels of several are finished."""
    campaign = context.campaign
    counts = {
        recipe.name: label_queries.state_counts(campaign.store, recipe.hash)["pool"].get("complete", 0)
        for recipe in campaign.recipes[1:]
    }
    cheap = [name for name, count in counts.items() if count >= LEAST_RUNG]
    if not cheap:
        return None
    target = campaign.recipe.name
    whole = " → ".join([*(f"{counts[name]} {name}" for name in cheap), target])
    ladders = {f"{target} alone": None, whole: [*cheap, target]}
    chosen = one_of(
        st,
        "Learn from",
        as_written(ladders),
        key=f"ladder-{context.folder}",
        titled=True,
        in_address=False,
        help=f"Fine-tuning starts on labels of the cheaper recipes and goes on to {plain(target)}. It pays if the "
        "recipes are close to each other.",
    )
    return ladders[chosen]


def _train(context: Context, ready: Situation) -> None:
    st.subheader("Student")
    n = ready.training_labels
    used = context.model.n_labels if context.model else 0
    st.markdown(
        f"**{n:d}** training labels are ready, **{max(n - used, 0)}** of them new to the student in use."
        if context.model
        else "There is no student yet. Distil the teacher first; that needs no labels."
    )
    if choose_student(context) == "mace":
        train_network(context, n)
        return
    st.caption(_gpus(context))
    first, second = st.columns([1, 1.4], vertical_alignment="bottom")
    device = first.selectbox(
        "Device",
        ["auto", "cpu", "cuda"],
        key="device",
        help="auto times a step of the fit on the processor and, where that may pay, on the GPU, and takes the faster "
        "one. Large fits go to a worker with a GPU if the cluster has one.",
    )
    notes = second.text_input("Note for the history", key="fit_notes", placeholder="optional")
    ladder = _ladder(context)
    third, fourth = st.columns([1.4, 1])
    act_button(
        third,
        f"Fine-tune on {n:d} label{'s' if n != 1 else ''}",
        lambda: actions.finetune(context.campaign, device=str(device), notes=notes, recipes=ladder),
        key="finetune",
        when=n and context.model,
        said="Fine-tuning is in the queue as job {}.",
        type="primary" if n > used else "secondary",
        width="stretch",
    )
    act_button(
        fourth,
        "Distil again" if context.model else "Distil the teacher",
        lambda: actions.distill(context.campaign, device=str(device)),
        key="distill",
        when=ready.taught,
        said="Distillation is in the queue as job {}.",
        help="Fits the student to the teacher's energies; fine-tuning starts from there.",
        type="secondary" if context.model else "primary",
        width="stretch",
    )


def _gpus(context: Context) -> Markdown:
    """The GPUs that a fit may find, by name."""
    here, workers = gpu_names(), sum(gpu_workers(engine_status(context.campaign.folder)))
    if here:
        return plain(f"GPU of this machine: {', '.join(here)}.")
    if workers:
        return plain(f"This machine has no GPU; workers with a GPU that are running: {workers}.")
    return plain("This machine has no GPU; fits run on a processor core.")


def _fit(now: Context) -> None:
    """The newest fit: how far it is, and its curves."""
    job = job_queries.last(now.campaign.store, FITS)
    if job is None:
        st.caption("The curves of a fit appear here while it runs.")
        return
    events = events_table(now.campaign.store, job.id)
    minutes = elapsed_minutes(job.started_at, job.finished_at)
    taken = f", {minutes:.1f} min" if minutes is not None else ""
    st.markdown(f"**Job {job.id}, {job_data.KINDS[job.kind]}: {job_data.STATES[job.state]}**{taken}")
    if where := where_it_ran(job.result or {}):
        st.caption(plain(where))
    if job.error:
        st.error(plain(job.error), icon=":material/error:")
    if job.state == "running":
        st.progress(min(max(job.progress, 0.0), 1.0), plain(job.message) or None)
    _stop_or_resume(now, job)
    if len(events):
        by_region = "train_mae_well_cm1" in events
        region = one_of(st, "Region", RANGES, key="live_region") if by_region else "all"
        charts(now, Drawn(fit_figure(events, now.unit, now.colours, region=region), "fit"))


def _stop_or_resume(now: Context, job: Job) -> None:
    if job.state in ACTIVE:
        act_button(
            st,
            "Stopping …" if job.cancel_requested else "Stop",
            lambda: actions.cancel(now.campaign, [job.id]),
            key="stop_fit",
            when=not job.cancel_requested,
            help="It stops after the present step and can be resumed.",
            icon=":material/stop:",
        )
    elif job.state in ("cancelled", "error"):
        label, meaning = "Start again", "It ended before the fit began."
        if fit_memory(now.campaign.folder, job.id).is_file():
            label, meaning = "Resume", "It goes on where it stopped; with new labels it starts from the beginning."
        again = partial(actions.retry, now.campaign, [job.id])
        act_button(st, label, again, key="resume_fit", help=meaning, icon=":material/play_arrow:")
