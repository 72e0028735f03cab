"""A run's epochs: each kept with its score, so that the best is chosen and a cut run goes on."""

import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.arrays import F32, Arrays, Tensor, read_arrays, save_arrays
from training.errors import CheckpointError
from training.logs import read_log


class RunState:
    """Weights, averages, moments, and how far the run has come, in one file, replaced whole.

    The variables are always given in the same order; no ``path`` keeps nothing.
    """

    def __init__(self, path: Path | None, variables: Sequence[Tensor]) -> None:
        self._path, self._variables = path, list(variables)

    def restore(self) -> tuple[int, float]:
        """Set every variable as kept; give photographs seen, seconds; raises `CheckpointError`."""
        if self._path is None or not self._path.is_file():
            return 0, 0.0
        kept = read_arrays(self._path)
        for number, variable in enumerate(self._variables):
            variable.assign(self._fitting(kept, number, variable))
        # float32 holds whole numbers up to 16 million only: photographs are kept in thousands.
        thousands, rest, seconds = (float(value) for value in kept["progress"])
        return int(1000 * thousands + rest), seconds

    def save(self, seen: int, seconds: float) -> None:
        """Keep the variables as they are, and how far the run has come."""
        if self._path is None:
            return
        arrays = {str(number): v.numpy() for number, v in enumerate(self._variables)}
        arrays["progress"] = np.array([*divmod(seen, 1000), seconds], np.float32)
        save_arrays(self._path, arrays, np.float32)

    def _fitting(self, kept: Arrays, number: int, variable: Tensor) -> F32:
        value = kept.get(str(number))
        if value is None or value.shape != tuple(variable.shape):
            raise CheckpointError(f"{self._path} is another network's state: remove it")
        return np.asarray(value, variable.numpy().dtype)


class TimedRun:
    """A run that is scheduled by time: photographs seen, and how much of its minutes is spent.

    Its whole state is kept in ``path`` (`RunState`), and gone on from where it is there.
    """

    def __init__(self, path: Path | None, variables: Sequence[Tensor], minutes: float) -> None:
        self._state, self._all = RunState(path, variables), minutes
        self.seen, spent = self._state.restore()
        self._kept_at = time.monotonic()
        self._began = self._kept_at - spent

    @property
    def minutes(self) -> float:
        """Spent, without those between runs."""
        return round((time.monotonic() - self._began) / 60, 2)

    @property
    def progress(self) -> float:
        """Share of the time that is spent."""
        return (time.monotonic() - self._began) / (60 * self._all)

    def rng(self, seed: int) -> np.random.Generator:
        """Give one that draws otherwise after each restart."""
        return np.random.default_rng((seed, self.seen) if self.seen else seed)

    def due(self, minutes: float) -> bool:
        """Whether so many minutes have passed since it last said so."""
        late = time.monotonic() - self._kept_at > 60 * minutes
        if late:
            self._kept_at = time.monotonic()
        return late

    def save(self) -> None:
        """Keep the whole state."""
        self._state.save(self.seen, time.monotonic() - self._began)


class Epochs:
    """One checkpoint and one line of figures an epoch: ``NAME-01.npz`` and so on, ``NAME.jsonl``.

    With ``resume``, everything that a step changes is kept in ``NAME.state.npz``, and the run goes
    on after the last epoch that an earlier one left with its state.
    """

    def __init__(self, out: Path, name: str, variables: Sequence[Tensor], *, resume: bool) -> None:
        self._out, self._name = out, name
        self._run = RunState(out / f"{name}.state.npz" if resume else None, variables)
        self.done, spent = self._run.restore()
        self._began = time.monotonic() - spent
        self._lines = [line for line in read_log(self._log) if line["epoch"] <= self.done]
        self._write()

    @property
    def seconds(self) -> float:
        """Since the first epoch began, without the time between runs."""
        return time.monotonic() - self._began

    def keep(self, entry: dict[str, float], arrays: Arrays) -> None:
        """Keep what ``entry["epoch"]`` came to; its ``score`` is what epochs are chosen by."""
        epoch = int(entry["epoch"])
        save_arrays(self._checkpoint(epoch), arrays)
        self._lines.append(entry)
        self._write()
        print(json.dumps(entry), flush=True)
        self._run.save(epoch, self.seconds)
        self.done = epoch

    def best(self) -> Arrays | None:
        """Give the weights of the best epoch, or None where there was none."""
        best = max(self._lines, key=lambda line: line["score"], default=None)
        return read_arrays(self._checkpoint(int(best["epoch"]))) if best else None

    def _checkpoint(self, epoch: int) -> Path:
        return self._out / f"{self._name}-{epoch:02d}.npz"

    @property
    def _log(self) -> Path:
        return self._out / f"{self._name}.jsonl"

    def _write(self) -> None:
        self._out.mkdir(parents=True, exist_ok=True)
        partial = self._log.with_suffix(".partial")
        text = "".join(json.dumps(line) + "\n" for line in self._lines)
        partial.write_text(text, encoding="utf-8")
        partial.replace(self._log)
