"""``export``: make the bundle from the parts that ``train`` left."""

from __future__ import annotations

import json
from argparse import Namespace

import onnx

from training import dataset
from training.export import Origin, write_bundle

__all__ = ["run"]


def run(options: Namespace) -> None:
    """Write the bundle and print its metrics on dev."""
    dev = dataset.read_split(options.data, "dev")
    origin = Origin(
        name="vgg16-slim",
        version=options.version,
        encoder="VGG16 topology, widths 32-64-128-256-256, int8",
        data="Flickr8k train split (6,000 photographs, 30,000 captions); dev chose the epoch",
        commit=options.commit,
        command=options.note,
    )
    encoder = onnx.load(options.model / "encoder.onnx")
    side = encoder.graph.input[0].type.tensor_type.shape.dim[1].dim_value
    print(json.dumps(write_bundle(options.model, options.out, side, origin, dev)["metrics"]))
