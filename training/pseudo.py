"""Pseudo-captions: what trained models write of photographs that nobody captioned.

Sequence-level distillation (Kim and Rush 2016). A caption is kept where its calibrated probability
of being right says so.
"""

import json
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from captioner.vision.prediction import Prediction
from training.dataset import Split, assembled, list_photographs, read_captions
from training.errors import DatasetError
from training.evaluate import describe
from training.logs import bar

BLOCK = 400
"""Photographs between two writes: what a run that is cut loses at most."""


def run(options: Namespace) -> None:
    """Write the captions that are kept, and say how many photographs have any."""
    chosen = {"least": options.least, "beam": options.beam, "workers": options.workers}
    with bar("captioning", len(list_photographs(options.extra))) as advance:
        by_name = write_pseudo(
            options.bundles, options.extra, options.out, **chosen, progress=advance
        )
    some, captions = sum(map(bool, by_name.values())), sum(map(len, by_name.values()))
    print(f"{captions:,} captions of {some:,} of {len(by_name):,} photographs kept")


def write_pseudo(
    bundles: Sequence[Path],
    folder: Path,
    out: Path,
    *,
    least: float,
    beam: int,
    workers: int,
    progress: Callable[[int], object],
) -> dict[str, list[str]]:
    """Caption every photograph of a folder by each bundle; photographs in ``out`` are done.

    ``out`` has JSON lines of ``file`` and ``captions``, at least ``least`` probable to be right,
    each once, most probable first; they are given by file name. ``progress`` is told how many are
    done anew. Raises `DatasetError` for a photograph that does not decode, or a damaged ``out``.
    """
    known = read_captions(out) if out.is_file() and out.stat().st_size else {}
    paths = [path for path in list_photographs(folder) if path.name not in known]
    progress(len(known))
    out.parent.mkdir(parents=True, exist_ok=True)
    for at in range(0, len(paths), BLOCK):
        block = paths[at : at + BLOCK]
        split = Split("extra", tuple(block), ((),) * len(block))
        said = [describe(bundle, split, beam, workers).predictions for bundle in bundles]
        found = {path.name: _kept(each, least) for path, *each in zip(block, *said, strict=True)}
        lines = (json.dumps({"file": name, "captions": kept}) for name, kept in found.items())
        with out.open("a", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in lines))
        known |= found
        progress(len(block))
    return known


def _kept(predictions: Sequence[Prediction], least: float) -> list[str]:
    likely = [each for each in predictions if each.captions and each.probability >= least]
    likely.sort(key=lambda each: -each.probability)
    return list(dict.fromkeys(each.captions[0].text for each in likely))


def read_pseudo(path: Path, folder: Path | None) -> Split:
    """Give the photographs of a folder that have pseudo-captions, in the file's order.

    Raises `DatasetError` without a folder; for a missing or damaged file, one that keeps no
    caption, or a photograph that is not there, which the message names.
    """
    if folder is None:
        raise DatasetError("--pseudo wants --extra: the folder of the photographs it names")
    by_name = {name: captions for name, captions in read_captions(path).items() if captions}
    if not by_name:
        raise DatasetError(f"{path.name} keeps no caption of any photograph")
    return assembled("pseudo", folder, tuple(by_name), by_name)
