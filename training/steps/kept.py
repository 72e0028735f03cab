"""``kept``: how much of the teacher an encoder keeps, by what one decoder makes of both."""

import json
from argparse import Namespace

from training import parts
from training.errors import CheckpointError
from training.parts import Parts


def run(options: Namespace) -> None:
    """Print both dev scores and their ratio, as one line of JSON."""
    ours, teachers = parts.read(options.model), parts.read(options.teacher_model)
    _comparable(ours, teachers)
    found = {
        "encoder": ours.encoder,
        "beam": ours.beam,
        "dev_cider": ours.dev_cider,
        "teacher_dev_cider": teachers.dev_cider,
        "kept": round(100 * ours.dev_cider / max(teachers.dev_cider, 1e-9), 1),
    }
    print(json.dumps(found))


def _comparable(ours: Parts, teachers: Parts) -> None:
    if ours.encoder == teachers.encoder:
        raise CheckpointError(f"both folders were trained on {ours.encoder}")
    ours_of, teachers_of = (
        {"photographs": p.photographs, "captions": p.captions, **p.recipe} for p in (ours, teachers)
    )
    names = sorted({*ours_of, *teachers_of})
    differing = [name for name in names if ours_of.get(name) != teachers_of.get(name)]
    if differing:
        raise CheckpointError(
            "the two decoders were not trained alike: "
            + "; ".join(f"{n} {ours_of.get(n)} and {teachers_of.get(n)}" for n in differing)
        )
