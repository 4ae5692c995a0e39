"""What a CPU can do, and what it lacks for a pin."""

from __future__ import annotations

import pytest

from orchestrator.execution import cpu

NEHALEM = "cx16 lahf_lm pni popcnt sse4_1 sse4_2 ssse3"
HASWELL = f"{NEHALEM} abm avx avx2 bmi1 bmi2 f16c fma movbe xsave"
SKYLAKE = f"{HASWELL} avx512bw avx512cd avx512dq avx512f avx512vl"


def described(flags: str, model: str = "Intel(R) Xeon(R) CPU X5550 @ 2.67GHz") -> dict[str, object]:
    processor = f"vendor_id\t: GenuineIntel\nmodel name\t: {model}\nflags\t\t: fpu vme {flags}\n"
    return cpu.describe(f"processor\t: 0\n{processor}\nprocessor\t: 1\nvendor_id\t: other\nflags\t\t:\n")


def test_a_description_is_the_first_processor_s_and_compact():
    found = described(f"{NEHALEM} aes")
    assert (found["vendor"], found["model"]) == ("GenuineIntel", "Intel(R) Xeon(R) CPU X5550 @ 2.67GHz")
    assert found["features"] == NEHALEM.split()


@pytest.mark.parametrize(
    ("flags", "pin", "lacks"),
    [
        (HASWELL, "x86-64-v3", ""),
        (SKYLAKE, "x86-64-v3", ""),
        (NEHALEM, "x86-64-v2", ""),
        (NEHALEM, "off", ""),
        ("", "off", ""),
        (NEHALEM, "x86-64-v3", "abm avx avx2 bmi1 bmi2 f16c fma movbe xsave"),
        (HASWELL.replace("fma ", ""), "x86-64-v3", "fma"),
        ("", "x86-64-v2", NEHALEM),
    ],
)
def test_what_is_missing_for_a_pin(flags, pin, lacks):
    assert cpu.missing(pin, described(flags)) == tuple(lacks.split())


@pytest.mark.parametrize(
    ("flags", "level"), [("", "off"), (NEHALEM, "x86-64-v2"), (HASWELL, "x86-64-v3"), (SKYLAKE, "x86-64-v4")]
)
def test_the_best_that_it_can_do(flags, level):
    assert cpu.best(described(flags)) == level


def test_a_machine_without_cpuinfo_honours_nothing():
    assert cpu.best(cpu.describe("")) == "off"
    assert cpu.name({}) == cpu.UNKNOWN


def test_a_name_has_the_level():
    assert cpu.name(described(HASWELL, "A CPU")) == "A CPU (x86-64-v3)"
