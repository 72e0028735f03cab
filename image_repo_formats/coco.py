"""COCO's captions (https://arxiv.org/abs/1504.00325): JSON of ``images`` and ``annotations``."""

import json
from collections.abc import Iterator
from typing import Any

from image_repo_formats.entries import CaptionFileError, Entry, Line, UnreadableLine, checked

# Each takes some 60 bytes while the file is read; all captions of COCO 2014 are 2 million.
_MAX_VALUES = 10_000_000
_Names = dict[int | str, str]


def entries(content: bytes, *, folders: bool) -> Iterator[Entry]:
    """Read captions in the order of their annotations, by whose number problems are told.

    Raises
    ------
    CaptionFileError
        It is no JSON, has no images or annotations, or more values than a file may have.
    """
    if sum(map(content.count, b",[{")) > _MAX_VALUES:
        raise CaptionFileError(f"it holds more than {_MAX_VALUES:,} values: split it up")
    try:
        document = json.loads(content, object_hook=_needed)
    except (ValueError, RecursionError) as error:
        raise CaptionFileError("it is no JSON") from error
    match document:
        case {"images": [*images], "annotations": [*annotations]}:
            names: _Names = dict(image for image in images if isinstance(image, tuple))
            return _captions(names, annotations, folders=folders)
        case _:
            raise CaptionFileError("COCO's captions have 'images' and 'annotations'")


def _needed(found: dict[str, Any]) -> Any:
    """Keep of each object what captions need: the rest is most of the file."""
    match found:
        case {"image_id": int() | str() as image_id, "caption": str(caption)}:
            return image_id, caption
        case {"id": int() | str() as image_id, "file_name": str(name)}:
            return image_id, name
    return {key: found[key] for key in ("images", "annotations") if key in found}


def _captions(names: _Names, annotations: list[Any], *, folders: bool) -> Iterator[Entry]:
    first_of: dict[str, int | str] = {}
    for number, annotation in enumerate(annotations, 1):
        if not isinstance(annotation, tuple) or annotation[0] not in names:
            yield UnreadableLine(number, "an image and a caption are needed")
            continue
        image_id, caption = annotation
        name = names[image_id].replace("\\", "/")
        name = name if folders else name.rpartition("/")[2]
        if first_of.setdefault(name, image_id) != image_id:
            yield UnreadableLine(number, f"two images are called {name[:100]}")
        else:
            yield checked(Line(number, name, caption, several=True), folders=folders)
