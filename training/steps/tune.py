"""``tune``: let the captions' gradient reach the encoder."""

from argparse import Namespace

from captioner.vision.text import Tokenizer
from training import parts
from training.everyday import read_splits
from training.interruption import Interruption
from training.networks import precisions
from training.photographs import squares
from training.samples import read_samples, read_teacher
from training.tuning import Captions, TuningPlan, tune


def run(options: Namespace) -> None:
    """Train encoder and decoder on, together, leaving both in ``options.out``."""
    train, held_out = read_samples(options)
    teacher = read_teacher(options, train.pixels)
    plan = TuningPlan(
        options.minutes,
        side=parts.read(options.model).side,
        rate=options.rate,
        seed=options.seed,
        precision=precisions()[options.precision],
    )
    words = Tokenizer.read(options.model / "tokenizer.json")
    texts = (
        [group for split in splits for group in split.captions] for splits in read_splits(options)
    )
    captions = Captions(words, *texts)
    pixels = squares(held_out.pixels, plan.side)
    files = {"encoder": options.encoder, "decoder": options.model / "decoder.npz"}
    interruption: Interruption = options.interruption
    kept = {"out": options.out, "resume": options.resume}
    interruption.heeded(
        lambda stop: tune(plan, teacher, train, pixels, captions, **files, **kept, stop=stop)
    )
