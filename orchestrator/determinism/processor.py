"""One instruction set for every library that would choose by the CPU it finds. Measured: docs/determinism.md."""

from __future__ import annotations

from orchestrator.determinism.levels import Processor

# NumPy's names, those of before 2.4 and those since: it warns of a name it does not know, which Python does not show.
_NUMPY_V4 = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR X86_V4"
_NUMPY_V3 = "AVX F16C FMA3 AVX2 X86_V3"

# glibc's names since 2.33, then what its math library asked for before; it passes over a name it does not know.
_GLIBC_V4 = ("AVX512F", "AVX512VL", "AVX512BW", "AVX512DQ", "AVX512CD", "FMA4")
_GLIBC_V4_OLD = ("AVX512F_Usable", "AVX512DQ_Usable", "FMA4_Usable")
_GLIBC_V3 = ("AVX2", "FMA", "AVX")
_GLIBC_V3_OLD = ("AVX2_Usable", "FMA_Usable", "AVX_Usable")


def pins(processor: Processor) -> dict[str, str]:
    """The variables that keep libraries to an instruction set."""
    numpy, glibc = [_NUMPY_V4], [*_GLIBC_V4, *_GLIBC_V4_OLD]
    openblas, aten, onednn = "Haswell", "avx2", "AVX2"
    if processor == "x86-64-v2":
        numpy += [_NUMPY_V3]
        glibc += [*_GLIBC_V3, *_GLIBC_V3_OLD]
        openblas, aten, onednn = "Nehalem", "default", "SSE41"
    return {
        "OPENBLAS_CORETYPE": openblas,
        "ATEN_CPU_CAPABILITY": aten,
        "ONEDNN_MAX_CPU_ISA": onednn,
        "DNNL_MAX_CPU_ISA": onednn,
        "MKL_CBWR": "COMPATIBLE",  # the others depend on who made the CPU
        "NPY_DISABLE_CPU_FEATURES": " ".join(numpy),
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=" + ",".join(f"-{name}" for name in glibc),
    }
