"""``train``: decoder, text encoder and projections on an encoder's maps."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import numpy as np

from captioner.vision.tokenizer import SPECIALS, Tokenizer
from training import dataset, photographs
from training.arrays import F16, read_arrays, save_arrays
from training.baseline import train_baseline
from training.captioning import Captioned, Recipe, train_decoder
from training.features import cached_maps, views, with_mirrored
from training.joint import Paired, train_joint
from training.joint_space import JointRecipe, pooled
from training.onnx_encoder import encoder_file
from training.self_critical import CriticalRecipe, train_on_cider
from training.vocabulary import frequent_words
from training.whitening import fit_whitening

__all__ = ["run"]

DECODER_WORDS_AT_LEAST = 5
TEXT_WORDS_AT_LEAST = 2


def run(options: Namespace) -> None:
    """Train what stands on the encoder, leaving the parts of a bundle in ``options.out``."""
    splits = dataset.read_split(options.data, "train"), dataset.read_split(options.data, "dev")
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    words = _tokenizer(splits[0], out)
    maps = _maps(options, *splits, out / "encoder.onnx")
    train, dev = (Captioned(m, split.captions) for m, split in zip(maps, splits, strict=True))
    if options.recipe == "baseline":
        train_baseline(words, train, dev, out)
        return
    if not (out / "vectors.npz").is_file():
        _vectors(words, train, dev, out)
    _decoder(options, words, train, dev)


def _decoder(options: Namespace, words: Tokenizer, train: Captioned, dev: Captioned) -> None:
    if options.decoder:
        decoder = read_arrays(options.decoder)
    else:
        recipe = Recipe(epochs=options.epochs, seed=options.seed, minutes=options.minutes)
        decoder = train_decoder(recipe, words, train, dev, options.out)
    if options.critical_epochs:
        critical = CriticalRecipe(epochs=options.critical_epochs, seed=options.seed)
        decoder = train_on_cider(critical, words, decoder, train, dev, out=options.out)
    save_arrays(options.out / "decoder.npz", decoder)


def _tokenizer(train: dataset.Split, out: Path) -> Tokenizer:
    known = frequent_words(train.captions, TEXT_WORDS_AT_LEAST)
    captioned = len(SPECIALS) + len(frequent_words(train.captions, DECODER_WORDS_AT_LEAST))
    document = {"captioned": captioned, "words": known}
    (out / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")
    return Tokenizer(known, captioned)


def _maps(
    options: Namespace, train: dataset.Split, dev: dataset.Split, encoder: Path
) -> tuple[F16, F16]:
    pixels = photographs.load_cached(train.photographs, options.work / "train.npy")
    encoder_file(options.encoder, pixels, options.side, encoder)
    print(f"encoder quantised at {options.side} pixels; computing its maps", flush=True)
    seen = np.stack(
        [
            cached_maps(encoder, view, options.work, f"train{n}")
            for n, view in enumerate(views(pixels, options.views, options.seed))
        ]
    )
    held_out = photographs.load_cached(dev.photographs, options.work / "dev.npy")
    return with_mirrored(seen), cached_maps(encoder, held_out, options.work, "dev")[None]


def _vectors(words: Tokenizer, train: Captioned, dev: Captioned, out: Path) -> None:
    features = np.stack([pooled(view) for view in train.maps])
    space = train_joint(
        JointRecipe(),
        words,
        Paired(features, train.captions),
        Paired(pooled(dev.maps[0])[None], dev.captions),
        out / "joint.jsonl",
    )
    save_arrays(out / "text.npz", space.text_arrays())
    save_arrays(out / "vectors.npz", space.image_arrays() | fit_whitening(train.maps[0]))
