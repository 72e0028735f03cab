"""What a deployment may say of an identity provider, and what the provider says of itself."""

from typing import Any

import pytest

from chalicelib.errors import IdentityUnavailable
from chalicelib.settings import Settings
from infra.preflight import sign_in_lack
from infra.sign_in import SETTINGS, provider_lack, sign_in_of
from tests.oidc import ISSUER, FakeProvider

LEAST = {"auth": "oidc", "issuer": ISSUER, "audience": "gallery"}


def of(**said: object) -> dict[str, str]:
    return sign_in_of({**LEAST, **said}.get)


def test_without_a_word_of_it_only_tokens_let_anybody_in() -> None:
    nothing: dict[str, object] = {}
    assert sign_in_of(nothing.get) == sign_in_of({"auth": "tokens"}.get) == {}


def test_a_provider_and_an_audience_are_enough() -> None:
    assert of() == {"IMAGE_REPO_OIDC_ISSUER": ISSUER, "IMAGE_REPO_OIDC_AUDIENCE": "gallery"}


def test_every_setting_has_its_context_value() -> None:
    settings = {field for field in Settings.model_fields if field.startswith("oidc_")}
    assert set(SETTINGS.values()) == settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("issuer", "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbC"),
        ("issuer", "https://me.eu.auth0.com/"),
        ("issuer", "http://127.0.0.1:9000"),
        ("tokenOrigin", "https://me.auth.eu-central-1.amazoncognito.com"),
        ("audience", "https://photographs.example.org/"),
        ("client", "4hoeaf6l1j2"),
        ("signInScope", "openid offline_access"),
        ("ownerClaim", "email"),
        ("groupsClaim", "https://example.org/roles"),
        ("signedIn", "read"),
        ("signedIn", "none"),
    ],
)
def test_what_a_provider_needs_can_be_said(name: str, value: str) -> None:
    variable = f"IMAGE_REPO_{SETTINGS[name].upper()}"
    assert of(**{name: value})[variable] == value


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"auth": "saml"}, "-c auth=saml: it can be tokens, oidc"),
        ({"auth": None}, "-c issuer has an effect with -c auth=oidc only"),
        ({"issuer": None}, "-c auth=oidc needs -c issuer=…"),
        ({"audience": ""}, "-c auth=oidc needs -c audience=…"),
        ({"issuer": "id.example.org"}, "-c issuer=id.example.org: it must be an https:// URL"),
        ({"issuer": "http://id.example.org"}, "an https:// URL"),
        ({"issuer": "https://id.example.org?a=b"}, "without '\\?'"),
        ({"tokenOrigin": "https://id.example.org/oauth2"}, "without a path"),
        ({"tokenOrigin": "https://id.example.org; script-src *"}, "a host"),
        ({"tokenOrigin": "*"}, "a host"),
        ({"audience": "two words"}, "without spaces"),
        ({"signInScope": "email"}, "with 'openid' among them"),
        ({"signedIn": "read,write"}, "with a space between two"),
        ({"signedIn": "root"}, "out of read, write, admin"),
    ],
)
def test_what_cannot_be_is_told(said: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        of(**said)


def lack(provider: FakeProvider, **said: str) -> str | None:
    return provider_lack({**LEAST, **said}.get, provider.fetch)


def test_a_provider_that_answers_as_expected_is_fine() -> None:
    assert lack(FakeProvider()) is None


def test_where_only_tokens_let_anybody_in_no_provider_is_asked() -> None:
    provider = FakeProvider()
    assert provider_lack({"auth": "tokens"}.get, provider.fetch) is None
    assert provider.asked == []


def test_a_token_endpoint_elsewhere_must_be_named() -> None:
    provider = FakeProvider(changes={"token_endpoint": "https://token.example.org/oauth2/token"})
    told = lack(provider)
    assert told and told.endswith("-c tokenOrigin=https://token.example.org")
    assert lack(provider, tokenOrigin="https://token.example.org") is None
    assert lack(FakeProvider(), tokenOrigin="https://token.example.org")


@pytest.mark.parametrize(
    ("provider", "told"),
    [
        (FakeProvider(is_down=True), "did not answer"),
        (FakeProvider(changes={"issuer": f"{ISSUER}/"}), f"calls itself '{ISSUER}/'"),
        (FakeProvider(changes={"token_endpoint": None}), "token_endpoint"),
    ],
)
def test_preflight_says_what_is_wrong_with_the_provider(provider: FakeProvider, told: str) -> None:
    with pytest.raises(IdentityUnavailable):
        lack(provider)
    said = sign_in_lack(LEAST, lambda context: provider_lack(context, provider.fetch))
    assert said and told in said
    assert sign_in_lack({"auth": "saml"}, provider_lack) == "-c auth=saml: it can be tokens, oidc"
