"""Searches over HTTP: what reaches the engine, and what comes back."""

import base64
from dataclasses import replace

import pytest

from chalicelib.errors import SearchUnavailable
from chalicelib.images import State
from chalicelib.search import Clause, Group
from chalicelib.search.query import AUTO, NEAR_DUPLICATES, Contribution, Mode
from chalicelib.search.tuned import WEIGHTS
from tests.api import VECTOR, Api

PICTURE = base64.b64encode(b"picture").decode()


def test_parameters_become_one_clause_bound_to_one_subject(api: Api) -> None:
    query = {"q": "park", "subject": "dog", "colour": "brown, white", "action": "run"}
    answer = api.call("GET", "/search", query=query | {"facets": "colours", "limit": 5})
    assert answer.status == 200
    (asked,) = api.index.asked
    assert asked.attributes == Clause("dog", ("brown", "white"), ("run",))
    assert (asked.text, asked.owner, asked.limit, asked.facets) == ("park", "ann", 5, ("colours",))
    assert answer.json["facets"] == {"colours": [{"value": "brown", "count": 2}]}


def test_a_document_nests_clauses(api: Api) -> None:
    dog, cat = {"subject": "dog"}, {"subject": "cat", "colours": ["black"]}
    nested = {"or": [dog, {"and": [cat, {"not": {"actions": ["sleep"]}}]}]}
    assert api.call("POST", "/search", {"attributes": nested}).status == 200
    sleeping = Group("not", (Clause(actions=("sleep",)),))
    expected = Group("or", (Clause("dog"), Group("and", (Clause("cat", ("black",)), sleeping))))
    assert api.index.asked[0].attributes == expected


def test_hits_are_records_and_what_is_deleted_or_foreign_is_left_out(api: Api) -> None:
    api.enter("mine")
    api.enter("gone", state=State.DELETED)
    api.enter("bobs", owner="bob")
    api.index.finds = ["gone", "bobs", "mine", "unknown"]
    answer = api.call("GET", "/search", query={"q": "dog"}).json
    assert [hit["image"]["id"] for hit in answer["hits"]] == ["mine"]
    assert answer["hits"][0]["highlight"] == "a <mark>dog</mark>"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": "x" * 10_000}, "text"),
        ({"text": "a\u0000b"}, "text"),
        ({"text": "x", "limit": 10**6}, "limit"),
        ({"text": "x", "limit": -1}, "limit"),
        ({"text": "x", "mode": "magic"}, "mode"),
        ({"text": "x", "facets": ["owner"]}, "facets[0]"),
        ({"text": "x", "filters": {"states": ["deleted"]}}, "filters.states"),
        ({"text": "x", "filters": {"created_from": "yesterday"}}, "filters.created_from"),
        ({"text": "x", "min_relevance": 2}, "min_relevance"),
        ({"text": "x", "min_relevance": "most"}, "min_relevance"),
        ({"text": "x", "min_relevance": True}, "min_relevance"),
        ({"text": "x", "collapse": "all"}, "collapse"),
        ({"text": "x", "unlike": ["unknown"]}, "unlike"),
        ({"text": "x", "unlike": ["id"] * 11}, "unlike"),
        ({"text": "x", "weights": {"words": -1}}, "weights.words"),
        ({"text": "x", "weights": {"charm": 1}}, "weights.charm"),
        ({"attributes": {"colour": "red"}}, "attributes.colour"),
        ({"attributes": {}}, "attributes"),
        ({"attributes": {"and": []}}, "attributes.and"),
        ({"attributes": {"and": [{"subject": "x"}], "or": []}}, "attributes.or"),
    ],
)
def test_a_bad_search_names_the_field(api: Api, body: dict[str, object], field: str) -> None:
    answer = api.call("POST", "/search", body)
    assert (answer.status, answer.json["field"]) == (400, field)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "q"),
        ({"q": "x", "state": "deleted"}, "state"),
        ({"q": "x", "order": "oldest"}, "order"),
        ({"q": "x", "unlike": "unknown"}, "unlike"),
        ({"sort": "newest"}, "sort"),
    ],
)
def test_a_bad_search_by_parameters_names_the_parameter(
    api: Api, query: dict[str, object], field: str
) -> None:
    answer = api.call("GET", "/search", query=query)
    assert (answer.status, answer.json["field"]) == (400, field)
    assert answer.json["detail"].startswith(f"{field}: ")


@pytest.mark.parametrize(
    "body",
    [
        '{"text": "\\ud800"}',
        '{"min_relevance": NaN}',
        '{"attributes":' + '{"not":' * 3000 + '{"subject":"x"}' + "}" * 3001,
        '{"attributes":' + '{"not":' * 90 + '{"subject":"x"}' + "}" * 91,
    ],
)
def test_a_hostile_document_is_a_400(api: Api, body: str) -> None:
    assert api.call("POST", "/search", body).status == 400


@pytest.mark.parametrize("text", ["*:*", "🐕", "a OR b", '"', "NEAR(", "-", "x" * 1000])
def test_any_printable_text_is_a_query(api: Api, text: str) -> None:
    assert api.call("GET", "/search", query={"q": text}).status == 200


@pytest.mark.fault(8)
def test_an_engine_that_is_down_is_a_503_and_never_an_empty_result(api: Api) -> None:
    api.index.problem = SearchUnavailable("the search index did not answer")
    answer = api.call("GET", "/search", query={"q": "dog"})
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert api.call("GET", "/stats").json["searchable"] is None


def test_meaning_asks_the_encoder_and_falls_back_to_words_only_when_fused(api: Api) -> None:
    api.call("GET", "/search", query={"q": "dog", "mode": "meaning"})
    assert api.index.asked[0].semantic == VECTOR
    api.encoder.down = True
    assert api.call("GET", "/search", query={"q": "dog", "mode": "meaning"}).status == 503
    fused = api.call("GET", "/search", query={"q": "dog", "mode": "fused"})
    assert (fused.status, api.index.asked[-1].mode) == (200, Mode.WORDS)
    assert fused.json["degraded"] == ["meaning: the encoder did not answer"]


def test_an_image_is_searched_by_its_vector_and_its_crop(api: Api) -> None:
    crop = {"x": 0.1, "y": 0, "width": 0.5, "height": 1}
    answer = api.call("POST", "/search/image", {"image": PICTURE, "crop": crop, "limit": 3})
    assert answer.status == 200
    assert (api.index.asked[0].visual, api.index.asked[0].limit) == (VECTOR, 3)
    assert api.encoder.crops == [(0.1, 0, 0.5, 1)]


@pytest.mark.fault(23)
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "image"),
        ({"image": ""}, "image"),
        ({"image": "not base64!"}, "image"),
        ({"image": 7}, "image"),
        ({"image": base64.b64encode(b"no image").decode()}, "image"),
        ({"image": PICTURE, "crop": {"x": 0, "y": 0, "width": 0, "height": 1}}, "crop.width"),
        ({"image": PICTURE, "crop": {"x": 0.9, "y": 0, "width": 0.5, "height": 1}}, "crop"),
        ({"image": PICTURE, "url": "http://169.254.169.254/"}, "url"),
    ],
)
def test_a_bad_image_search_names_the_field(api: Api, body: dict[str, object], field: str) -> None:
    answer = api.call("POST", "/search/image", body)
    assert (answer.status, answer.json["field"]) == (400, field)


@pytest.mark.fault(23)
def test_a_query_image_over_the_limit_is_a_413(api: Api) -> None:
    big = base64.b64encode(b"x" * 4_000_001).decode()
    assert api.call("POST", "/search/image", {"image": big}).status == 413


def test_similar_leaves_the_photograph_itself_out(api: Api) -> None:
    api.enter("id-1")
    assert api.call("GET", "/images/id-1/similar", query={"limit": 7}).status == 200
    (asked,) = api.index.asked
    assert (asked.visual, asked.exclude, asked.limit) == (VECTOR, ("id-1",), 7)
    api.call("GET", "/images/id-1/similar", query={"crop": "0,0,0.5,0.5"})
    assert api.encoder.crops == [(0, 0, 0.5, 0.5)]
    bad = api.call("GET", "/images/id-1/similar", query={"crop": "0,0,1"})
    assert (bad.status, bad.json["field"]) == (400, "crop")


def test_similar_to_what_has_no_vector_yet_says_so(api: Api) -> None:
    api.enter("id-1", state=State.PENDING, visual=None)
    answer = api.call("GET", "/images/id-1/similar")
    assert answer.status == 400
    assert "pending" in answer.json["detail"]


def test_a_text_is_matched_by_words_and_meaning_and_ends_where_it_is_irrelevant(api: Api) -> None:
    api.call("GET", "/search", query={"q": "dog"})
    (asked,) = api.index.asked
    assert (asked.mode, asked.semantic, asked.min_relevance) == (Mode.FUSED, VECTOR, AUTO)
    api.call("GET", "/search", query={"q": "dog", "min_relevance": "0"})
    assert api.index.asked[-1].min_relevance == 0
    api.call("GET", "/search", query={"q": "dog", "mode": "words"})
    assert api.index.asked[-1].semantic is None
    by_words = api.index.asked[-1].min_relevance
    assert by_words is None


def test_what_looks_alike_ends_where_likeness_does_unless_asked_otherwise(api: Api) -> None:
    api.enter("id-1")
    api.call("GET", "/images/id-1/similar")
    api.call("GET", "/images/id-1/similar", query={"min_relevance": "0"})
    assert [query.min_relevance for query in api.index.asked] == [AUTO, 0]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('dog -brown "in the snow"', "dog in the snow"),
        ("-brown", None),
        ("red-haired boy", "red-haired boy"),
    ],
)
def test_the_encoder_hears_what_is_looked_for_only(api: Api, text: str, meant: str | None) -> None:
    api.call("POST", "/search", {"text": text})
    assert api.encoder.texts == ([meant] if meant else [])


def test_matches_are_unlike_a_photograph_of_ones_own(api: Api) -> None:
    api.enter("id-1")
    api.enter("bobs", owner="bob")
    answer = api.call("POST", "/search", {"text": "dog", "unlike": ["id-1"]})
    assert answer.status == 200
    assert (api.index.asked[0].unlike, api.index.asked[0].exclude) == ((VECTOR,), ("id-1",))
    foreign = api.call("POST", "/search", {"text": "dog", "unlike": ["bobs"]})
    assert (foreign.status, foreign.json["field"]) == (400, "unlike")


def test_a_photograph_without_a_vector_is_unlike_nothing(api: Api) -> None:
    api.enter("id-1", state=State.PENDING, visual=None)
    answer = api.call("GET", "/search", query={"q": "dog", "unlike": "id-1"})
    assert (answer.status, answer.json["field"]) == (400, "unlike")
    assert "pending" in answer.json["detail"]


def test_weights_that_are_not_given_are_the_measured_ones(api: Api) -> None:
    api.call("POST", "/search", {"text": "dog", "weights": {"words": 3}})
    assert api.index.asked[0].weights == replace(WEIGHTS, words=3)


def test_an_explanation_names_each_part_and_its_terms(api: Api) -> None:
    api.enter("id-1")
    api.index.finds = ["id-1"]
    api.index.explanation = (Contribution("words", 2.5, 1, 0.4, {"dog": 2.5}),)
    query = {"q": "dog", "explain": "true", "collapse": "near_duplicates"}
    answer = api.call("GET", "/search", query=query)
    assert answer.json["hits"][0]["explanation"] == [
        {"part": "words", "score": 2.5, "rank": 1, "share": 0.4, "terms": {"dog": 2.5}}
    ]
    assert (api.index.asked[0].explain, api.index.asked[0].collapse) == (True, "near_duplicates")


def test_what_is_similar_can_be_cut_collapsed_counted_and_explained(api: Api) -> None:
    api.enter("id-1")
    api.enter("id-2")
    query = {
        "unlike": "id-2",
        "collapse": "near_duplicates",
        "facets": "colours",
        "min_relevance": "0.5",
        "explain": "true",
    }
    assert api.call("GET", "/images/id-1/similar", query=query).status == 200
    (asked,) = api.index.asked
    assert (asked.unlike, asked.collapse, asked.facets) == (
        (VECTOR,),
        NEAR_DUPLICATES,
        ("colours",),
    )
    assert (asked.min_relevance, asked.explain, asked.exclude) == (0.5, True, ("id-1", "id-2"))
