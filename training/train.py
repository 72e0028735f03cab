"""``train``: decoder, text encoder and projections on an encoder's maps."""

import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from captioner.vision.tokenizer import SPECIALS, Tokenizer
from training import dataset, encoders
from training.arrays import Arrays, read_arrays, save_arrays
from training.baseline import train_baseline
from training.captioning import (
    LANGUAGE,
    Captioned,
    Recipe,
    Validation,
    train_decoder,
    train_language,
)
from training.encoders import ShippedEncoder
from training.errors import CheckpointError
from training.joint import Paired, train_joint
from training.joint_space import TAUGHT, JointRecipe, JointSpace
from training.networks import precisions
from training.parts import Parts
from training.self_critical import CriticalRecipe, train_on_cider
from training.sentences import SentenceEncoder, load_all
from training.sources import Sources, captioned, pixels, read_sources, with_pseudo
from training.taught import taught, train_taught
from training.visual_space import centres, fit_visual, pooled, visual
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
        given = {"out": out, "epochs": options.epochs or 20, "seed": options.seed}
        found = train_baseline(words, train, validation.dev, **given)
        print(json.dumps(found), flush=True)
        return
    labels = encoders.label_head(*encoders.named(options.encoder, options.weights), train.size[1])
    save_arrays(out / "labels.npz", labels, np.float32)
    made_of = f"{encoder.key} {options.views} {options.seed} {sources.key}"
    _leave_vectors(options, made_of, words, (train, validation.dev), sources.texts)
    begun = _language(options, sources, words, validation)
    more = with_pseudo(options, encoder, sources, train)
    decoder = _decoder(options, words, (train, more, validation), begun)
    save_arrays(out / "decoder.npz", decoder, np.float32)
    scores = validation.scores(decoder, words, BEAM)
    captions = sum(map(len, train.captions))
    Parts(encoder.name, encoder.side, len(train.captions), captions).write(out)
    print(json.dumps({"encoder": encoder.name, "beam": BEAM} | scores), flush=True)


def _tokenizer(sources: Sources, out: Path) -> Tokenizer:
    words = vocabulary(sources.captions, sources.texts)
    document = {"captioned": words.captioned, "words": words.words[len(SPECIALS) :]}
    (out / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")
    return words


def _encoder(options: Namespace, train: dataset.Split) -> ShippedEncoder:
    name, weights = encoders.named(options.encoder, options.weights)
    side = options.side or encoders.REGISTRY[name].side
    return encoders.shipped(name, weights, side, partial(pixels, options, train, side), options.out)


def _leave_vectors(
    options: Namespace,
    made_of: str,
    words: Tokenizer,
    captioned: tuple[Captioned, Captioned],
    texts: Sequence[str],
) -> None:
    """Leave ``text.npz`` and ``vectors.npz``, unless those there were made of the same."""
    out: Path = options.out
    sentences = load_all(options.text_teacher) if options.text_teacher else []
    source = out / "vectors.source"
    made_of = " ".join([made_of, *(encoder.key for encoder in sentences)])
    if source.is_file() and source.read_text(encoding="utf-8") == made_of:
        return
    (out / "joint.jsonl").unlink(missing_ok=True)
    train, dev = (
        Paired(np.stack([pooled(view) for view in one.maps]), one.captions) for one in captioned
    )
    space = _joint(options, sentences, words, (train, dev), texts)
    save_arrays(out / "text.npz", space.text_arrays(), np.float32)
    seen = train.features[0]
    arrays = space.image_arrays() | fit_visual(seen, train.captions, seed=options.seed)
    arrays["known/centres"] = centres(visual(seen, arrays), seed=options.seed)
    save_arrays(out / "vectors.npz", arrays, np.float32)
    source.write_text(made_of, encoding="utf-8")


def _joint(
    options: Namespace,
    sentences: Sequence[SentenceEncoder],
    words: Tokenizer,
    pairs: tuple[Paired, Paired],
    texts: Sequence[str],
) -> JointSpace:
    log, seed = options.out / "joint.jsonl", options.seed
    if not sentences:
        return train_joint(JointRecipe(seed=seed), words, *pairs, log)
    print("asking the sentence encoders", flush=True)
    told = taught(sentences, words, *pairs, cache=options.work, seed=seed, texts=texts)
    return train_taught(replace(TAUGHT, seed=seed), words, *pairs, told=told, log=log)


def _language(
    options: Namespace, sources: Sources, words: Tokenizer, validation: Validation
) -> Arrays:
    """Give weights to begin the decoder from: none without texts."""
    if options.decoder or not sources.texts or not options.text_epochs:
        return {}
    settings = {"epochs": options.text_epochs, "minutes": options.minutes} | _of_all(options)
    recipe = replace(LANGUAGE, **settings)
    own = (normal(text) for group in sources.captions for text in group)
    captions = list(dict.fromkeys([*own, *sources.texts]))
    return train_language(
        recipe, words, captions, validation, out=options.out, resume=options.resume
    )


def _decoder(
    options: Namespace,
    words: Tokenizer,
    captioned: tuple[Captioned, Captioned, Validation],
    begun: Arrays,
) -> Arrays:
    train, more, held = captioned
    kept: dict[str, Any] = {"out": options.out, "resume": options.resume}
    decoder = _mean(options.decoder) if options.decoder else begun
    if options.epochs or not options.decoder:
        recipe = Recipe(
            epochs=options.epochs or Recipe.epochs,
            batch=options.batch,
            rate=options.rate,
            dropout=options.dropout,
            smoothing=options.label_smoothing,
            minutes=options.minutes,
            **_of_all(options),
        )
        decoder = train_decoder(recipe, words, more, held, begun=decoder, **kept)
    if options.critical_epochs:
        critical = CriticalRecipe(
            epochs=options.critical_epochs, rate=options.critical_rate, **_of_all(options)
        )
        decoder = train_on_cider(critical, words, decoder, train, held, **kept)
    return decoder


def _of_all(options: Namespace) -> dict[str, Any]:
    return {"seed": options.seed, "precision": precisions()[options.precision]}


def _mean(files: Sequence[Path]) -> Arrays:
    """Give the mean weights of decoders: of runs that began alike it often beats each of them.

    Wortsman 2022, "model soups" (arXiv 2203.05482).
    """
    each = [read_arrays(file) for file in files]
    if len({tuple((name, one[name].shape) for name in sorted(one)) for one in each}) > 1:
        raise CheckpointError("--decoder names decoders of other shapes or words")
    return {name: np.mean([one[name] for one in each], axis=0) for name in each[0]}
