"""A campaign whose teacher is absurd for its host: refused before it computes anything, taught if somebody insists."""

import os
from pathlib import Path

import numpy as np
import pytest
import small_campaign as small

from nci_core.campaign import Campaign
from nci_core.campaign.jobs import run_teach
from nci_core.campaign.rounds.requests import is_refused, submit_teach, teach_all_the_same
from nci_core.campaign.rounds.sampling import sample_campaign
from nci_core.campaign.rounds.teaching import teach
from nci_core.errors import JobError, TeacherError
from nci_core.jobs.context import JobContext
from nci_core.store import job_queries, teacher_labels
from nci_core.store import jobs as queue


@pytest.fixture
def iodine(tmp_path: Path) -> Campaign:
    """He over HI, with GFN2-xTB as teacher, which holds He at I by some 2,000 cm⁻¹."""
    host = tmp_path / "hi.xyz"
    host.write_text("2\nhydrogen iodide\nI 0 0 0\nH 0 0 1.609\n")
    campaign = small.make(tmp_path / "work", host, teacher="gfn2-xtb")
    sample_campaign(campaign, 12, seed=1)
    return campaign


def run(campaign: Campaign, number: int) -> None:
    """What the engine does with a teaching job, in this process."""
    job = queue.begin(campaign.store, number, host="here", supervisor_pid=os.getpid())
    assert job is not None
    try:
        result = run_teach(JobContext(campaign.store, campaign.folder, job))
    except TeacherError as error:
        queue.finish(campaign.store, number, job.attempt, "error", error=str(error))
    else:
        queue.finish(campaign.store, number, job.attempt, "complete", result=result)


def test_an_absurd_teacher_teaches_only_who_trusts_it(iodine: Campaign) -> None:
    with pytest.raises(
        TeacherError,
        match=r"gfn2-xtb gives −\d,\d{3} cm⁻¹ for He .* from I of .* at most; .*, or go on with --trust-teacher\.$",
    ):
        teach(iodine)
    assert teacher_labels.fetch(iodine.store, "gfn2-xtb") == []
    done = teach(iodine, trust_teacher=True)
    assert done["n_new"] == 12
    assert [each.startswith("Teacher gfn2-xtb gives −") for each in done["doubts"]] == [True]
    lowest = min(row.energy_ev for row in teacher_labels.fetch(iodine.store, "gfn2-xtb"))
    assert np.isfinite(lowest)
    # It has taught this system: nobody is asked again.
    sample_campaign(iodine, 5, seed=2)
    assert set(teach(iodine)) == {"teacher", "n_new", "seconds"}


def test_a_refused_job_goes_on_by_another_one_with_all_that_was_asked_of_it(iodine: Campaign) -> None:
    run(iodine, submit_teach(iodine, then_distill=True, trusted=True, start=False))
    refused = job_queries.last(iodine.store, ("teach",))
    assert is_refused(refused)
    number = teach_all_the_same(iodine, start=False)
    again = queue.get(iodine.store, number)
    assert again.payload == {"then": "distill", "trusted": True, "trust_teacher": True}
    assert not is_refused(again)
    run(iodine, number)
    assert queue.get(iodine.store, number).state == "complete"
    assert len(teacher_labels.fetch(iodine.store, "gfn2-xtb")) == 12
    with pytest.raises(JobError, match="No teacher was refused"):
        teach_all_the_same(iodine, start=False)
