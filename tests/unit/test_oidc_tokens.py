"""Which tokens of an identity provider are taken, and whom they stand for."""

import base64
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OctKey

from chalicelib.access import Caller, Scope
from chalicelib.oidc import ClaimRules, Provider, SignedTokens
from chalicelib.oidc.tokens import LEEWAY_SECONDS
from tests.oidc import (
    AUDIENCE,
    ISSUER,
    NOW,
    Clock,
    FakeProvider,
    claims_of,
    ec_key,
    rsa_key,
    signed,
)

ANN = Caller("ann", frozenset({Scope.READ, Scope.WRITE}))
OTHER_KEY = rsa_key()
PROVIDER = FakeProvider()


def caller(
    token: str, provider: FakeProvider = PROVIDER, audience: str = AUDIENCE
) -> Caller | None:
    known = Provider(ISSUER, provider.fetch, Clock())
    return SignedTokens(known, audience, ClaimRules(), Clock()).caller(token)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_token_of_the_provider_stands_for_its_subject() -> None:
    assert caller(PROVIDER.token()) == ANN


def test_a_token_signed_with_an_elliptic_curve_is_taken_too() -> None:
    key = PROVIDER.keys[1]
    assert caller(signed(key, {"alg": "ES256", "kid": key.kid})) == ANN


@pytest.mark.fault(42)
@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example.org"},
        {"iss": f"{ISSUER}/"},
        {"iss": None},
        {"sub": None},
        {"sub": 7},
        {"sub": ""},
        {"exp": None},
        {"exp": NOW - LEEWAY_SECONDS},
        {"exp": "never"},
        {"exp": float("nan")},
        {"exp": True},
        {"nbf": NOW + LEEWAY_SECONDS + 1},
        {"iat": NOW + LEEWAY_SECONDS + 1},
        {"aud": "another"},
        {"aud": ["another", "a third"]},
        {"aud": []},
        {"aud": {AUDIENCE: True}},
        {"aud": None},
        {"aud": None, "client_id": AUDIENCE},
        {"aud": None, "client_id": AUDIENCE, "token_use": "id"},
        {"aud": None, "client_id": "another", "token_use": "access"},
        {"aud": "another", "client_id": AUDIENCE, "token_use": "access"},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
        {"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}},
    ],
    ids=str,
)
def test_a_token_that_says_something_else_is_refused_and_the_log_says_why(
    claims: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert caller(PROVIDER.token(**claims)) is None
    assert "was refused" in caplog.text
    assert "ey" not in caplog.text.replace("key", "")


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW - LEEWAY_SECONDS + 1},
        {"nbf": NOW + LEEWAY_SECONDS},
        {"aud": ["another", AUDIENCE]},
        # Amazon Cognito's access tokens.
        {"aud": None, "client_id": AUDIENCE, "token_use": "access"},
    ],
    ids=str,
)
def test_clocks_may_differ_and_audiences_be_several(claims: dict[str, Any]) -> None:
    assert caller(PROVIDER.token(**claims)) == ANN


@pytest.mark.parametrize("kind", ["logout+jwt", "secevent+jwt", "dpop+jwt"])
def test_what_is_no_token_of_access_is_refused(kind: str) -> None:
    assert caller(PROVIDER.token({"typ": kind})) is None


@pytest.mark.parametrize("kind", [None, "JWT", "at+jwt", "application/at+jwt"])
def test_id_tokens_and_access_tokens_are_taken(kind: str | None) -> None:
    assert caller(PROVIDER.token({"typ": kind, "x5t#S256": "a header of the provider's"})) == ANN


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None])
def test_a_token_without_a_signature_is_refused(algorithm: str | None) -> None:
    header = {"alg": algorithm, "kid": PROVIDER.keys[0].kid}
    for signature in ("", part("x")):
        assert caller(f"{part(header)}.{part(claims_of())}.{signature}") is None


def test_the_public_key_is_no_shared_secret() -> None:
    key = rsa_key()
    provider = FakeProvider(keys=[key])
    for public in (key.as_pem(private=False), json.dumps(key.as_dict(private=False)).encode()):
        secret = OctKey.import_key(public.hex())
        assert caller(signed(secret, {"alg": "HS256", "kid": key.kid}), provider) is None


@pytest.mark.parametrize("algorithm", ["RS512", "PS256"])
def test_an_algorithm_that_is_not_allowed_is_refused(algorithm: str) -> None:
    assert caller(PROVIDER.token({"alg": algorithm})) is None


@pytest.mark.fault(42)
def test_another_key_does_not_count_whatever_the_header_says() -> None:
    named = {"alg": "RS256", "kid": PROVIDER.keys[0].kid}
    own = {"jwk": OTHER_KEY.as_dict(private=False), "jku": "https://evil.example.org/keys"}
    for header in (named, named | own, {"alg": "RS256", **own}, {"alg": "RS256"}):
        assert caller(signed(OTHER_KEY, header)) is None


def test_a_key_of_another_kind_does_not_fit() -> None:
    rsa, curve = PROVIDER.keys
    assert caller(signed(rsa, {"alg": "RS256", "kid": curve.kid})) is None
    assert caller(signed(curve, {"alg": "ES256", "kid": rsa.kid})) is None


@pytest.mark.fault(42)
def test_a_changed_token_is_refused() -> None:
    header, _, signature = PROVIDER.token().split(".")
    assert caller(f"{header}.{part(claims_of(sub='root'))}.{signature}") is None


def test_a_token_that_names_no_key_is_taken_where_there_is_only_one() -> None:
    alone = FakeProvider(keys=[ec_key()])
    token = signed(alone.keys[0], {"alg": "ES256"})
    assert caller(token, alone) == ANN
    assert caller(signed(PROVIDER.keys[1], {"alg": "ES256"})) is None


@given(st.text() | st.lists(st.text(), min_size=3, max_size=3).map(".".join))
def test_nonsense_is_refused(token: str) -> None:
    assert caller(token) is None


@given(
    st.dictionaries(
        st.sampled_from(["alg", "kid", "typ", "crit", "b64"]),
        st.none() | st.text() | st.integers() | st.just("RS256") | st.lists(st.text()),
    )
)
def test_a_nonsensical_header_is_refused(header: dict[str, Any]) -> None:
    assert caller(f"{part(header)}.{part(claims_of())}.{part('x')}") is None


@pytest.mark.parametrize("critical", [7, True, [[]], [{}], {"a": 1}, "exp", None], ids=str)
def test_a_known_key_makes_no_sense_of_a_header(critical: Any) -> None:
    header = {"alg": "RS256", "kid": PROVIDER.keys[0].kid, "crit": critical}
    assert caller(f"{part(header)}.{part(claims_of())}.{part('x')}") is None


def test_nonsense_asks_the_provider_nothing() -> None:
    provider = FakeProvider()
    for token in ("", "imr_x", "a.b.c", f"{part({'alg': 'none'})}.{part({})}."):
        assert caller(token, provider) is None
    assert provider.asked == []
