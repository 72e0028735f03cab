"""Which number format products are computed in."""

from pathlib import Path

import tensorflow as tf

from training.arrays import Tensor

CPU_FLAGS = ("avx512_bf16", "amx_bf16")
CPU_INFO = Path("/proc/cpuinfo")


def precisions(cpu_info: Path = CPU_INFO) -> dict[str, Tensor]:
    """Give the formats by name; ``auto`` is bfloat16 where the machine multiplies it natively."""
    native = bool(tf.config.list_physical_devices("GPU")) or _multiplies_bfloat16(cpu_info)
    return {
        "auto": tf.bfloat16 if native else tf.float32,
        "float32": tf.float32,
        "bfloat16": tf.bfloat16,
    }


def _multiplies_bfloat16(cpu_info: Path) -> bool:
    if not cpu_info.is_file():
        return False
    flags = cpu_info.read_text(encoding="utf-8").split()
    return any(flag in flags for flag in CPU_FLAGS)
