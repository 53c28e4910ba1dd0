"""What a job's processes use: too much memory, or, when they hang, neither CPU time nor progress."""

import psutil

#: A process that has neither reported progress nor used CPU time for so long hangs.
SILENCE_SECONDS = 15 * 60.0
#: Waiting costs a little CPU time as well (a thread looks for its parent twice a second, 0.1 s in 15 minutes).
CPU_OF_WORK_SECONDS = 0.5
#: Of the machine's memory, where a job has no limit of its own: beyond it the kernel would choose whom to kill.
SHARE_OF_MACHINE = 0.9
GB = 1e9


def usage(pid: int) -> tuple[float, float]:
    """Resident memory (GB) and CPU seconds of a process and its descendants; zeros when it has ended."""
    memory = cpu = 0.0
    try:
        first = psutil.Process(pid)
        family = [first, *first.children(recursive=True)]
    except psutil.Error:
        return 0.0, 0.0
    for process in family:
        try:
            with process.oneshot():
                times = process.cpu_times()
                memory += process.memory_info().rss / GB
                # Of its own children only those that have ended: the others are in the family.
                cpu += times.user + times.system + times.children_user + times.children_system
        except psutil.Error:
            continue
    return memory, cpu


class Silence:
    """How long a job has shown no sign of life: CPU time of work, or a report that differs from the last."""

    def __init__(self, now: float) -> None:
        self._since, self._cpu = now, 0.0
        self._report: object = None

    def seconds(self, now: float, cpu_seconds: float, report: object) -> float:
        """Take what is known now, and return the silence so far in seconds."""
        # Less than before: a descendant ended without being counted.
        worked = abs(cpu_seconds - self._cpu) >= CPU_OF_WORK_SECONDS
        if worked or report != self._report:
            self._since, self._cpu, self._report = now, cpu_seconds, report
        return now - self._since
