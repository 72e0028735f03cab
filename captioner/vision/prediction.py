"""What the model says of a photograph."""

from dataclasses import dataclass

from captioner.vision.labels import Label
from captioner.vision.text import F32


@dataclass(frozen=True)
class Word:
    """One word, its log-probability, and where the model looked: float32 (h, w), sum one."""

    text: str
    log_prob: float
    attention: F32


@dataclass(frozen=True)
class Caption:
    """Lower-case words, and what speaks for them.

    ``log_prob`` is the mean log-probability of the words and of the end, ``least_log_prob`` the
    least; ``likeness`` the cosine of the text's semantic vector and the photograph's;
    ``agreement`` as `captioner.vision.labels.Labels.agreement` gives it.
    """

    text: str
    words: tuple[Word, ...] = ()
    log_prob: float = 0.0
    least_log_prob: float = 0.0
    likeness: float = 0.0
    agreement: float = 0.0


@dataclass(frozen=True)
class Looked:
    """Where the decoder looks, in a grid of ``shape`` (h, w), for the words of given captions."""

    shape: tuple[int, int]
    captions: tuple[tuple[Word, ...], ...]


@dataclass(frozen=True)
class Observation:
    """A photograph before anything is decided: every caption that the beam search ended.

    ``entropy`` of the label head's classes in nats and ``top`` their largest probability;
    ``familiarity`` is the largest cosine of the visual vector to a centre of the training
    photographs. ``picture`` is the semantic vector by the picture alone, ``semantic`` by the
    picture and its captions. Vectors are float32 (256,) of unit length.
    """

    captions: tuple[Caption, ...]
    labels: tuple[Label, ...]
    visual: F32
    picture: F32
    semantic: F32
    entropy: float
    top: float
    familiarity: float


@dataclass(frozen=True)
class Prediction:
    """What the model makes of a photograph.

    ``captions``, best first, and ``labels``, most probable first, are empty where there is
    nothing to describe. ``probability`` 0..1 is that of the best caption being right (0 where
    there is none): ``needs_review`` says that it wants a person's eye, ``withheld`` that it is
    not to be shown as a sentence. ``visual`` and ``semantic`` are float32 (256,) of unit length.
    """

    captions: tuple[Caption, ...]
    labels: tuple[Label, ...]
    visual: F32
    semantic: F32
    probability: float
    needs_review: bool
    withheld: bool
