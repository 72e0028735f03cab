"""Tokens of a real OpenID provider: signed, meant for somebody, of keys that change."""

from collections.abc import Iterator

import httpx
import pytest

from chalicelib.access import Caller, Scope
from chalicelib.errors import IdentityUnavailable
from chalicelib.oidc import ClaimRules, Provider, SignedTokens, metadata_of
from chalicelib.oidc.provider import RETRY_SECONDS, fetch
from infra.sign_in import provider_lack
from local.processes import any_free
from tests.identity_provider import RESOURCE, IdentityProvider, running

REDIRECT = "http://127.0.0.1:1/"


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with running(any_free(), REDIRECT) as provider:
        yield provider


def checker(provider: IdentityProvider, audience: str = "gallery") -> SignedTokens:
    return SignedTokens(Provider(provider.issuer), audience, ClaimRules())


def test_an_id_token_stands_for_who_signed_in(provider: IdentityProvider) -> None:
    given = provider.tokens("corp|ann")
    scopes = frozenset({Scope.READ, Scope.WRITE})
    assert checker(provider).caller(given["id_token"]) == Caller("corp!7Cann", scopes)


def test_an_administrators_group_is_known(provider: IdentityProvider) -> None:
    caller = checker(provider).caller(provider.tokens("admin")["id_token"])
    assert caller == Caller("admin", frozenset({Scope.ADMIN}))


def test_a_verified_address_may_be_the_owner(provider: IdentityProvider) -> None:
    tokens = SignedTokens(Provider(provider.issuer), "gallery", ClaimRules(owner_claim="email"))
    caller = tokens.caller(provider.tokens("ann")["id_token"])
    assert caller and caller.owner == "ann@example.org"


@pytest.mark.fault(42, by="an OpenID provider")
def test_a_token_of_another_client_or_another_kind_is_refused(provider: IdentityProvider) -> None:
    tokens = checker(provider)
    assert tokens.caller(provider.tokens("ann", client="another")["id_token"]) is None
    assert tokens.caller(provider.tokens("ann")["access_token"]) is None  # an opaque one


def test_an_access_token_is_meant_for_the_api_and_an_id_token_is_not(
    provider: IdentityProvider,
) -> None:
    given = provider.tokens("ann", resource=RESOURCE)
    tokens = checker(provider, RESOURCE)
    assert tokens.caller(given["access_token"]) == Caller(
        "ann", frozenset({Scope.READ, Scope.WRITE})
    )
    assert tokens.caller(given["id_token"]) is None


@pytest.mark.fault(42, by="an OpenID provider")
def test_a_changed_key_is_asked_for_and_the_former_one_forgotten(
    provider: IdentityProvider,
) -> None:
    now = [0.0]
    known = Provider(provider.issuer, clock=lambda: RETRY_SECONDS + now[0])
    tokens = SignedTokens(known, "gallery", ClaimRules())
    before = provider.tokens("ann")["id_token"]
    assert tokens.caller(before)
    provider.change(rotate=True)
    after = provider.tokens("ann")["id_token"]
    assert tokens.caller(after) is None  # asked a moment ago
    now[0] += RETRY_SECONDS
    assert tokens.caller(after)
    assert tokens.caller(before) is None


def test_preflight_finds_the_provider_as_it_is_said_to_be(provider: IdentityProvider) -> None:
    said = {"auth": "oidc", "issuer": provider.issuer, "audience": "gallery"}
    assert provider_lack(said.get) is None
    with pytest.raises(IdentityUnavailable, match="calls itself"):
        metadata_of(f"{provider.issuer}/", fetch)


def test_without_keys_nobody_gets_in_and_with_them_everybody_goes_on() -> None:
    port = any_free()
    with running(port, REDIRECT) as provider:
        token = provider.tokens("ann")["id_token"]
        tokens = checker(provider)
        assert tokens.caller(token)
    with pytest.raises(httpx.ConnectError):
        httpx.get(provider.issuer)
    assert tokens.caller(token)
    with pytest.raises(IdentityUnavailable):
        checker(provider).caller(token)
