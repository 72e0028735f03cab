"""``train``: decoder, text encoder and projections on an encoder's maps."""

import json
from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from captioner.vision.tokenizer import SPECIALS, Tokenizer
from training import dataset, encoders, parts
from training.arrays import Arrays, read_arrays, save_arrays
from training.baseline import BaselineRecipe, train_baseline
from training.captioning import Captioned, Recipe, Validation, train_decoder
from training.encoders import ShippedEncoder
from training.errors import CheckpointError
from training.language import LanguageRecipe, train_language
from training.networks import precisions
from training.self_critical import CriticalRecipe, train_on_cider
from training.sources import Sources, captioned, pixels, read_sources, with_pseudo
from training.spaces import leave_vectors
from training.vocabulary import normal, vocabulary

BEAM = 3


def run(options: Namespace) -> None:
    """Train what stands on the encoder, leaving the parts of a bundle in ``options.out``."""
    sources = read_sources(options)
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    words = _tokenizer(sources, out)
    encoder = _encoder(options, sources.train[0])
    train, validation = captioned(options, encoder, sources)
    if options.recipe == "baseline":
        recipe = BaselineRecipe(epochs=options.epochs or BaselineRecipe.epochs, seed=options.seed)
        found = train_baseline(words, train, validation.dev, out, recipe)
        print(json.dumps(found), flush=True)
        return
    labels = encoders.label_head(*encoders.named(options.encoder, options.weights), train.size[1])
    save_arrays(out / "labels.npz", labels, np.float32)
    made_of = f"{encoder.key} {options.views} {options.seed} {sources.key}"
    leave_vectors(options, made_of, words, (train, validation.dev), sources.texts)
    begun = _language(options, sources, words, validation)
    more = with_pseudo(options, encoder, sources, train)
    _decoder(options, encoder, words, (train, more, validation), begun)


def _encoder(options: Namespace, train: dataset.Split) -> ShippedEncoder:
    name, weights = encoders.named(options.encoder, options.weights)
    side = options.side or encoders.REGISTRY[name].side
    squares = partial(pixels, options, train, side)
    return encoders.shipped(name, weights, side, squares, options.out)


def _language(
    options: Namespace, sources: Sources, words: Tokenizer, validation: Validation
) -> Arrays:
    """Give weights to begin the decoder from: none without texts."""
    if options.decoder or not sources.texts or not options.text_epochs:
        return {}
    recipe = LanguageRecipe(
        epochs=options.text_epochs,
        minutes=options.minutes,
        seed=options.seed,
        precision=precisions()[options.precision],
    )
    own = (normal(text) for group in sources.captions for text in group)
    captions = list(dict.fromkeys([*own, *sources.texts]))
    return train_language(
        recipe, words, captions, validation, out=options.out, resume=options.resume
    )


def _decoder(
    options: Namespace,
    encoder: ShippedEncoder,
    words: Tokenizer,
    captioned: tuple[Captioned, Captioned, Validation],
    begun: Arrays,
) -> None:
    (train, more, held), (recipe, critical) = captioned, _recipes(options)
    kept: dict[str, Any] = {"out": options.out, "resume": options.resume}
    begun = _mean(options.decoder) if options.decoder else begun
    if options.decoder and not options.epochs:
        decoder = begun
    else:
        decoder = train_decoder(recipe, words, more, held, begun=begun, **kept)
    if critical.epochs:
        decoder = train_on_cider(critical, words, decoder, train, held, **kept)
    save_arrays(options.out / "decoder.npz", decoder, np.float32)
    scores = held.scores(decoder, words, BEAM)
    captions = sum(map(len, train.captions))
    made = parts.Parts(encoder.name, encoder.side, len(train.captions), captions)
    parts.write(options.out, made)
    print(json.dumps({"encoder": encoder.name, "beam": BEAM} | scores), flush=True)


def _mean(files: Sequence[Path]) -> Arrays:
    """Give the mean weights of decoders: of runs that began alike it often beats each of them.

    Wortsman 2022, "model soups" (arXiv 2203.05482).
    """
    each = [read_arrays(file) for file in files]
    if len({tuple((name, one[name].shape) for name in sorted(one)) for one in each}) > 1:
        raise CheckpointError("--decoder names decoders of other shapes or words")
    return {name: np.mean([one[name] for one in each], axis=0) for name in each[0]}


def _recipes(options: Namespace) -> tuple[Recipe, CriticalRecipe]:
    precision = precisions()[options.precision]
    recipe = Recipe(
        epochs=options.epochs or Recipe.epochs,
        batch=options.batch,
        rate=options.rate,
        dropout=options.dropout,
        smoothing=options.label_smoothing,
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


def _tokenizer(sources: Sources, out: Path) -> Tokenizer:
    words = vocabulary(sources.captions, sources.texts)
    document = {"captioned": words.captioned, "words": words.words[len(SPECIALS) :]}
    (out / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")
    return words
