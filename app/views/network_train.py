"""Label & train, the student MACE: which network is fine-tuned, and how."""

import streamlit as st

from app import actions
from app.choices import as_written, one_of
from app.doing import act_button
from app.session import Context
from app.text import plain
from nci_core.campaign.rounds.network_choice import METHODS, NetworkChoice

#: The two kinds of students: what they are called on the switch.
STUDENTS = {"physics": "physics", "mace": "MACE"}
NAMES = "small, medium-omat-0, off-medium …"


def choose_student(context: Context) -> str:
    """Which kind of student is trained, "physics" or "mace"."""
    return one_of(
        st,
        "Student",
        {name: plain(text) for name, text in STUDENTS.items()},
        key=f"student-{context.folder}",
        titled=True,
        in_address=False,
        help="Physics is a sum of terms with the right long range. MACE is a foundation model that is fine-tuned; "
        "beyond its cutoff it is zero.",
    )


def train_network(context: Context, labels: int) -> None:
    """The foundation, the method, and the button that asks for the training on `labels` labels."""
    foundation = st.text_input(
        "Foundation",
        key="foundation",
        placeholder=NAMES,
        help="The name of a MACE foundation model, or the path of a file on the machine that trains: a network that "
        "nci fine-tuned (.pt), or a MACE .model.",
    ).strip()
    digest = ""
    if foundation.endswith(".model"):
        digest = st.text_input(
            "SHA-256 of the file",
            key="foundation_sha256",
            help="A .model is a pickle, which can run any code. It is read only if it has this digest.",
        ).strip()
    method = one_of(st, "Method", as_written(METHODS), key="network_method", titled=True, in_address=False)
    st.caption(plain(f"{METHODS[method].capitalize()}."))
    first, second = st.columns(2)
    seeds = first.number_input(
        "Networks",
        1,
        16,
        4,
        key="network_seeds",
        help="Their spread is the error bar. Each takes as long as the others.",
    )
    device = second.selectbox("Device", ["auto", "cpu", "cuda"], key="network_device")
    act_button(
        st,
        f"Fine-tune MACE on {labels:d} label{'s' if labels != 1 else ''}",
        lambda: actions.finetune_network(
            context.campaign,
            NetworkChoice.checked(foundation=foundation, method=method, seeds=int(seeds), sha256=digest or None),
            device=str(device),
        ),
        key="finetune_network",
        when=labels and foundation,
        said="The training is in the queue as job {}.",
        help="The network stands beside the student in use, which stays in use.",
        type="primary",
        width="stretch",
    )
