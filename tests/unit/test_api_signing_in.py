"""People who sign in with a provider, beside tokens of the table."""

from typing import Any

import pytest

from app import provider
from chalicelib.access import Caller, Scope
from chalicelib.api.problems import PROBLEM_JSON
from chalicelib.api.signing_in import SignIn
from chalicelib.oidc import ClaimRules, Provider, SignedTokens
from chalicelib.settings import Settings
from tests.api import CALLERS, Api
from tests.oidc import AUDIENCE, ISSUER, Clock, FakeProvider

NEW = {"name": "a.jpg", "content_type": "image/jpeg", "size": 1}
FAKE = FakeProvider()


def sign_in(
    fake: FakeProvider = FAKE, *, audience: str = AUDIENCE, client: str = AUDIENCE
) -> SignIn:
    known = Provider(ISSUER, fake.fetch, Clock())
    tokens = SignedTokens(known, audience, ClaimRules(), Clock())
    return SignIn(known, tokens, audience, client, "openid email", "https://token.example.org")


@pytest.fixture
def signing(api: Api) -> Api:
    """Return the API of a deployment where people sign in."""
    api.sign_in = sign_in()
    provider.repository = api.repository()
    return api


def test_who_signed_in_sees_the_own_photographs_and_no_others(signing: Api) -> None:
    signing.enter("mine", "auth0!7C7")
    signing.enter("theirs", "ann")
    token = FAKE.token(sub="auth0|7")
    listed = signing.call("GET", "/images", as_=token).json["items"]
    assert [image["id"] for image in listed] == ["mine"]
    assert signing.call("GET", "/images/theirs", as_=token).status == 404
    made = signing.call("POST", "/images", NEW, as_=token).json["image"]
    assert made["owner"] == "auth0!7C7"


def test_groups_say_what_may_be_done(signing: Api) -> None:
    reader = FAKE.token(**{"cognito:groups": ["image-repo-read"]})
    admin = FAKE.token(**{"cognito:groups": ["image-repo-admin"]})
    assert signing.call("GET", "/images", as_=reader).status == 200
    refused = signing.call("POST", "/images", NEW, as_=reader)
    assert (refused.status, refused.json["detail"]) == (403, "this token lacks the scope 'write'")
    assert signing.call("GET", "/tokens", as_=FAKE.token()).status == 403
    made = signing.call("POST", "/tokens", {"owner": "ann"}, as_=admin)
    assert (made.status, made.json["owner"]) == (201, "ann")


def test_tokens_of_the_table_are_good_as_before(signing: Api) -> None:
    CALLERS["imr_ann"] = Caller("ann", frozenset({Scope.READ}))
    try:
        assert signing.call("GET", "/images", as_="imr_ann").status == 200
        assert signing.call("GET", "/images", as_="imr_other").status == 401
    finally:
        del CALLERS["imr_ann"]


def test_a_token_of_the_provider_is_nothing_where_nobody_signs_in(api: Api) -> None:
    assert api.call("GET", "/images", as_=FAKE.token()).status == 401


@pytest.mark.fault(42)
def test_a_token_that_is_not_accepted_opens_nothing(signing: Api) -> None:
    for token in (FAKE.token(aud="another"), FAKE.token(exp=1), "a.b.c"):
        answer = signing.call("GET", "/images", as_=token)
        assert (answer.status, answer.json["status"]) == (401, 401)
        assert answer.headers["Content-Type"] == PROBLEM_JSON


def test_the_gallery_is_told_where_to_sign_in(signing: Api) -> None:
    answer = signing.call("GET", "/auth", as_=None)
    assert answer.status == 200
    assert answer.json["provider"] == {
        "issuer": ISSUER,
        "client_id": AUDIENCE,
        "scope": "openid email",
        "audience": None,
        "sends": "id_token",
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "end_session_endpoint": None,
        "revocation_endpoint": None,
    }


def test_an_api_with_an_audience_of_its_own_takes_access_tokens(api: Api) -> None:
    api.sign_in = sign_in(audience="https://photographs.example.org")
    provider.repository = api.repository()
    told = api.call("GET", "/auth", as_=None).json["provider"]
    assert (told["audience"], told["sends"]) == ("https://photographs.example.org", "access_token")
    assert api.call("GET", "/images", as_=FAKE.token()).status == 401  # an ID token
    access = FAKE.token({"typ": "at+jwt"}, aud="https://photographs.example.org")
    assert api.call("GET", "/images", as_=access).status == 200


def test_without_a_provider_there_are_only_tokens(api: Api) -> None:
    assert api.call("GET", "/auth", as_=None).json == {"provider": None}


def test_a_provider_that_is_down_is_a_503(api: Api) -> None:
    api.sign_in = sign_in(FakeProvider(is_down=True))
    provider.repository = api.repository()
    answer = api.call("GET", "/auth", as_=None)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")


def test_the_gallery_may_reach_the_token_endpoint_and_nothing_more(signing: Api) -> None:
    policy = signing.call("GET", "/", as_=None).headers["Content-Security-Policy"]
    (connect,) = [part for part in policy.split("; ") if part.startswith("connect-src")]
    assert connect.split()[1:] == ["'self'", "memory://photographs", "https://token.example.org"]


def test_settings_make_it() -> None:
    names: Any = {"bucket": "b", "table": "t", "tokens_table": "k"}
    assert SignIn.of(Settings(**names)) is None
    made = SignIn.of(Settings(**names, oidc_issuer=f"{ISSUER}/pool", oidc_audience="client"))
    assert made and (made.client, made.token_origin) == ("client", ISSUER)
    chosen = SignIn.of(
        Settings(
            **names,
            oidc_issuer=ISSUER,
            oidc_audience="api",
            oidc_client="client",
            oidc_token_origin="https://token.example.org",
        )
    )
    assert chosen and (chosen.client, chosen.token_origin) == (
        "client",
        "https://token.example.org",
    )
