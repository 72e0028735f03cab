"""What ``train`` leaves beside the arrays: how they were made, for ``export`` and ``kept``."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from training.errors import CheckpointError

FILE = "train.json"


@dataclasses.dataclass(frozen=True)
class Parts:
    """How a folder of parts was trained.

    ``encoder`` is one of `training.encoders.REGISTRY`, ``side`` its input in pixels;
    ``recipe`` every setting of the decoder's training; ``dev_cider`` what the decoder
    reached, in per cent, with ``beam`` captions kept.
    """

    encoder: str
    side: int
    photographs: int
    captions: int
    recipe: dict[str, Any]
    beam: int
    dev_cider: float


def write(folder: Path, parts: Parts) -> None:
    """Leave the record in the folder."""
    text = json.dumps(dataclasses.asdict(parts), indent=2) + "\n"
    (folder / FILE).write_text(text, encoding="utf-8")


def read(folder: Path) -> Parts:
    """Read the record; raises `CheckpointError` where ``train`` has not left one."""
    try:
        document = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Parts(**document)
    except (OSError, TypeError, ValueError) as error:
        raise CheckpointError(f"no finished training in {folder}: {FILE}: {error}") from error
