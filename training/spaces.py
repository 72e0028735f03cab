"""The joint space of photographs and texts as a bundle's parts."""

from __future__ import annotations

import dataclasses
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from captioner.vision.tokenizer import Tokenizer
from training.arrays import save_arrays
from training.captioning import Captioned
from training.familiarity import fit_known
from training.joint import Paired, train_joint
from training.joint_space import TAUGHT, JointRecipe, JointSpace, pooled
from training.sentences import SentenceEncoder
from training.sentences import load as load_sentences
from training.taught import taught, train_taught
from training.whitening import fit_whitening

__all__ = ["leave_vectors"]


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
    sentences = load_sentences(options.text_teacher) if options.text_teacher else None
    source = out / "vectors.source"
    made_of += f" {sentences.key}" if sentences else ""
    if source.is_file() and source.read_text(encoding="utf-8") == made_of:
        return
    (out / "joint.jsonl").unlink(missing_ok=True)
    space = _joint(options, sentences, words, captioned, texts)
    save_arrays(out / "text.npz", space.text_arrays(), np.float32)
    seen = captioned[0].maps[0]
    whitening = fit_whitening(seen)
    vectors = space.image_arrays() | whitening | fit_known(seen, whitening, options.seed)
    save_arrays(out / "vectors.npz", vectors, np.float32)
    source.write_text(made_of, encoding="utf-8")


def _joint(
    options: Namespace,
    sentences: SentenceEncoder | None,
    words: Tokenizer,
    captioned: tuple[Captioned, Captioned],
    texts: Sequence[str],
) -> JointSpace:
    log = options.out / "joint.jsonl"
    train, dev = (
        Paired(np.stack([pooled(view) for view in one.maps]), one.captions) for one in captioned
    )
    if sentences is None:
        return train_joint(JointRecipe(seed=options.seed), words, train, dev, log)
    print("asking the sentence encoder", flush=True)
    kept = {"cache": options.work, "seed": options.seed}
    told = taught(sentences, words, train, dev, texts=texts, **kept)
    recipe = dataclasses.replace(TAUGHT, seed=options.seed)
    return train_taught(recipe, words, train, dev, told=told, log=log)
