"""What SageMaker lays into a training container, and where it looks for results.

The paths are those of AWS's "How Amazon SageMaker runs your training image".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.errors import TrainingError

ROOT = Path("/opt/ml")
REASON_LENGTH = 1024
"""Characters of the failure file that DescribeTrainingJob shows."""


@dataclass(frozen=True)
class Container:
    """One run's folders under ``root``."""

    root: Path
    environment: Mapping[str, str]

    @property
    def model(self) -> Path:
        """What lies here becomes ``model.tar.gz``."""
        return self.root / "model"

    @property
    def results(self) -> Path:
        """What lies here becomes ``output.tar.gz``."""
        return self.root / "output" / "data"

    @property
    def checkpoints(self) -> Path:
        """Kept in S3 while the job runs, and there again when it goes on."""
        return self.root / "checkpoints"

    @property
    def scratch(self) -> Path:
        """Gone with the container."""
        return self.root / "scratch"

    def hyperparameters(self) -> dict[str, str]:
        """Read the job's hyperparameters; SageMaker writes every value as a string.

        Raises
        ------
        TrainingError
            If the file is not a flat JSON object of strings.
        """
        found = self._configuration("hyperparameters.json")
        for name, value in found.items():
            if not isinstance(value, str):
                raise TrainingError(f"hyperparameters.json: {name} is no string: {value!r}")
        return {name: value for name, value in found.items() if not name.startswith("sagemaker_")}

    def refuse_several_hosts(self) -> None:
        """Raise `TrainingError` where the job has more than one instance."""
        hosts = self._configuration("resourceconfig.json").get("hosts", [])
        if len(hosts) > 1:
            raise TrainingError(f"resourceconfig.json: {len(hosts)} hosts; this job wants one")

    def channel(self, name: str) -> Path | None:
        """Where a channel's files lie; None for a channel that the job does not have."""
        folder = self.root / "input" / "data" / name
        return folder if folder.is_dir() else None

    def fail(self, reason: str, detail: str = "") -> None:
        """Say why the job failed, where SageMaker looks for it."""
        file = self.root / "output" / "failure"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{reason[:REASON_LENGTH]}\n{detail}", encoding="utf-8")

    def _configuration(self, name: str) -> dict[str, Any]:
        file = self.root / "input" / "config" / name
        if not file.is_file():
            return {}
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise TrainingError(f"{name} is not JSON: {error}") from error
        if not isinstance(found, dict):
            raise TrainingError(f"{name} is not a JSON object")
        return found
