"""``prepare``: check the data and decode the photographs."""

from argparse import Namespace

from training import encoders, photographs
from training.dataset import read_splits
from training.vocabulary import frequent_words


def run(options: Namespace) -> None:
    """Fill the caches and say what there is."""
    side = encoders.REGISTRY[options.encoder].side
    for split in (split for splits in read_splits(options) for split in splits):
        photographs.of_split(split.name, split.photographs, options.work, side)
        captions = sum(map(len, split.captions))
        words = frequent_words(split.captions)
        often = frequent_words(split.captions, 5)
        print(
            f"{split.name}: {len(split.photographs)} photographs, {captions} captions,"
            f" {len(words)} words, {len(often)} of them five times and more",
            flush=True,
        )
