"""Searches: from a request to the query model, and from hits back to records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.access import Caller
from chalicelib.api.queries import (
    ClauseInput,
    FiltersInput,
    GroupInput,
    ImageSearch,
    SearchDocument,
    SimilarQuery,
    SuggestParameters,
)
from chalicelib.api.visibility import visible
from chalicelib.attributes.kinds import TRAITS
from chalicelib.catalogue import Catalogue
from chalicelib.encoder import Encoder
from chalicelib.errors import (
    EncoderUnavailable,
    InvalidField,
    NotFound,
    PayloadTooLarge,
    RejectedImage,
)
from chalicelib.images import Image, State
from chalicelib.search import Clause, Filters, Group, Hit, Query, Results
from chalicelib.search.interpret import Interpretation, attempts, corrected, read, unsure
from chalicelib.search.plan import clause_condition
from chalicelib.search.port import Searching as SearchEngine
from chalicelib.search.query import Mode, Suggestion, Weights
from chalicelib.search.text import parse


@dataclass(frozen=True, slots=True)
class Found:
    """An answer of the engine, with the records its hits stand for.

    Attributes
    ----------
    stems
        Of the words that were matched.
    labels
        Those that stand for subjects of the text.
    """

    results: Results
    hits: tuple[tuple[Hit, Image], ...]
    interpretation: Interpretation = field(default_factory=Interpretation)
    stems: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SearchService:
    """Answers searches within what the caller may see.

    Attributes
    ----------
    max_image_bytes
        Largest query image, decoded.
    """

    catalogue: Catalogue
    index: SearchEngine
    encoder: Encoder
    max_image_bytes: int

    def search(self, caller: Caller, document: SearchDocument) -> Found:
        """Answer ``GET /search`` and ``POST /search``.

        A text is matched by words and meaning unless the request says otherwise, and what
        meaning ranks ends where it stops being relevant. Words that nobody's caption holds are
        taken for the nearest known ones; with ``understand`` what the text says of subjects is
        a condition, unless nothing matches it.
        """
        if not (document.text or document.attributes or _filters_anything(document.filters)):
            raise InvalidField("text", "ask for a text, attributes or a filter")
        return self._ask(self._query(caller, document), understand=document.understand)

    def suggest(self, caller: Caller, asked: SuggestParameters) -> tuple[Suggestion, ...]:
        """Answer ``GET /suggest``."""
        return self.index.suggest(caller.visible_owner(None), asked.prefix, asked.limit)

    def by_image(self, caller: Caller, document: ImageSearch) -> Found:
        """Answer ``POST /search/image``."""
        if len(document.image) > self.max_image_bytes:
            raise PayloadTooLarge(f"image: at most {self.max_image_bytes} bytes, decoded")
        crop = document.crop.box if document.crop else None
        try:
            vectors = self.encoder.image(document.image, crop)
        except RejectedImage as rejected:
            raise InvalidField("image", rejected.detail) from rejected
        query = replace(self._query(caller, document), visual=vectors.visual)
        return self._ask(query, understand=document.understand)

    def similar(self, caller: Caller, image_id: str, asked: SimilarQuery) -> Found:
        """Answer ``GET /images/{id}/similar``."""
        image = visible(self.catalogue, caller, image_id)
        query = Query(
            owner=caller.visible_owner(None),
            visual=self._vector(image, asked),
            exclude=(image_id, *asked.unlike),
            facets=tuple(asked.facets),
            limit=asked.limit,
            cursor=asked.cursor,
            min_relevance=asked.min_relevance,
            explain=asked.explain,
            unlike=self._unlike(caller, asked.unlike),
            collapse=asked.collapse,
        )
        return self._ask(query)

    def _vector(self, image: Image, asked: SimilarQuery) -> bytes:
        if asked.crop:
            return self.encoder.stored(image.key, image.version_id, asked.crop.box).visual
        if image.visual is None:
            raise InvalidField("id", f"the photograph is {image.state.value}: it has no vector yet")
        return image.visual

    def _query(self, caller: Caller, document: SearchDocument) -> Query:
        return Query(
            owner=caller.visible_owner(document.owner),
            text=document.text,
            mode=document.mode or Mode.FUSED,
            attributes=_condition(document.attributes) if document.attributes else None,
            filters=_filters(document.filters),
            facets=tuple(document.facets),
            limit=document.limit,
            cursor=document.cursor,
            min_relevance=document.min_relevance,
            explain=document.explain,
            exclude=tuple(document.unlike),
            unlike=self._unlike(caller, document.unlike),
            collapse=document.collapse,
            weights=Weights(**document.weights.model_dump()) if document.weights else None,
        )

    def _unlike(self, caller: Caller, image_ids: Sequence[str]) -> tuple[bytes, ...]:
        """Return what the photographs that matches must be unlike look like."""
        vectors = []
        for image_id in image_ids:
            try:
                image = visible(self.catalogue, caller, image_id)
            except NotFound as missing:
                raise InvalidField("unlike", f"there is no photograph {image_id}") from missing
            if image.visual is None:
                raise InvalidField("unlike", f"{image_id} is {image.state.value}: it has no vector")
            vectors.append(image.visual)
        return tuple(vectors)

    def _ask(self, query: Query, *, understand: bool = False) -> Found:
        corrections: Mapping[str, str] = {}
        if query.text and (doubtful := unsure(parse(query.text))):
            corrections = self.index.nearest(query.owner, doubtful)
            query = replace(query, text=corrected(parse(query.text), corrections))
        query, degraded = self._with_meaning(query)
        reading = read(parse(query.text)) if query.text else None
        *offers, attempt = attempts(query, corrections, reading, understand=understand)
        results = None
        for offer in offers:
            results = self._tried(offer.query)
            attempt = attempt if results is None else offer
        results = results or self.index.search(attempt.query)
        told = replace(results, degraded=(*results.degraded, *degraded))
        return replace(
            self._found(told, query.owner),
            interpretation=attempt.interpretation,
            stems=_stems_matched(attempt.query),
            labels=_labels_matched(attempt.query.attributes),
        )

    def _tried(self, query: Query) -> Results | None:
        """Return what an offer finds; None where it finds nothing, or the page is not its own."""
        try:
            results = self.index.search(query)
        except InvalidField as error:
            if error.field != "cursor":
                raise
            return None
        return results if results.total else None

    def _with_meaning(self, query: Query) -> tuple[Query, tuple[str, ...]]:
        by_meaning = query.text is not None and query.mode is not Mode.WORDS
        text = parse(query.text).meaning if query.text and by_meaning else None
        if text is None:
            return replace(query, mode=Mode.WORDS), ()
        try:
            return replace(query, semantic=self.encoder.text(text)), ()
        except EncoderUnavailable:
            if query.mode is Mode.MEANING:
                raise
            return replace(query, mode=Mode.WORDS), ("meaning: the encoder did not answer",)

    def _found(self, results: Results, owner: str | None) -> Found:
        records = self.catalogue.get_many([hit.image_id for hit in results.hits])
        hits = tuple(
            (hit, records[hit.image_id])
            for hit in results.hits
            if _may_be_shown(records.get(hit.image_id), owner)
        )
        return Found(results, hits)


def _may_be_shown(image: Image | None, owner: str | None) -> bool:
    # The index may lag behind the catalogue by a second; the catalogue is right.
    return image is not None and image.state is not State.DELETED and owner in (None, image.owner)


def _stems_matched(query: Query) -> frozenset[str]:
    if query.text is None or query.mode is Mode.MEANING:
        return frozenset()
    return parse(query.text).all_stems


def _labels_matched(condition: Clause | Group | None) -> frozenset[str]:
    if isinstance(condition, Group):
        return frozenset().union(*map(_labels_matched, condition.members))
    return clause_condition(condition).labels if condition else frozenset()


def _filters_anything(filters: FiltersInput) -> bool:
    return any(getattr(filters, name) for name in FiltersInput.model_fields)


def _filters(given: FiltersInput) -> Filters:
    if State.DELETED in given.states:
        raise InvalidField("filters.states", "deleted photographs are not found")
    return Filters(
        states=tuple(given.states),
        sources=tuple(given.sources),
        labels=tuple(given.labels),
        created_from=given.created_from,
        created_to=given.created_to,
    )


def _condition(given: ClauseInput | GroupInput) -> Clause | Group:
    if isinstance(given, ClauseInput):
        traits: dict[str, Any] = {kind.field: kind.values(given) for kind in TRAITS}
        return Clause(given.subject, **traits)
    if given.none_of is not None:
        return Group("not", (_condition(given.none_of),))
    if given.all_of is not None:
        return Group("and", tuple(map(_condition, given.all_of)))
    return Group("or", tuple(map(_condition, given.any_of or ())))
