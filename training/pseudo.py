"""Pseudo-captions: what trained models write of photographs that nobody captioned.

Sequence-level distillation (Kim and Rush 2016): a student also learns from captions that better
models wrote. A caption is kept where its calibrated probability of being right, which weighs the
label head, the joint space and the words' own probabilities, says so.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from captioner.vision.prediction import Prediction
from training.dataset import Split, assembled, list_photographs
from training.errors import DatasetError
from training.evaluation import SeenBy, describe_in_parallel
from training.everyday import read_captions

BLOCK = 400
"""Photographs between two writes: what a run that is cut loses at most."""


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

    Parameters
    ----------
    bundles
        Folders that ``export`` left.
    out : Path
        JSON lines of ``file`` and ``captions``: those kept, each once, most probable first;
        empty where none was.
    least
        Probability, 0 to 1, from which a caption is kept.
    progress : callable
        Told how many photographs are done anew.

    Returns
    -------
    dict
        What ``out`` holds: captions by the photograph's file name.

    Raises
    ------
    DatasetError
        For a folder without photographs, one that does not decode, or a damaged ``out``.
    """
    known = read_captions(out) if out.is_file() and out.stat().st_size else {}
    paths = [path for path in list_photographs(folder) if path.name not in known]
    progress(len(known))
    out.parent.mkdir(parents=True, exist_ok=True)
    for at in range(0, len(paths), BLOCK):
        block = paths[at : at + BLOCK]
        split = Split("extra", tuple(block), ((),) * len(block))
        said = [
            describe_in_parallel(SeenBy(bundle), split, beam, workers, lambda _: None).predictions
            for bundle in bundles
        ]
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

    Raises
    ------
    DatasetError
        Without a folder; for a missing or damaged file, one that keeps no caption, or a
        photograph that is not there, which the message names.
    """
    if folder is None:
        raise DatasetError("--pseudo wants --extra: the folder of the photographs it names")
    by_name = {name: captions for name, captions in read_captions(path).items() if captions}
    if not by_name:
        raise DatasetError(f"{path.name} keeps no caption of any photograph")
    return assembled("pseudo", folder, tuple(by_name), by_name)
