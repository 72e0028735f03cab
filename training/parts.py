"""What ``train`` leaves beside the arrays: how they were made, for ``export`` and ``tune``."""

import dataclasses
import json
from pathlib import Path

from training.errors import CheckpointError

FILE = "train.json"


@dataclasses.dataclass(frozen=True)
class Parts:
    """The encoder, its input in pixels, and how many photographs and captions were trained on."""

    encoder: str
    side: int
    photographs: int
    captions: int

    def write(self, folder: Path) -> None:
        """Leave the record in the folder."""
        text = json.dumps(dataclasses.asdict(self), indent=2) + "\n"
        (folder / FILE).write_text(text, encoding="utf-8")


def read(folder: Path) -> Parts:
    """Read the record; raises `CheckpointError` where ``train`` has not left one."""
    try:
        document = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Parts(**{field.name: document[field.name] for field in dataclasses.fields(Parts)})
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"no finished training in {folder}: {FILE}: {error}") from error
