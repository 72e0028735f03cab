"""``train``: decoder, text encoder and projections on an encoder's maps."""

from __future__ import annotations

import dataclasses
import json
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from captioner.vision.tokenizer import SPECIALS, Tokenizer
from training import dataset, encoders, parts, photographs
from training.arrays import F16, U8, Arrays, read_arrays, save_arrays
from training.baseline import BaselineRecipe, train_baseline
from training.captioning import Captioned, Recipe, train_decoder, write_captions
from training.encoders import Encoder
from training.features import cached_maps, views, with_mirrored
from training.joint import Paired, train_joint
from training.joint_space import TAUGHT, JointRecipe, JointSpace, pooled
from training.precision import precisions
from training.scores import cider
from training.self_critical import CriticalRecipe, train_on_cider
from training.sentences import SentenceEncoder
from training.sentences import load as load_sentences
from training.taught import taught, train_taught
from training.vocabulary import frequent_words
from training.whitening import fit_whitening

__all__ = ["run"]

DECODER_WORDS_AT_LEAST = 5
TEXT_WORDS_AT_LEAST = 2
BEAM = 3


def run(options: Namespace) -> None:
    """Train what stands on the encoder, leaving the parts of a bundle in ``options.out``."""
    splits = dataset.read_apart(options.data)
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    words = _tokenizer(splits[0], out)
    encoder = _encoder(options, splits[0])
    maps = _maps(options, encoder, *splits)
    train, dev = (Captioned(m, split.captions) for m, split in zip(maps, splits, strict=True))
    if options.recipe == "baseline":
        recipe = BaselineRecipe(epochs=options.epochs or BaselineRecipe.epochs, seed=options.seed)
        print(json.dumps(train_baseline(words, train, dev, out, recipe)), flush=True)
        return
    _vectors(options, encoder, words, train, dev)
    _decoder(options, encoder, words, train, dev)


def _encoder(options: Namespace, train: dataset.Split) -> Encoder:
    name, weights = encoders.named(options.encoder, options.weights)
    side = options.side or encoders.REGISTRY[name].side
    return encoders.shipped(name, weights, side, _pixels(options, train, side), options.out)


def _pixels(options: Namespace, split: dataset.Split, side: int) -> Callable[[], U8]:
    return lambda: photographs.of_split(split.name, split.photographs, options.work, side)


def _maps(
    options: Namespace, encoder: Encoder, train: dataset.Split, dev: dataset.Split
) -> tuple[F16, F16]:
    print(f"{encoder.name} at {encoder.side} pixels: computing its maps", flush=True)
    pixels = _pixels(options, train, encoder.side)()
    known = photographs.fingerprint(train.photographs)[:8]
    seen = np.stack(
        [
            cached_maps(encoder, view, options.work, f"train-{known}-{options.seed}-{n}")
            for n, view in enumerate(views(pixels, options.views, options.seed))
        ]
    )
    pixels = _pixels(options, dev, encoder.side)()
    name = f"dev-{photographs.fingerprint(dev.photographs)[:8]}"
    return with_mirrored(seen), cached_maps(encoder, pixels, options.work, name)[None]


def _decoder(
    options: Namespace, encoder: Encoder, words: Tokenizer, train: Captioned, dev: Captioned
) -> None:
    recipe, critical = _recipes(options)
    if options.decoder:
        decoder = read_arrays(options.decoder)
    else:
        decoder = train_decoder(recipe, words, train, dev, options.out, resume=options.resume)
    if critical.epochs:
        kept: dict[str, Any] = {"out": options.out, "resume": options.resume}
        decoder = train_on_cider(critical, words, decoder, train, dev, **kept)
    save_arrays(options.out / "decoder.npz", decoder, np.float32)
    score = _score(decoder, words, dev)
    settings = _settings(recipe) | {"critical": _settings(critical) if critical.epochs else None}
    settings |= {"views": options.views, "resumed": bool(options.decoder)}
    captions = sum(map(len, train.captions))
    made = parts.Parts(
        encoder.name, encoder.side, len(train.captions), captions, settings, BEAM, score
    )
    parts.write(options.out, made)
    print(json.dumps({"encoder": encoder.name, "beam": BEAM, "dev_cider": score}), flush=True)


def _recipes(options: Namespace) -> tuple[Recipe, CriticalRecipe]:
    precision = precisions()[options.precision]
    recipe = Recipe(
        epochs=options.epochs or Recipe.epochs,
        batch=options.batch,
        rate=options.rate,
        dropout=options.dropout,
        smoothing=options.label_smoothing,
        scheduled=options.scheduled_sampling,
        minutes=options.minutes,
        seed=options.seed,
        precision=precision,
    )
    critical = CriticalRecipe(
        epochs=options.critical_epochs,
        rate=options.critical_rate,
        seed=options.seed,
        precision=precision,
    )
    return recipe, critical


def _settings(recipe: Recipe | CriticalRecipe) -> dict[str, object]:
    return dataclasses.asdict(recipe) | {"precision": recipe.precision.name}


def _score(decoder: Arrays, words: Tokenizer, dev: Captioned) -> float:
    return cider(write_captions(decoder, words, dev.maps[0], BEAM), dev.captions)


def _tokenizer(train: dataset.Split, out: Path) -> Tokenizer:
    known = frequent_words(train.captions, TEXT_WORDS_AT_LEAST)
    captioned = len(SPECIALS) + len(frequent_words(train.captions, DECODER_WORDS_AT_LEAST))
    document = {"captioned": captioned, "words": known}
    (out / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")
    return Tokenizer(known, captioned)


def _vectors(
    options: Namespace, encoder: Encoder, words: Tokenizer, train: Captioned, dev: Captioned
) -> None:
    out: Path = options.out
    sentences = load_sentences(options.text_teacher) if options.text_teacher else None
    source, made_of = out / "vectors.source", f"{encoder.key} {options.views} {options.seed}"
    made_of += f" {sentences.key}" if sentences else ""
    if source.is_file() and source.read_text(encoding="utf-8") == made_of:
        return
    (out / "joint.jsonl").unlink(missing_ok=True)
    space = _joint(options, sentences, words, train, dev)
    save_arrays(out / "text.npz", space.text_arrays(), np.float32)
    vectors = space.image_arrays() | fit_whitening(train.maps[0])
    save_arrays(out / "vectors.npz", vectors, np.float32)
    source.write_text(made_of, encoding="utf-8")


def _joint(
    options: Namespace,
    sentences: SentenceEncoder | None,
    words: Tokenizer,
    train: Captioned,
    dev: Captioned,
) -> JointSpace:
    log = options.out / "joint.jsonl"
    pairs = (
        Paired(np.stack([pooled(view) for view in train.maps]), train.captions),
        Paired(pooled(dev.maps[0])[None], dev.captions),
    )
    if sentences is None:
        return train_joint(JointRecipe(seed=options.seed), words, *pairs, log)
    print("asking the sentence encoder", flush=True)
    told = taught(sentences, words, *pairs, cache=options.work, seed=options.seed)
    recipe = dataclasses.replace(TAUGHT, seed=options.seed)
    return train_taught(recipe, words, *pairs, told=told, log=log)
