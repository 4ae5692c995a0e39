"""GPUs through NVML: its ABI, spoken by a small library that is compiled here."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.agent.nvml import Gpus

STUB = r"""
#include <string.h>
typedef struct device { const char *name; unsigned index; } *nvmlDevice_t;
typedef struct { unsigned gpu, memory; } nvmlUtilization_t;
typedef struct { unsigned long long total, free, used; } nvmlMemory_t;
typedef int nvmlReturn_t;

static struct device devices[] = {{"NVIDIA H100 80GB HBM3", 0}, {"NVIDIA T4", 1}, {"lost", 2}};
static int users = 0;

nvmlReturn_t nvmlInit_v2(void) { users++; return INIT; }
nvmlReturn_t nvmlShutdown(void) { return users-- > 0 ? 0 : 1; }
nvmlReturn_t nvmlDeviceGetCount_v2(unsigned *count) { *count = 3; return users ? 0 : 1; }
nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned index, nvmlDevice_t *device) {
    if (index > 1) return 15; /* NVML_ERROR_GPU_IS_LOST */
    *device = &devices[index];
    return 0;
}
nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned length) {
    if (length < strlen(device->name) + 1) return 7; /* NVML_ERROR_INSUFFICIENT_SIZE */
    strcpy(name, device->name);
    return 0;
}
nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t device, nvmlUtilization_t *found) {
    if (device->index) return 3; /* NVML_ERROR_NOT_SUPPORTED */
    found->gpu = 93;
    found->memory = 41;
    return 0;
}
nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *found) {
    found->total = 85520809984ULL;
    found->used = 6000000000ULL + device->index;
    found->free = found->total - found->used;
    return 0;
}
#ifdef CONTRACT
nvmlReturn_t nvmlSystemGetDriverVersion(char *version, unsigned length) {
    if (length < 80) return 7;
    strcpy(version, "570.86.15");
    return 0;
}
nvmlReturn_t nvmlSystemGetCudaDriverVersion(int *version) { *version = 12080; return 0; }
nvmlReturn_t nvmlDeviceGetCudaComputeCapability(nvmlDevice_t device, int *major, int *minor) {
    *major = device->index ? 7 : 9;
    *minor = device->index ? 5 : 0;
    return 0;
}
#endif
#ifdef POWER
nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned *milliwatts) {
    *milliwatts = 310250;
    return 0;
}
#endif
"""


@pytest.fixture
def stub(tmp_path: Path) -> Callable[..., str]:
    """A library that stands in for the driver's."""

    def compile(*options: str) -> str:
        (tmp_path / "stub.c").write_text(STUB)
        library = tmp_path / "libnvidia-ml.so.1"
        subprocess.run(["cc", "-shared", "-fPIC", *options, "-o", library, tmp_path / "stub.c"], check=True)
        return str(library)

    return compile


def test_what_each_gpu_tells(stub):
    gpus = Gpus(stub("-DINIT=0", "-DPOWER"))
    memory = {"memory_total": 85520809984, "power": 310.25}
    assert gpus.read() == [
        {"index": 0, "name": "NVIDIA H100 80GB HBM3", "utilisation": 93, "memory_used": 6000000000, **memory},
        {"index": 1, "name": "NVIDIA T4", "memory_used": 6000000001, **memory},
    ]
    gpus.close()


def test_what_results_depend_on(stub):
    gpus = Gpus(stub("-DINIT=0", "-DCONTRACT"))
    devices = [{"name": "NVIDIA H100 80GB HBM3", "compute": "9.0"}, {"name": "NVIDIA T4", "compute": "7.5"}]
    assert gpus.describe() == {"driver": "570.86.15", "cuda": "12.8", "devices": devices}
    gpus.close()


def test_an_older_library_lacks_functions(stub):
    gpus = Gpus(stub("-DINIT=0"))
    assert [gpu.get("power") for gpu in gpus.read()] == [None, None]
    assert gpus.describe() == {"devices": [{"name": "NVIDIA H100 80GB HBM3"}, {"name": "NVIDIA T4"}]}


def test_a_library_without_a_driver_is_none(stub):
    with pytest.raises(OSError, match="nvmlInit_v2 failed"):
        Gpus(stub("-DINIT=9"))  # NVML_ERROR_DRIVER_NOT_LOADED


def test_no_library_is_none(tmp_path):
    with pytest.raises(OSError, match="libnvidia-ml"):
        Gpus(str(tmp_path / "libnvidia-ml.so.1"))
