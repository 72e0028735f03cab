"""Searches: from a request to the query model, and from hits to the answer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.access import Caller
from chalicelib.api.answers import (
    ClauseAnswer,
    ContributionAnswer,
    CorrectionAnswer,
    FacetValue,
    HintAnswer,
    HitAnswer,
    ReadingAnswer,
    SearchAnswer,
    SuggestionAnswer,
    Suggestions,
    image_answers,
)
from chalicelib.api.explaining import why
from chalicelib.api.queries import (
    ClauseInput,
    FiltersInput,
    GroupInput,
    ImageSearch,
    SearchDocument,
    SimilarQuery,
    SuggestParameters,
)
from chalicelib.api.understanding import Understanding
from chalicelib.api.visibility import visible
from chalicelib.attributes import simplified
from chalicelib.attributes.kinds import KINDS, TRAITS, in_words
from chalicelib.catalogue import Catalogue
from chalicelib.encoder import Encoder, Vector
from chalicelib.errors import (
    EncoderUnavailable,
    InvalidField,
    NotFound,
    PayloadTooLarge,
    RejectedImage,
)
from chalicelib.images import Attribute, Image, State
from chalicelib.search import Clause, Filters, Group, Hit, Query
from chalicelib.search.port import SEARCHED_FROM, labels_of
from chalicelib.search.port import Searching as SearchEngine
from chalicelib.search.query import AUTO, Direction, Mode, Sort, Unmet, Weights
from chalicelib.search.reading import Reading, clause_of, read
from chalicelib.search.text import parse, stems
from chalicelib.storage import Storage


@dataclass(frozen=True, slots=True)
class SearchService:
    """Answers searches within what the caller may see.

    Attributes
    ----------
    max_image_bytes
        Largest query image, decoded.
    """

    catalogue: Catalogue
    storage: Storage
    index: SearchEngine
    encoder: Encoder
    max_image_bytes: int

    def search(self, caller: Caller, document: SearchDocument) -> SearchAnswer:
        """Answer ``GET /search`` and ``POST /search``.

        A text is matched by words and meaning unless the request says otherwise, and what
        meaning or likeness ranks ends where it stops being relevant. Words that are none are
        taken for the nearest known ones. What the text says of subjects ranks and excludes
        nothing: for that there are attributes.
        """
        is_sorted = document.sort is not Sort.RELEVANCE
        is_narrow = document.text or document.attributes or _filters_anything(document.filters)
        if not (is_narrow or is_sorted):
            raise InvalidField("text", "ask for a text, attributes, a filter or an order by time")
        return self._ask(self._query(caller, document))

    def suggest(self, caller: Caller, asked: SuggestParameters) -> Suggestions:
        """Answer ``GET /suggest``."""
        found = self.index.suggest(caller.visible_owner(None), asked.prefix, asked.limit)
        return Suggestions(suggestions=[SuggestionAnswer.model_validate(one) for one in found])

    def by_image(self, caller: Caller, document: ImageSearch) -> SearchAnswer:
        """Answer ``POST /search/image``."""
        if len(document.image) > self.max_image_bytes:
            raise PayloadTooLarge(f"image: at most {self.max_image_bytes} bytes, decoded")
        crop = document.crop.box if document.crop else None
        try:
            vector = self.encoder.image(document.image, crop)
        except RejectedImage as rejected:
            raise InvalidField("image", rejected.detail) from rejected
        query = self._query(caller, document)
        query = replace(query, visual=vector.numbers, space=vector.space)
        return self._ask(query)

    def similar(self, caller: Caller, image_id: str, asked: SimilarQuery) -> SearchAnswer:
        """Answer ``GET /images/{id}/similar``."""
        image = visible(self.catalogue, caller, image_id)
        owner = caller.visible_owner(None)
        vector = self._vector(image, owner, asked)
        query = Query(
            owner=owner,
            visual=vector.numbers,
            space=vector.space,
            exclude=(image_id, *asked.unlike),
            facets=tuple(asked.facets),
            limit=asked.limit,
            cursor=asked.cursor,
            min_relevance=asked.min_relevance,
            explain=asked.explain,
            collapse=asked.collapse,
        )
        return self._ask(self._unlike(query, caller, asked.unlike))

    def _vector(self, image: Image, owner: str | None, asked: SimilarQuery) -> Vector:
        """Return what others are compared with: in the space of most of them, if that can be."""
        if asked.crop:
            return self.encoder.stored(image.key, image.version_id, asked.crop.box)
        if image.visual is None:
            raise InvalidField(
                "image_id", f"the photograph is {image.state.value}: it has no vector yet"
            )
        own = Vector(image.visual, image.vector_space)
        common = next(iter(self.index.spaces(owner)), own.space)
        if common is None or common == own.space:
            return own
        if former := image.visual_in(common):
            return Vector(former, common)
        try:
            anew = self.encoder.stored(image.key, image.version_id, None)
        except (EncoderUnavailable, RejectedImage):
            return own
        return anew if anew.space == common else own

    def _query(self, caller: Caller, document: SearchDocument) -> Query:
        if document.order and document.sort is Sort.RELEVANCE:
            raise InvalidField("order", "goes with sort=added or sort=taken")
        query = Query(
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
            collapse=document.collapse,
            weights=Weights(**document.weights.model_dump()) if document.weights else None,
            sort=document.sort,
            direction=document.order or Direction.NEWEST,
        )
        return self._unlike(query, caller, document.unlike)

    def _unlike(self, query: Query, caller: Caller, image_ids: Sequence[str]) -> Query:
        """Return a query with what the photographs that matches must be unlike look like."""
        looks: list[tuple[bytes, str | None]] = []
        for image_id in image_ids:
            try:
                image = visible(self.catalogue, caller, image_id)
            except NotFound as missing:
                raise InvalidField("unlike", f"there is no photograph {image_id}") from missing
            if image.visual is None:
                raise InvalidField("unlike", f"{image_id} is {image.state.value}: it has no vector")
            looks.append((image.visual, image.vector_space))
            if image.former_visual:
                looks.append((image.former_visual, image.former_space))
        unlike, spaces = zip(*looks, strict=True) if looks else ((), ())
        return replace(query, unlike=unlike, unlike_spaces=spaces)

    def _ask(self, query: Query) -> SearchAnswer:
        understood = Understanding(self.index, self.encoder).of(query)
        query, corrections = understood.query, understood.corrections
        if query.min_relevance is None and (query.semantic or query.visual):
            query = replace(query, min_relevance=AUTO)
        reading = read(parse(query.text)) if query.text else None
        results = self.index.search(query)
        return SearchAnswer(
            hits=self._hits(results.hits, query),
            total=results.total,
            asked=in_words(query.attributes) if isinstance(query.attributes, Clause) else None,
            facets={
                name: [FacetValue(value=value, count=count) for value, count in counts]
                for name, counts in results.facets.items()
            },
            cursor=understood.cursor(results.cursor),
            degraded=[*results.degraded, *understood.degraded],
            reading=_reading(reading) if reading else None,
            corrected=CorrectionAnswer.model_validate({"text": query.text, "words": corrections})
            if corrections
            else None,
            hints=[_hint(one, query.text) for one in results.unmet],
        )

    def _hits(self, hits: Sequence[Hit], query: Query) -> list[HitAnswer]:
        """Return hits with the records they stand for, which may have gone meanwhile."""
        # The index lags behind the catalogue by a second: an older reading does not matter.
        found = self.catalogue.get_many([hit.image_id for hit in hits], consistent=False)
        records = {name: one for name, one in found.items() if one.is_visible_to(query.owner)}
        kept = [hit for hit in hits if hit.image_id in records]
        images = [records[hit.image_id] for hit in kept]
        matched = _stems_matched(query)
        return [
            HitAnswer(
                image=answer,
                score=hit.score,
                highlight=hit.highlight,
                matched_labels=[
                    label.word
                    for label in labels_of(image)
                    if label.probability >= SEARCHED_FROM
                    and matched.intersection(stems(label.word))
                ],
                why=why(hit.explanation, query, image) if hit.explanation is not None else None,
                explanation=hit.explanation
                and [ContributionAnswer.model_validate(part) for part in hit.explanation],
            )
            for hit, image, answer in zip(
                kept, images, image_answers(images, self.storage), strict=True
            )
        ]


def _reading(reading: Reading) -> ReadingAnswer:
    clauses = [
        ClauseAnswer.model_validate({**_fields(clause), "told": in_words(clause)})
        for clause in reading.clauses
    ]
    return ReadingAnswer(clauses=clauses, rest=reading.rest)


def _fields(clause: Clause) -> dict[str, Any]:
    return {kind.field: getattr(clause, kind.field) for kind in KINDS}


def _hint(unmet: Unmet, text: str | None) -> HintAnswer:
    match unmet:
        case Unmet("phrase", value):
            words = (text or "").replace(f'"{value}"', value)
            return HintAnswer(message=f"No photograph holds “{value}” word for word.", text=words)
        case Unmet("clause", value):
            return HintAnswer(message=f"No photograph has one subject that is all of: {value}.")
    there = f" There are: {', '.join(unmet.known)}." if unmet.known else ""
    return HintAnswer(message=f"No photograph has the {unmet.kind} “{unmet.value}”.{there}")


def _stems_matched(query: Query) -> frozenset[str]:
    if query.text is None or query.mode is Mode.MEANING:
        return frozenset()
    return parse(query.text).all_stems


def _filters_anything(filters: FiltersInput) -> bool:
    return any(getattr(filters, name) for name in FiltersInput.model_fields)


def _filters(given: FiltersInput) -> Filters:
    if State.DELETED in given.states:
        raise InvalidField("filters.states", "deleted photographs are not found")
    return Filters(
        states=tuple(given.states),
        sources=tuple(given.sources),
        labels=tuple(given.labels),
        albums=tuple(given.albums),
        created_from=given.created_from,
        created_to=given.created_to,
        taken_from=given.taken_from,
        taken_to=given.taken_to,
    )


def _condition(given: ClauseInput | GroupInput) -> Clause | Group:
    if isinstance(given, ClauseInput):
        traits: dict[str, Any] = {kind.field: kind.values(given) for kind in TRAITS}
        if given.subject is None:
            return Clause(None, **traits)
        return clause_of(simplified(Attribute(given.subject, **traits)))
    if given.none_of is not None:
        return Group("not", (_condition(given.none_of),))
    if given.all_of is not None:
        return Group("and", tuple(map(_condition, given.all_of)))
    return Group("or", tuple(map(_condition, given.any_of or ())))
