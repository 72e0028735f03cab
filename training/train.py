"""``train``: decoder, text encoder and projections on an encoder's maps."""

import hashlib
import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from captioner.vision.text import SPECIALS, Tokenizer
from training import encoders, photographs
from training.arrays import F16, U8, Arrays, read_arrays, save_arrays
from training.baseline import train_baseline
from training.captioning import (
    LANGUAGE,
    Captioned,
    Recipe,
    Validation,
    train_decoder,
    train_language,
)
from training.dataset import Split, read_splits, withheld
from training.encoders import Parts, ShippedEncoder
from training.errors import CheckpointError
from training.joint import TAUGHT, JointRecipe, JointSpace, Paired, train_joint
from training.networks import precisions
from training.pseudo import read_pseudo
from training.self_critical import CriticalRecipe, train_on_cider
from training.sentences import SentenceEncoder, load_all
from training.taught import taught, train_taught
from training.visual_space import centres, fit_visual, pooled, visual
from training.vocabulary import normal, read_texts, vocabulary

BEAM = 3


@dataclass(frozen=True)
class Sources:
    """Splits to train on, one to choose by, everyday photographs to choose by, and texts.

    ``pseudo`` has captions that models wrote: neither words nor the joint space are learnt there.
    """

    train: tuple[Split, ...]
    dev: Split
    everyday: Split | None
    texts: list[str]
    pseudo: Split | None

    @property
    def captions(self) -> list[tuple[str, ...]]:
        """Of every photograph that is trained on."""
        return [group for split in self.train for group in split.captions]

    @property
    def key(self) -> str:
        """Tells these sources from others."""
        every = [photographs.fingerprint(split.photographs) for split in self.train]
        return hashlib.sha256("\n".join([*every, *self.texts]).encode()).hexdigest()[:12]


def run(options: Namespace) -> None:
    """Train what stands on the encoder, leaving the parts of a bundle in ``options.out``."""
    sources = _read_sources(options)
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    words = _tokenizer(sources, out)
    encoder = _encoder(options, sources.train[0])
    train, validation = _captioned(options, encoder, sources)
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
    more = _with_pseudo(options, encoder, sources, train)
    decoder = _decoder(options, words, (train, more, validation), begun)
    save_arrays(out / "decoder.npz", decoder, np.float32)
    scores = validation.scores(decoder, words, BEAM)
    captions = sum(map(len, train.captions))
    Parts(encoder.name, encoder.side, len(train.captions), captions).write(out)
    print(json.dumps({"encoder": encoder.name, "beam": BEAM} | scores), flush=True)


def _read_sources(options: Namespace) -> Sources:
    """Read what ``--data``, ``--captioned``, ``--texts`` and ``--pseudo`` name."""
    train, (dev, *everyday) = read_splits(options)
    pseudo = read_pseudo(options.pseudo, options.extra) if options.pseudo else None
    texts: list[str] = []
    if options.texts:
        held_out = chain.from_iterable(split.captions for split in (dev, *everyday))
        known = withheld(options.data) | set(chain.from_iterable(held_out))
        texts = read_texts(options.texts, known)
    return Sources(tuple(train), dev, everyday[0] if everyday else None, texts, pseudo)


def _captioned(
    options: Namespace, encoder: ShippedEncoder, sources: Sources
) -> tuple[Captioned, Validation]:
    """Compute the encoder's maps of all photographs, or take them from ``options.work``."""
    print(f"{encoder.name} at {encoder.side} pixels: computing its maps", flush=True)
    maps = _maps(options, encoder, sources.train, options.views)
    train = Captioned(maps, sources.captions, mirrored=True)

    def whole(split: Split) -> Captioned:
        return Captioned(_maps(options, encoder, [split], 1), split.captions)

    everyday = whole(sources.everyday) if sources.everyday else None
    return train, Validation(whole(sources.dev), everyday, options.everyday_weight)


def _with_pseudo(
    options: Namespace, encoder: ShippedEncoder, sources: Sources, train: Captioned
) -> Captioned:
    """Add the photographs with captions that models wrote, where there are any: seen whole."""
    if sources.pseudo is None:
        return train
    maps = _maps(options, encoder, [sources.pseudo], 1)
    maps = np.broadcast_to(maps, (len(train.maps), *maps.shape[1:]))
    captions = [*train.captions, *sources.pseudo.captions]
    return Captioned(np.concatenate([train.maps, maps], 1), captions, mirrored=True)


def _pixels(options: Namespace, split: Split, side: int) -> U8:
    """Give a split's photographs, kept in ``options.work``."""
    return photographs.of_split(split.name, split.photographs, options.work, side)


def _maps(options: Namespace, encoder: ShippedEncoder, splits: Sequence[Split], count: int) -> F16:
    """Give (views, n, h, w, c) of the photographs of all splits, one after another."""
    each = [_views(options, encoder, split, count) for split in splits]
    return np.stack([np.concatenate(parts) for parts in zip(*each, strict=True)])


def _views(options: Namespace, encoder: ShippedEncoder, split: Split, count: int) -> list[F16]:
    known = photographs.fingerprint(split.photographs)[:8]
    name = f"{split.name}-{known}-{options.seed}"
    seen = photographs.views(_pixels(options, split, encoder.side), count, options.seed)
    return [
        encoder.maps(view, options.work, f"{name}-{number}") for number, view in enumerate(seen)
    ]


def _tokenizer(sources: Sources, out: Path) -> Tokenizer:
    words = vocabulary(sources.captions, sources.texts)
    document = {"captioned": words.captioned, "words": words.words[len(SPECIALS) :]}
    (out / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")
    return words


def _encoder(options: Namespace, train: Split) -> ShippedEncoder:
    name, weights = encoders.named(options.encoder, options.weights)
    side = options.side or encoders.REGISTRY[name].side
    return encoders.shipped(
        name, weights, side, partial(_pixels, options, train, side), options.out
    )


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
