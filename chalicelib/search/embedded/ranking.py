"""From the parts of a query to one order of its matches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chalicelib.errors import InvalidField
from chalicelib.images import HUMAN_SOURCES
from chalicelib.search.asking import PART_OF_VECTOR, Asked
from chalicelib.search.embedded.bits import held
from chalicelib.search.embedded.columns import Columns
from chalicelib.search.embedded.evidence import Evidence
from chalicelib.search.embedded.matching import Matching
from chalicelib.search.embedded.matrix import Products
from chalicelib.search.embedded.orders import ByWords, Listed, Newest, Order, Part
from chalicelib.search.embedded.sliced import Sliced
from chalicelib.search.fusion import DEPTH, weighed, worth


@dataclass(slots=True)
class Ranking:
    """One query's parts on one generation of the index.

    Parameters
    ----------
    matching
        Looks words up; made only where there are some.
    frozen
        The weights of words and clauses that the query's first page had; empty on that page.

    Attributes
    ----------
    weights
        Those that were used.
    """

    asked: Asked
    columns: Columns
    matching: Callable[[], Matching]
    frozen: Sequence[int] = ()
    weights: tuple[int, ...] = field(default=(), init=False)

    def order(self, among: int) -> Order:
        """Return the matches among a set of documents, in the order the query asks for."""
        words = self.asked.words
        if words is not None:
            among &= self.matching().allowed(words)
        evidence = self._evidence()
        # Those of labels are the words'.
        weighing = (one for name, one in evidence.items() if name != "labels")
        self.weights = tuple(term.weight for one in weighing for term in one.terms)
        if self.asked.vectors:
            return self._listed(evidence, among)
        if words is not None and "words" in evidence:
            said, seen = evidence["words"], evidence["labels"]
            scores = self.matching().scored(words, said, among, seen)
            return ByWords(scores, evidence, self.columns)
        return Newest(self.columns, among)

    def _evidence(self) -> dict[str, Evidence]:
        found: dict[str, Evidence] = {}
        words, reading = self.asked.words, self.asked.reading
        count = len(words.ranked) if words is not None else 0
        if self.frozen and len(self.frozen) != count + len(reading):
            raise InvalidField("cursor", "is not one that this query returned")
        if words is not None and count:
            found |= self.matching().words(words, self.frozen[:count])
        if reading:
            found["attributes"] = self.matching().reading(reading, self.frozen[count:])
        return found

    def _listed(self, evidence: dict[str, Evidence], among: int) -> Order:
        """Score exactly whatever is among the best of one part at least."""
        products = {
            PART_OF_VECTOR[kind]: self._matrix(kind, vector)
            for kind, vector in self.asked.vectors.items()
        }
        if not evidence and len(products) == 1:
            ((name, only),) = products.items()
            places = only.nearest(among, DEPTH)
            values = {doc: -negative for negative, doc in places}
            return Listed(places, [Part(name, 1.0, values)], self.columns)
        best = set(self._told(evidence, among))
        for one in products.values():
            best.update(doc for _, doc in one.nearest(among, DEPTH))
        parts = self._parts(evidence, products, sorted(best))
        scores = weighed({part.name: part.values for part in parts}, self.asked.weights)
        return Listed([(-score, doc) for doc, score in scores.items()], parts, self.columns)

    def _matrix(self, kind: str, vector: bytes) -> Products:
        matrix = self.columns.visual if kind == "visual" else self.columns.semantic
        return matrix.products(vector)

    def _told(self, evidence: dict[str, Evidence], among: int) -> list[int]:
        """Return the best by the terms of each part."""
        words = self.asked.words
        found: list[int] = []
        for name, one in evidence.items():
            if name == "words" and words is not None:
                scores = self.matching().scored(words, one, among)
            else:
                scores = one.add_to(Sliced(among & one.documents))
            found += scores.foremost(DEPTH, scores.matches)
        return found

    def _parts(
        self, evidence: dict[str, Evidence], products: dict[str, Products], candidates: list[int]
    ) -> list[Part]:
        human = 0
        for source in HUMAN_SOURCES:
            human |= self.columns.having("source", source.value)
        size = self.columns.size
        told = set(held(human, candidates, size))
        weights = self.asked.weights
        parts: list[Part] = []
        for name, terms in evidence.items():
            values = {
                doc: worth(name, share, is_human=doc in told, weights=weights)
                for doc, share in terms.shares(candidates, size).items()
            }
            parts.append(Part(name, getattr(weights, name), values, terms))
        for name, one in products.items():
            parts.append(Part(name, getattr(weights, name), one.cosines(candidates)))
        return parts
