"""What is there to be completed or corrected, by OpenSearch's own counts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from chalicelib.search.analysis import stems
from chalicelib.search.opensearch.asking import Searches, total_of
from chalicelib.search.opensearch.conditions import holding, owned
from chalicelib.search.spelling import candidates, edits, meant
from chalicelib.search.suggestions import LOOKED_AT, TRAITS, Suggestion, begun, best
from chalicelib.search.text import Run

Json = Mapping[str, Any]

_FIELDS = {"subject": "subjects", "colour": "colours", "action": "actions"}
_EXPANSIONS = 200  # of a mistyped word, looked at by the engine
_NEAR = 1_000  # words of the captions they stand in


class Completing:
    """Answers within the living documents of one owner, or everyone's."""

    def __init__(self, searches: Searches, owner: str | None) -> None:
        self._searches = searches
        self._among = owned(owner)

    def suggestions(self, prefix: str, limit: int) -> tuple[Suggestion, ...]:
        """Return what the last word of a text may become."""
        start = begun(prefix)
        if not start:
            return ()
        # "@" is Lucene's "anything": ".*" at the end is taken a short way that fails on no match.
        begins = {"include": f"{_escaped(start)}@", "size": LOOKED_AT}
        fields = [*_FIELDS.values(), "words"]
        counts = {name: {"terms": {"field": name, **begins}} for name in fields}
        told = self._searches.one(self._counting([], counts))["aggregations"]
        traits = (
            Suggestion(kind, one["key"], one["doc_count"])
            for kind in TRAITS
            for one in told[_FIELDS[kind]]["buckets"]
        )
        found = self._finds([one["key"] for one in told["words"]["buckets"]])
        words = (Suggestion("word", word, count) for word, count in found.items())
        return best((*traits, *words), limit)

    def nearest(self, words: Sequence[str]) -> Mapping[str, str]:
        """Return what unknown words may have been meant as."""
        asked = [word for word in words if stems(word)]
        held = self._finds(asked)
        unknown = [word for word in asked if not held[word]]
        near = {word: self._meant(word) for word in unknown}
        return {word: other for word, other in near.items() if other}

    def _meant(self, word: str) -> str | None:
        most = edits(word)
        fuzzy = {"value": word, "fuzziness": most, "max_expansions": _EXPANSIONS}
        lengths = f".{{{max(1, len(word) - most)},{len(word) + most}}}"
        counts = {"words": {"terms": {"field": "words", "include": lengths, "size": _NEAR}}}
        body = self._counting([{"fuzzy": {"words": fuzzy}}], counts)
        told = self._searches.one(body)["aggregations"]["words"]["buckets"]
        near = candidates(word, [one["key"] for one in told])
        finds = self._finds(near)
        return meant(word, near, finds.__getitem__)

    def _finds(self, words: Iterable[str]) -> dict[str, int]:
        """Return how many captions hold each word in any of its forms."""
        asked = list(words)
        bodies = [self._counting([holding(Run(stems(word), word))], {}) for word in asked]
        answers: Iterator[Json] = iter(self._searches.many(bodies) if bodies else ())
        return {word: total_of(answer) for word, answer in zip(asked, answers, strict=True)}

    def _counting(self, more: Sequence[Json], counts: Json) -> Json:
        query = {"bool": {"filter": [*self._among, *more]}}
        return {"query": query, "size": 0, "track_total_hits": True, "aggs": counts}


def _escaped(text: str) -> str:
    """Return a text as a regular expression of Lucene's, in which nothing is syntax."""
    return "".join(letter if letter.isalnum() else f"\\{letter}" for letter in text)
