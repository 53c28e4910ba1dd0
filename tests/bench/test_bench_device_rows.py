"""Timings of devices are kept whole, renewed by name, and compared with the core's."""

from pathlib import Path

import pytest

from nci_core.bench.device_rows import DeviceRow, compared, keep_devices, read_devices
from nci_core.errors import InputError

CORE = DeviceRow(device="A processor, one core", what="fine-tuning", size=1000, seconds=6.0)
GPU = DeviceRow(device="A GPU", what="fine-tuning", size=1000, seconds=0.5, memory_gb=1.5)


def test_a_row_of_the_same_step_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "devices.jsonl"
    keep_devices(path, [CORE, GPU])
    keep_devices(path, [GPU.model_copy(update={"seconds": 0.4})])
    assert [row.seconds for row in read_devices(path)] == [6.0, 0.4]
    path.write_bytes(path.read_bytes() + b'{"device": 1}\n')
    with pytest.raises(InputError, match=r"holds no timings of devices; run `python benchmarks/gpu.py` first"):
        read_devices(path)


def test_a_gpu_is_compared_with_the_core_where_both_were_timed() -> None:
    rows = compared([CORE, GPU, GPU.model_copy(update={"size": 10**6})])
    assert [row["times"] for row in rows] == [None, 12.0, None]
    assert rows[1]["per_second"] == 2000.0
    assert (CORE.on_gpu, GPU.on_gpu) == (False, True)
