"""Whether a caption begins with the right thing: its first noun against labels judged by hand."""

from collections.abc import Collection, Mapping
from pathlib import Path

from chalicelib.attributes.lexicon import WAYS_OF_SHOWING
from chalicelib.attributes.phrases import NounPhrase, Phrases, tokens
from training.dataset import lines_of
from training.logs import objects

EVERYDAY_NOUNS = Path(__file__).parent / "judged" / "everyday_nouns.jsonl"


def first_nouns(caption: str) -> tuple[str, ...]:
    """Give the head of a caption's first noun phrase, and what it is said to be *of*.

    Singular, in lower case: "two dogs run" gives dog, "a plate of food" plate and food, "a group of
    people" and "a picture of people" person. Empty where there is no noun.
    """
    words = tokens(caption)
    phrases = Phrases(words)
    showing = ""
    for start in range(len(words)):
        found = phrases.noun_phrase(start)
        if found is None or found[0].head is None:
            continue
        if found[0].head not in WAYS_OF_SHOWING:
            return _with_contents(phrases, *found)
        showing = showing or found[0].head
    return (showing,) if showing else ()


def _with_contents(phrases: Phrases, phrase: NounPhrase, after: int) -> tuple[str, ...]:
    heads = [str(phrase.head)]
    if phrases.words[after] == "of" and (inner := phrases.noun_phrase(after + 1)):
        heads += [inner[0].head] if inner[0].head else []
    return tuple(heads)


def read_labels(path: Path = EVERYDAY_NOUNS) -> dict[str, frozenset[str]]:
    """Read which first nouns are right for each photograph, by file name; raises `DatasetError`."""
    entries = objects(lines_of(path), path.name, file=str, nouns=list)
    return {entry["file"]: frozenset(entry["nouns"]) for entry in entries}


def first_noun_right(captions: Mapping[str, str], labels: Mapping[str, Collection[str]]) -> float:
    """Share of the labelled photographs whose caption begins with a right noun, 0 to 1.

    Captions and labels are by file name; a labelled photograph without a caption counts as wrong.
    """
    right = sum(
        any(noun in nouns for noun in first_nouns(captions.get(file, "")))
        for file, nouns in labels.items()
    )
    return right / len(labels)
