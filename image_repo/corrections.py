"""What people wrote of photographs, as ``python -m training --captioned`` takes it.

The folder has ``photographs/``, ``captions.jsonl`` (file and captions a line), and
``everyday_dev.txt``, which names those that nothing is trained on: a tenth.
"""

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from image_repo import exporting
from image_repo.client import Client, Json
from image_repo.exporting import SavedFile

PHOTOGRAPHS, CAPTIONS, HELD_OUT = "photographs", "captions.jsonl", "everyday_dev.txt"
_SHARE = 10  # one in so many is held out


def corrected(images: Sequence[Json]) -> list[Json]:
    """Return the photographs whose caption a person wrote, or chose from the model's."""
    return [image for image in images if (image["caption"] or {}).get("source") == "user"]


def save(
    client: Client, images: Sequence[Json], folder: Path, done: Callable[[], object]
) -> list[SavedFile]:
    """Write photographs and their captions; what is there already is not fetched again."""
    files = exporting.download(client, images, folder / PHOTOGRAPHS, done)
    saved = [one for one in files if one.name]
    lines = ({"file": one.name, "captions": [one.image["caption"]["text"]]} for one in saved)
    told = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / CAPTIONS).write_text(told, encoding="utf-8")
    held = held_out([one.image["id"] for one in saved])
    names = "".join(f"{one.name}\n" for one in saved if one.image["id"] in held)
    (folder / HELD_OUT).write_text(names, encoding="utf-8")
    return files


def held_out(ids: Sequence[str]) -> set[str]:
    """Return a tenth of the ids, the same whatever others there are; of a few one."""
    digests = {image_id: sha256(image_id.encode()).digest()[0] for image_id in ids}
    held = {image_id for image_id, digest in digests.items() if digest % _SHARE == 0}
    if held or len(digests) < 2:
        return held
    return {min(digests, key=lambda image_id: (digests[image_id], image_id))}
