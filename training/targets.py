"""What the teacher says of every photograph, asked once and kept.

It looks at each photograph whole; its stages are reduced by PCA, so that a
distillation step costs the student's work only (docs/decisions/102).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from training.arrays import F16, F32, U8, Tensor, save_arrays
from training.teacher import Network

__all__ = ["STAGES", "Stage", "Targets", "collect"]


@dataclass(frozen=True)
class Stage:
    """One stage of the teacher and the student's block of the same stride."""

    block: int
    stride: int
    dims: int
    weight: float

    @property
    def offset(self) -> float:
        """Where cell 0 is centred, in cells from the edge.

        The teacher's strides pick the upper left sample, so a cell of stride s is
        centred 2.5 pixels in, not s / 2.
        """
        return 2.5 / self.stride


STAGES = (
    Stage(2, 4, 24, 0.5),
    Stage(3, 8, 64, 0.7),
    Stage(4, 16, 128, 1.0),
    Stage(5, 32, 256, 2.0),
)


@dataclass(frozen=True)
class Targets:
    """What the teacher said of n photographs.

    ``maps[k]`` is float16 (n, s, s, dims) of unit mean variance; ``logits``
    float16 (n, 1000).
    """

    maps: tuple[F16, ...]
    logits: F16


@dataclass(frozen=True)
class _Reduction:
    mean: F32
    basis: F32  # (channels, dims), scaled so that the mean variance is one

    @classmethod
    def fit(cls, vectors: F32, dims: int) -> _Reduction:
        mean = vectors.mean(0)
        values, basis = np.linalg.eigh(np.cov(vectors - mean, rowvar=False))
        kept = np.argsort(values)[::-1][:dims]
        scale = np.sqrt(max(float(values[kept].mean()), 1e-12))
        return cls(mean, (basis[:, kept] / scale).astype(np.float32))


def collect(
    network: Network, groups: dict[str, U8], cache: Path, fit_on: int = 500
) -> dict[str, Targets]:
    """Give the teacher's targets of groups of photographs, from the cache where it has them.

    The reduction is fitted on the first group only. ``cache`` is this teacher's own; in it
    a group is known by its pixels.
    """
    cache.mkdir(parents=True, exist_ok=True)
    call = tf.function(network, reduce_retracing=True)
    first = next(iter(groups.values()))
    reductions = _reductions(call, first[:: max(1, len(first) // fit_on)], cache)
    found = {}
    for name, pixels in groups.items():
        mark = _mark(cache, pixels)
        targets = _load(cache, name, mark)
        if targets is None:
            targets = _record(call, reductions, pixels, name)
            _save(cache, name, mark, targets)
        found[name] = targets
    return found


def _batches(pixels: U8, size: int = 32) -> Tensor:
    for start in range(0, len(pixels), size):
        yield start, tf.constant(pixels[start : start + size], tf.float32)


def _reductions(call: Tensor, pixels: U8, cache: Path) -> list[_Reduction]:
    path = cache / "reductions.npz"
    if path.is_file():
        with np.load(path) as kept:
            return [_Reduction(kept[f"mean{s.block}"], kept[f"basis{s.block}"]) for s in STAGES]
    samples: list[list[F32]] = [[] for _ in STAGES]
    for _, batch in _batches(pixels):
        for sample, stage in zip(samples, call(batch)[0], strict=True):
            flat = stage.numpy().reshape(-1, stage.shape[-1])
            sample.append(flat[:: max(1, len(flat) // 1000)])
    fitted = [
        _Reduction.fit(np.concatenate(sample), stage.dims)
        for sample, stage in zip(samples, STAGES, strict=True)
    ]
    named = {f"mean{s.block}": r.mean for s, r in zip(STAGES, fitted, strict=True)}
    named |= {f"basis{s.block}": r.basis for s, r in zip(STAGES, fitted, strict=True)}
    save_arrays(path, named, np.float32)
    return fitted


def _paths(cache: Path, name: str) -> list[Path]:
    return [cache / f"{name}-stage{s.block}.npy" for s in STAGES] + [cache / f"{name}-logits.npy"]


def _mark(cache: Path, pixels: U8) -> str:
    """Tell these pixels, reduced in this way, from others."""
    digest = hashlib.blake2b((cache / "reductions.npz").read_bytes(), digest_size=16)
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()


def _load(cache: Path, name: str, mark: str) -> Targets | None:
    file = cache / f"{name}.pixels"
    if not file.is_file() or file.read_text(encoding="utf-8") != mark:
        return None
    *maps, logits = (np.load(path) for path in _paths(cache, name))
    return Targets(tuple(maps), logits)


def _save(cache: Path, name: str, mark: str, targets: Targets) -> None:
    file = cache / f"{name}.pixels"
    file.unlink(missing_ok=True)
    for path, array in zip(_paths(cache, name), (*targets.maps, targets.logits), strict=True):
        np.save(path, array)
    file.write_text(mark, encoding="utf-8")


def _record(call: Tensor, reductions: list[_Reduction], pixels: U8, name: str) -> Targets:
    reduce = tf.function(lambda x: _reduced(call, reductions, x), reduce_retracing=True)
    parts: list[list[F16]] = []
    for start, batch in _batches(pixels):
        parts.append([np.asarray(part) for part in reduce(batch)])
        if start % 640 == 0:
            print(f"teacher: {name} {start}/{len(pixels)}", flush=True)
    *maps, logits = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Targets(tuple(maps), logits)


def _reduced(call: Tensor, reductions: list[_Reduction], batch: Tensor) -> list[Tensor]:
    stages, logits = call(batch)
    maps = [(s - r.mean) @ r.basis for s, r in zip(stages, reductions, strict=True)]
    return [tf.cast(x, tf.float16) for x in (*maps, logits)]
