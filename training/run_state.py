"""Everything a training run needs to go on as if nothing had happened, in one file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.arrays import F32, Arrays, Tensor, read_arrays, save_arrays
from training.errors import CheckpointError


class RunState:
    """Weights, averages, moments, and how far the run has come.

    Parameters
    ----------
    path
        The file, replaced whole; None keeps nothing.
    variables
        Everything that a step changes, always in the same order.
    """

    def __init__(self, path: Path | None, variables: Sequence[Tensor]) -> None:
        self._path, self._variables = path, list(variables)

    def restore(self) -> tuple[int, float]:
        """Set every variable as the file says; give photographs seen and seconds spent.

        Raises
        ------
        CheckpointError
            If the file is damaged or another network's.
        """
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
