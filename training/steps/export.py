"""``export``: make the bundle from the parts that ``train`` left."""

import json
from argparse import Namespace

from captioner.vision.manifest import BundleError
from training import dataset, parts, photographs
from training.calibration import read_judged
from training.encoders import REGISTRY
from training.errors import CheckpointError
from training.everyday import read_everyday
from training.export import Measured, Origin, write_bundle
from training.parts import Parts


def run(options: Namespace) -> None:
    """Write the bundle and print its metrics on dev."""
    made = parts.read(options.model)
    dev = dataset.read_split(options.data, "dev")
    pixels = photographs.of_split("dev", dev.photographs, options.work, made.side)
    squares = photographs.squares(pixels, made.side)
    origin = Origin(
        name=made.encoder,
        version=options.version,
        encoder=REGISTRY[made.encoder].title,
        credit=REGISTRY[made.encoder].credit,
        data=f"{options.data.name}: {_data(made)}",
        commit=options.commit,
        command=options.note,
    )
    on = Measured(
        dev,
        (read_everyday(options.captioned, "dev"),) if options.captioned else (),
        read_judged(options.judged) if options.judged else {},
    )
    try:
        document = write_bundle(options.model, options.out, origin, on, squares)
    except BundleError as error:
        raise CheckpointError(f"{options.model} makes no bundle: {error}") from error
    said = ("verification", "quantisation", "ranking", "confidence")
    print(json.dumps({name: document[name] for name in said}))
    print(json.dumps(document["metrics"]))


def _data(made: Parts) -> str:
    seen = f"{made.photographs:,} photographs, {made.captions:,} captions"
    return f"{seen} of the train split; dev chose the epoch"
