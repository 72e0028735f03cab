"""The joint space of photographs and texts as a bundle's parts."""

import dataclasses
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from captioner.vision.text import Tokenizer
from training.arrays import save_arrays
from training.captioning import Captioned
from training.joint import Paired, train_joint
from training.joint_space import TAUGHT, JointRecipe, JointSpace
from training.sentences import SentenceEncoder, load_all
from training.taught import taught, train_taught
from training.visual_space import centres, fit_visual, pooled, visual


def leave_vectors(
    options: Namespace,
    made_of: str,
    words: Tokenizer,
    captioned: tuple[Captioned, Captioned],
    texts: Sequence[str],
) -> None:
    """Leave ``text.npz`` and ``vectors.npz`` in ``options.out``, unless they are there.

    Parameters
    ----------
    made_of
        Tells what the maps and captions come from; another one trains the space anew.
    captioned
        Photographs to train on, and dev.
    texts
        Captions without photographs, that the text side learns beside those given.
    """
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
    (train, dev), log = pairs, options.out / "joint.jsonl"
    if not sentences:
        return train_joint(JointRecipe(seed=options.seed), words, train, dev, log)
    print("asking the sentence encoders", flush=True)
    kept = {"cache": options.work, "seed": options.seed}
    told = taught(sentences, words, train, dev, texts=texts, **kept)
    recipe = dataclasses.replace(TAUGHT, seed=options.seed)
    return train_taught(recipe, words, train, dev, told=told, log=log)
