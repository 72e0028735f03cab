"""Whatever two owners do, neither is told of the other, and no answer is off its description."""

import json
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    multiple,
    rule,
    run_state_machine_as_test,
)
from moto import mock_aws

from chalicelib.access import CACHE_SECONDS, Scope
from chalicelib.api import openapi
from chalicelib.api.routes import ROUTES
from chalicelib.images import State, image_id_of
from chalicelib.search.query import FACETS, NEAR_DUPLICATES
from tests.api import Answer
from tests.deployment import BUCKET, Deployment
from tests.opensearch import empty_index, needs_opensearch

# More on demand ("make fuzz-api"), when a failure is shrunk too, which takes minutes.
ON_DEMAND = "API_HISTORIES" in os.environ
HISTORIES = int(os.environ.get("API_HISTORIES", "3"))
SCHEMA = schemathesis.openapi.from_dict({**openapi.document(), "servers": [{"url": "/"}]})
# What differs between two deployments that did the same: where files lie, signatures, random ids.
VOLATILE = re.compile(
    r'https://s3\.amazonaws\.com/(alone|shared)|\?[^"]*Signature[^"]*'
    r'|"(policy|signature)":"[^"]*"|(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])'
)
Photograph = tuple[str, str]  # whose, and its id

WORDS = ["dog", "boy", "red", "shirt", "runs", "beach", "platypus", "lighthouse", "turquoise"]
MISSPELT = ["platipus", "lihgthouse", "turqoise", "bech", "dgo"]
TEXTS = st.lists(st.sampled_from([*WORDS, *MISSPELT]), min_size=1, max_size=4).map(" ".join)
CAPTIONS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(
    lambda words: f"a {' '.join(words)}"
)
ATTRIBUTES = st.fixed_dictionaries(
    {"subject": st.sampled_from(["dog", "platypus"])},
    optional={"colours": st.just(["turquoise"]), "places": st.just(["lighthouse"])},
)
SAID = st.fixed_dictionaries(
    {},
    optional={
        "caption": CAPTIONS,
        "keywords": st.lists(st.sampled_from(WORDS), max_size=2),
        "attributes": st.lists(ATTRIBUTES, max_size=2),
    },
)
ANNOUNCED = st.fixed_dictionaries(
    {"name": st.sampled_from(["a.jpg", "b.jpg"]), "size": st.integers(1, 20)},
    optional={"sha256": st.sampled_from(["ab" * 32, "cd" * 32])},
)
CLAUSES = st.one_of(
    ATTRIBUTES,
    ATTRIBUTES.map(lambda clause: {"not": clause}),
    st.lists(ATTRIBUTES, min_size=1, max_size=2).map(lambda clauses: {"or": clauses}),
)
SEARCHES = st.fixed_dictionaries(
    {"limit": st.sampled_from([1, 2, 100]), "facets": st.just(list(FACETS))},
    optional={
        "text": TEXTS,
        "mode": st.sampled_from(["words", "meaning", "fused"]),
        "attributes": CLAUSES,
        "filters": st.sampled_from([{"labels": ["platypus"]}, {"states": ["needs_review"]}]),
        "explain": st.booleans(),
        "min_relevance": st.sampled_from([0, 0.5, "auto"]),
        "collapse": st.just(NEAR_DUPLICATES),
        "sort": st.sampled_from(["added", "taken"]),
        "weights": st.just({"words": 1, "image": 2}),
    },
)
PEOPLE = st.sampled_from(["ann", "bob"])
REVISIONS = st.sampled_from([None, '"1"', '"2"', '"9"', "*"])
SCOPES = st.sets(st.sampled_from([*Scope]), min_size=1)


def told(answer: Answer) -> tuple[int, dict[str, str], str]:
    """Return what an answer says, without what is its deployment's own."""
    return answer.status, answer.headers, VOLATILE.sub("…", answer.text)


def assert_described(method: str, path: str, answer: Answer) -> None:
    """See that an answer is one that the description of the API promises."""
    assert answer.status < 500, answer.text
    headers = {name.lower(): [value] for name, value in answer.headers.items()}
    asked = requests.Request(method, "http://api").prepare()
    response = schemathesis.Response(
        answer.status, headers, answer.text.encode(), asked, elapsed=0, verify=False
    )
    SCHEMA[path][method].validate_response(response)


class TwoOwners(RuleBasedStateMachine):
    """Ann alone in one deployment, and the same Ann beside Bob in another."""

    engine: Callable[[], AbstractContextManager[Any]]
    photographs = Bundle("photographs")
    imports = Bundle("imports")

    def __init__(self) -> None:
        super().__init__()
        self.resources = ExitStack()
        self.resources.enter_context(mock_aws())
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.alone, self.shared = (
            Deployment(name, lambda: self.now, self.resources.enter_context(self.engine()))
            for name in ("alone", "shared")
        )
        self.tokens = {
            (one, person): one.tokens.add(person, scopes)[0]
            for one in (self.alone, self.shared)
            for person, scopes in (("ann", ("read", "write")), ("bob", ("read", "write")))
        }
        self.admin = self.shared.tokens.add("root", ["admin"])[0]

    def teardown(self) -> None:
        self.resources.close()

    def of(self, person: str) -> list[Deployment]:
        """Return the deployments that a person uses."""
        return [self.shared, self.alone] if person == "ann" else [self.shared]

    def ask(self, person: str, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """Send a person's request to all their deployments, which must answer alike."""
        answers = []
        self.now += timedelta(seconds=1)
        for each in self.of(person):
            token = self.tokens[each, person]
            answers.append(self.sent(each, token, method, path, body, **more))
        assert told(answers[0]) == told(answers[-1])
        return answers[0]

    def sent(  # noqa: PLR0917
        self,
        each: Deployment,
        token: str,
        method: str,
        path: str,
        body: Any = None,
        in_path: str = "",
        query: dict[str, Any] | None = None,
        **headers: str,
    ) -> Answer:
        """Send a request, whose answer must be one that is described.

        ``path`` is the route's, ``in_path`` what stands for its parameter.
        """
        target = re.sub(r"{\w+}", in_path, path) + (f"?{urlencode(query)}" if query else "")
        answer = each.call(method, target, body, token=token, **headers)
        assert_described(method, path, answer)
        return answer

    def pages(self, person: str, method: str, path: str, asked: dict[str, Any]) -> None:
        """Ask for the first pages; each cursor must be the same, too."""
        for _ in range(4):
            how = {"query": asked} if method == "GET" else {"body": asked}
            answer = self.ask(person, method, path, **how)
            if answer.status != 200 or answer.json["cursor"] is None:
                return
            asked = asked | {"cursor": answer.json["cursor"]}

    @rule(
        target=photographs,
        person=PEOPLE,
        announced=ANNOUNCED,
        said=SAID,
        key=st.sampled_from(["k1", "k2", "k3"]),
    )
    def announce(self, person: str, announced: Any, said: Any, key: str) -> Any:
        answer = self.ask(
            person, "POST", "/images", {**announced, **said}, **{"Idempotency-Key": key}
        )
        return (person, answer.json["image"]["id"]) if answer.status < 300 else multiple()

    @rule(photograph=photographs, content=CAPTIONS, ends=st.sampled_from(["", "?", "\xff"]))
    def upload(self, photograph: Photograph, content: str, ends: str) -> None:
        person, image_id = photograph
        for each in self.of(person):
            record = each.catalogue.get(image_id)
            assert record
            each.upload(record.key, (content + ends).encode("latin-1"))

    @rule(target=photographs, person=PEOPLE, content=CAPTIONS, name=st.sampled_from("cde"))
    def place(self, person: str, content: str, name: str) -> Photograph:
        key = f"uploads/{person}/trip/{name}.jpg"
        for each in self.of(person):
            each.upload(key, content.encode())
        self.settle()
        return person, image_id_of(BUCKET, key)

    @rule()
    def settle(self) -> None:
        self.now += timedelta(seconds=1)
        for each in (self.alone, self.shared):
            each.settle()

    @rule(photograph=photographs, said=SAID, revision=REVISIONS)
    def edit(self, photograph: Photograph, said: Any, revision: str | None) -> None:
        person, image_id = photograph
        headers = {"If-Match": revision} if revision else {}
        self.ask(person, "PATCH", "/images/{image_id}", said, in_path=image_id, **headers)
        self.settle()

    @rule(photograph=photographs, revision=REVISIONS, permanent=st.booleans())
    def delete(self, photograph: Photograph, revision: str | None, permanent: bool) -> None:
        person, image_id = photograph
        headers = {"If-Match": revision} if revision else {}
        query = {"permanent": "true"} if permanent else None
        self.ask(person, "DELETE", "/images/{image_id}", in_path=image_id, query=query, **headers)

    @rule(photograph=photographs)
    def restore(self, photograph: Photograph) -> None:
        person, image_id = photograph
        self.ask(person, "POST", "/images/{image_id}/restore", in_path=image_id)

    @rule(photograph=photographs)
    def show(self, photograph: Photograph) -> None:
        person, image_id = photograph
        self.ask(person, "GET", "/images/{image_id}", in_path=image_id)

    @rule(photograph=photographs, explain=st.booleans(), limit=st.sampled_from([1, 100]))
    def similar(self, photograph: Photograph, explain: bool, limit: int) -> None:
        person, image_id = photograph
        query = {"facets": ",".join(FACETS), "explain": str(explain).lower(), "limit": limit}
        path = "/images/{image_id}/similar"
        self.ask(person, "GET", path, in_path=image_id, query=query)

    @rule(person=PEOPLE, state=st.sampled_from([None, *State]), limit=st.sampled_from([1, 2, 100]))
    def list_photographs(self, person: str, state: State | None, limit: int) -> None:
        self.pages(person, "GET", "/images", {"limit": limit} | ({"state": state} if state else {}))

    @rule(person=PEOPLE, asked=SEARCHES)
    def search(self, person: str, asked: dict[str, Any]) -> None:
        self.pages(person, "POST", "/search", asked)

    @rule(person=PEOPLE, text=TEXTS)
    def search_by_parameters(self, person: str, text: str) -> None:
        asked = {"q": text, "explain": "true", "limit": 2}
        self.pages(person, "GET", "/search", asked)

    @rule(person=PEOPLE, image=st.sampled_from(["YQ==", "Yg==", "Yw=="]), text=TEXTS)
    def search_by_image(self, person: str, image: str, text: str) -> None:
        asked = {"image": image, "text": text, "facets": [*FACETS], "explain": True}
        self.ask(person, "POST", "/search/image", asked)

    @rule(person=PEOPLE, prefix=st.sampled_from(["d", "pl", "li", "red t", "a"]))
    def complete(self, person: str, prefix: str) -> None:
        self.ask(person, "GET", "/suggest", query={"prefix": prefix, "limit": 20})
        self.ask(person, "GET", "/stats")

    @rule(person=PEOPLE, ids=st.lists(photographs, min_size=1, max_size=3))
    def caption_again(self, person: str, ids: list[Photograph]) -> None:
        self.ask(person, "POST", "/recaption", {"ids": [image_id for _, image_id in ids]})
        self.settle()

    @rule(target=imports, person=PEOPLE, captions=st.lists(CAPTIONS, min_size=1, max_size=3))
    def import_captions(self, person: str, captions: Any) -> Any:
        lines = "".join(
            f"{name}.jpg {text}.\n" for name, text in zip("cdx", captions, strict=False)
        )
        for each in self.of(person):
            each.upload(f"uploads/{person}/trip/descriptions.txt", lines.encode())
        self.settle()
        started = []
        for each in self.of(person):
            body = {"prefix": f"uploads/{person}/trip/"}
            started.append(self.sent(each, self.tokens[each, person], "POST", "/imports", body))
        self.settle()
        return person, [answer.json["id"] for answer in started]

    @rule(one=imports)
    def show_import(self, one: Any) -> None:
        person, ids = one
        path = "/imports/{import_id}"
        answers = [
            self.sent(each, self.tokens[each, person], "GET", path, in_path=import_id)
            for each, import_id in zip(self.of(person), ids, strict=True)
        ]
        assert told(answers[0]) == told(answers[-1])
        assert answers[0].json["state"] == "finished"
        self.hidden(person, "GET", path, ids[0])

    @rule(photograph=photographs, said=SAID)
    def meddle(self, photograph: Photograph, said: Any) -> None:
        """Ask for the other's photograph in every way that names one."""
        person, image_id = photograph
        path = "/images/{image_id}"
        before = self.shared.catalogue.get(image_id)
        for method in ("GET", "DELETE"):
            self.hidden(person, method, path, image_id)
        self.hidden(person, "PATCH", path, image_id, said or {"caption": "mine"})
        self.hidden(person, "POST", f"{path}/restore", image_id)
        self.hidden(person, "GET", f"{path}/similar", image_id, query={"crop": "0,0,1,1"})
        for query in ({"q": "dog", "unlike": image_id}, {"sort": "added", "cursor": image_id}):
            self.hidden(person, "GET", "/search", image_id, query=query)
        self.hidden(person, "POST", "/recaption", image_id, {"ids": [image_id]})
        assert self.shared.catalogue.get(image_id) == before

    def hidden(  # noqa: PLR0917
        self,
        person: str,
        method: str,
        path: str,
        name: str,
        body: Any = None,
        query: dict[str, str] | None = None,
    ) -> None:
        """See that the other is told the same, by the same calls, as of what never was.

        Wherever the request has the ``name``, it has that of what never was then.
        """
        other = "bob" if person == "ann" else "ann"
        token = self.tokens[self.shared, other]
        self.shared.tokens.caller(token)  # which is then known for a while
        never = uuid5(NAMESPACE_URL, name)
        answers = []
        for asked in (name, never.hex if len(name) == 32 else str(never)):
            sent, wanted = json.loads(json.dumps([body, query]).replace(name, asked))
            self.shared.calls.clear()
            answer = self.sent(self.shared, token, method, path, sent, in_path=asked, query=wanted)
            text = told(answer)[2].replace(asked, "…")
            answers.append((answer.status, answer.headers, text, [*self.shared.calls]))
        assert answers[0] == answers[1]
        assert "{" not in path or answers[0][0] == 404

    @rule(person=PEOPLE, scopes=SCOPES, route=st.sampled_from(ROUTES))
    def use_a_token(self, person: str, scopes: set[Scope], route: Any) -> None:
        """Make a token, use it, revoke it, and be refused."""
        body = {"owner": person, "scopes": sorted(scopes)}
        made = self.sent(self.shared, self.admin, "POST", "/tokens", body).json
        if route.scope is None or route.method != "GET":
            return
        asks = partial(
            self.sent, self.shared, made["token"], route.method, route.path, in_path="none"
        )
        is_allowed = bool(scopes & {route.scope, Scope.ADMIN})
        assert (asks().status == 403) is not is_allowed
        path = "/tokens/{token_id}"
        assert self.sent(self.shared, self.admin, "DELETE", path, in_path=made["id"]).status == 204
        self.now += timedelta(seconds=CACHE_SECONDS)
        assert asks().status == 401

    @rule(person=PEOPLE, path=st.sampled_from(["/images", "/search"]))
    def name_the_other(self, person: str, path: str) -> None:
        other = "bob" if person == "ann" else "ann"
        query = {"owner": other} | ({"q": "dog"} if path == "/search" else {})
        assert self.ask(person, "GET", path, query=query).status == 403


class OnPublished(TwoOwners):
    """With the index that is published in the bucket."""

    engine = staticmethod(nullcontext)


class OnOpenSearch(TwoOwners):
    """With indexes of OpenSearch."""

    engine = staticmethod(empty_index)


@pytest.mark.fault(22, by="moto and OpenSearch")
@pytest.mark.fault(24, by="moto and OpenSearch")
@pytest.mark.fault(42, by="moto and OpenSearch")
@pytest.mark.fault(43, by="moto and OpenSearch")
@pytest.mark.parametrize(
    "engine", [OnPublished, pytest.param(OnOpenSearch, marks=needs_opensearch)]
)
def test_neither_of_two_owners_is_told_of_the_other_whatever_they_do(
    engine: type[TwoOwners],
) -> None:
    run_state_machine_as_test(
        engine,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=30,
            deadline=None,
            derandomize=not ON_DEMAND,
            phases=[*Phase] if ON_DEMAND else [Phase.generate],
            suppress_health_check=[*HealthCheck],
        ),
    )
