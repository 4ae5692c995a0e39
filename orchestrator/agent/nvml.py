"""NVIDIA's GPUs, through the management library that the driver brings. Imported only where there is such a device."""

from __future__ import annotations

import ctypes

LIBRARY = "libnvidia-ml.so.1"
_NAME_BYTES = 96
_VERSION_BYTES = 80


class _Utilisation(ctypes.Structure):
    _fields_ = [("gpu", ctypes.c_uint), ("memory", ctypes.c_uint)]


class _Memory(ctypes.Structure):
    _fields_ = [("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong)]


class Gpus:
    """The GPUs of this container.

    Raises:
        OSError: there is no such library, or no driver that it can talk to.
    """

    def __init__(self, library: str = LIBRARY) -> None:
        self._nvml = ctypes.CDLL(library)
        self._call("nvmlInit_v2")
        count = ctypes.c_uint()
        self._call("nvmlDeviceGetCount_v2", ctypes.byref(count))
        self._devices = [self._device(index) for index in range(count.value)]

    def read(self) -> list[dict[str, object]]:
        """``index`` and what each tells of ``name``, ``utilisation`` (percent), memory (bytes), ``power`` (watts)."""
        return [{"index": index, **self._read(device)} for index, device in enumerate(self._devices) if device]

    def describe(self) -> dict[str, object]:
        """What results depend on: ``driver``, ``cuda`` (the newest that it can run), and of each of the ``devices``
        its ``name`` and ``compute`` (capability). What cannot be told is left out.
        """
        return {**self._driver(), "devices": [self._contract(device) for device in self._devices if device]}

    def close(self) -> None:
        """Let the library go."""
        self._tells("nvmlShutdown")

    def _device(self, index: int) -> ctypes.c_void_p:
        device = ctypes.c_void_p()
        self._tells("nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(device))
        return device

    def _read(self, device: ctypes.c_void_p) -> dict[str, object]:
        busy, memory, power = _Utilisation(), _Memory(), ctypes.c_uint()
        found = self._name(device)
        if self._tells("nvmlDeviceGetUtilizationRates", device, ctypes.byref(busy)):
            found["utilisation"] = busy.gpu
        if self._tells("nvmlDeviceGetMemoryInfo", device, ctypes.byref(memory)):
            found.update(memory_used=memory.used, memory_total=memory.total)
        if self._tells("nvmlDeviceGetPowerUsage", device, ctypes.byref(power)):
            found["power"] = power.value / 1000
        return found

    def _driver(self) -> dict[str, object]:
        version, cuda = ctypes.create_string_buffer(_VERSION_BYTES), ctypes.c_int()
        found: dict[str, object] = {}
        if self._tells("nvmlSystemGetDriverVersion", version, ctypes.c_uint(_VERSION_BYTES)):
            found["driver"] = version.value.decode("utf-8", "replace")
        if self._tells("nvmlSystemGetCudaDriverVersion", ctypes.byref(cuda)):
            found["cuda"] = "%d.%d" % (cuda.value // 1000, cuda.value % 1000 // 10)
        return found

    def _contract(self, device: ctypes.c_void_p) -> dict[str, object]:
        major, minor = ctypes.c_int(), ctypes.c_int()
        found = self._name(device)
        if self._tells("nvmlDeviceGetCudaComputeCapability", device, ctypes.byref(major), ctypes.byref(minor)):
            found["compute"] = "%d.%d" % (major.value, minor.value)
        return found

    def _name(self, device: ctypes.c_void_p) -> dict[str, object]:
        name = ctypes.create_string_buffer(_NAME_BYTES)
        if not self._tells("nvmlDeviceGetName", device, name, ctypes.c_uint(_NAME_BYTES)):
            return {}
        return {"name": name.value.decode("utf-8", "replace")}

    def _call(self, name: str, *args: object) -> None:
        if not self._tells(name, *args):
            raise OSError("%s failed" % name)

    def _tells(self, name: str, *args: object) -> bool:
        """Whether a function is there and succeeds."""
        function = getattr(self._nvml, name, None)
        return function is not None and function(*args) == 0
