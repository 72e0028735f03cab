"""What SageMaker lays into a training container, and where it looks for results.

The paths are those of AWS's "How Amazon SageMaker runs your training image".
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from image_repo_formats.captions import DEFAULT_NAME, rank
from training.dataset import PHOTOGRAPHS, TEXTS, TOKENS, caption_file_of
from training.errors import DatasetError, TrainingError

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

    def hyperparameters(self) -> dict[str, str]:
        """Read the job's hyperparameters, all of them strings; raises `TrainingError` else."""
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

    def fail(self, reason: str, detail: str = "") -> None:
        """Say why the job failed, where SageMaker looks for it."""
        file = self.root / "output" / "failure"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{reason[:REASON_LENGTH]}\n{detail}", encoding="utf-8")

    def channel(self, name: str) -> Path | None:
        """Give the folder in which a channel's files lie; None where the job has no such channel.

        A prefix in S3 often holds one folder: that is gone down into.
        """
        folder = self.root / "input" / "data" / name
        if not folder.is_dir():
            return None
        inside = list(folder.iterdir())
        while len(inside) == 1 and inside[0].is_dir():
            folder = inside[0]
            inside = list(folder.iterdir())
        return folder

    def only_file(self, channel: str, suffix: str = "") -> Path | None:
        """Give a channel's one file of a kind, or None. Raises `DatasetError` for none, several."""
        folder = self.channel(channel)
        if folder is None:
            return None
        found = sorted(path for path in folder.rglob(f"*{suffix}") if path.is_file())
        if len(found) != 1:
            kind = f"{suffix} file" if suffix else "file"
            raise DatasetError(f"channel {channel}: expected one {kind}, found {len(found)}")
        return found[0]

    def data_folder(self) -> Path:
        """Link ``photographs`` and ``captions`` into the data folder that steps read, afresh.

        Captions are Flickr8k's text files, or one file in any form that is read; either may lie in
        a folder of the channel. Raises `DatasetError` for a missing channel, or one without.
        """
        photographs, captions = self._wanted("photographs"), self._wanted("captions")
        data = self.root / "scratch" / "data"
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        if tokens := _first(captions, TOKENS):
            links = {PHOTOGRAPHS: photographs, TEXTS: tokens.parent}
        elif found := caption_file_of(sorted(captions.rglob("*"))):
            files = (path for path in photographs.iterdir() if path.is_file())
            links = {path.name: path for path in files if rank(path.name) is None}
            links[found.name] = found
        else:
            neither = f"neither {TOKENS}, {DEFAULT_NAME} nor another file of captions"
            raise DatasetError(f"channel captions: {neither} in {captions}")
        for name, to in links.items():
            (data / name).symlink_to(to.resolve(), target_is_directory=to.is_dir())
        return data

    def _wanted(self, name: str) -> Path:
        folder = self.channel(name)
        if folder is None:
            raise DatasetError(f"channel {name}: missing; the job wants photographs and captions")
        return folder

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


def _first(folder: Path, name: str) -> Path | None:
    return next(iter(sorted(folder.rglob(name))), None)
