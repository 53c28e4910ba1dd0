"""What jobs reported while they ran: the points of live curves."""

from sqlalchemy import func, select, update

from nci_core.store.database import Store
from nci_core.store.schema import Job, JobEvent


def events(store: Store, job_id: int, *, after: int = 0) -> list[JobEvent]:
    """Events of the job's latest attempt with an id above `after`, in order."""
    latest = select(Job.attempt).where(Job.id == job_id).scalar_subquery()
    query = select(JobEvent).where(JobEvent.job_id == job_id, JobEvent.id > after, JobEvent.attempt == latest)
    with store.read() as session:
        return list(session.scalars(query.order_by(JobEvent.id)))


def adopt_events(store: Store, job_id: int, attempt: int) -> int:
    """Make the events of a job's earlier attempts this attempt's; returns how many there are now."""
    with store.write() as session:
        session.execute(
            update(JobEvent).where(JobEvent.job_id == job_id, JobEvent.attempt < attempt).values(attempt=attempt)
        )
        query = select(func.count()).where(JobEvent.job_id == job_id, JobEvent.attempt == attempt)
        return session.scalar(query) or 0
