"""Everything that a caption model is trained on and chosen by, and its maps."""

import hashlib
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from training import dataset, photographs
from training.arrays import F16, U8
from training.captioning import Captioned, Validation
from training.dataset import Split, read_splits
from training.encoders import ShippedEncoder
from training.pseudo import read_pseudo
from training.vocabulary import read_texts


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


def read_sources(options: Namespace) -> Sources:
    """Read what ``--data``, ``--captioned``, ``--texts`` and ``--pseudo`` name."""
    train, (dev, *everyday) = read_splits(options)
    pseudo = read_pseudo(options.pseudo, options.extra) if options.pseudo else None
    texts: list[str] = []
    if options.texts:
        held_out = chain.from_iterable(split.captions for split in (dev, *everyday))
        known = dataset.withheld(options.data) | set(chain.from_iterable(held_out))
        texts = read_texts(options.texts, known)
    return Sources(tuple(train), dev, everyday[0] if everyday else None, texts, pseudo)


def captioned(
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


def with_pseudo(
    options: Namespace, encoder: ShippedEncoder, sources: Sources, train: Captioned
) -> Captioned:
    """Add the photographs with captions that models wrote, where there are any: seen whole."""
    if sources.pseudo is None:
        return train
    maps = _maps(options, encoder, [sources.pseudo], 1)
    maps = np.broadcast_to(maps, (len(train.maps), *maps.shape[1:]))
    captions = [*train.captions, *sources.pseudo.captions]
    return Captioned(np.concatenate([train.maps, maps], 1), captions, mirrored=True)


def pixels(options: Namespace, split: Split, side: int) -> U8:
    """Give a split's photographs, kept in ``options.work``."""
    return photographs.of_split(split.name, split.photographs, options.work, side)


def _maps(options: Namespace, encoder: ShippedEncoder, splits: Sequence[Split], count: int) -> F16:
    """Give (views, n, h, w, c) of the photographs of all splits, one after another."""
    each = [_views(options, encoder, split, count) for split in splits]
    return np.stack([np.concatenate(parts) for parts in zip(*each, strict=True)])


def _views(options: Namespace, encoder: ShippedEncoder, split: Split, count: int) -> list[F16]:
    known = photographs.fingerprint(split.photographs)[:8]
    name = f"{split.name}-{known}-{options.seed}"
    seen = photographs.views(pixels(options, split, encoder.side), count, options.seed)
    return [
        encoder.maps(view, options.work, f"{name}-{number}") for number, view in enumerate(seen)
    ]
