"""People who sign in: what the command line says of their identity provider.

``-c auth=oidc -c issuer=https://… -c audience=…`` lets those of an OpenID provider in; ``client``,
``tokenOrigin``, ``signInScope``, ``ownerClaim``, ``groupsClaim`` and ``signedIn`` say the rest.
"""

import re
from collections.abc import Callable

from chalicelib.oidc import Fetch, fetch, metadata_of, origin_of, secure_url
from chalicelib.settings import SCOPES, variable

# Context value to setting.
SETTINGS = {
    "issuer": "oidc_issuer",
    "audience": "oidc_audience",
    "client": "oidc_client",
    "tokenOrigin": "oidc_token_origin",
    "signInScope": "oidc_scope",
    "ownerClaim": "oidc_owner_claim",
    "groupsClaim": "oidc_groups_claim",
    "signedIn": "oidc_signed_in",
}
AUTH = ("tokens", "oidc")
_ALLOWED = {
    "issuer": (r"https?://[^\s?#]+", "an https:// URL without '?' and '#'"),
    "tokenOrigin": (r"https?://[^\s/?#;,']+", "https:// and a host, without a path"),
    "signInScope": (
        r"(?=.*\bopenid\b)[\x21-\x7e]+( [\x21-\x7e]+)*",
        "names with 'openid' among them",
    ),
    "signedIn": (SCOPES, "out of read, write, admin, with a space between two, or none"),
}
_A_NAME = (r"[\x21-\x7e]+", "a name without spaces")


def sign_in_of(context: Callable[[str], object]) -> dict[str, str]:
    """Return the variables of the functions; none where only tokens let anybody in.

    Raises
    ------
    ValueError
        Something is missing, is not what it can be, or has no effect without ``-c auth=oidc``.
    """
    auth = str(context("auth") or AUTH[0])
    given = {name: str(context(name)) for name in SETTINGS if context(name) is not None}
    if auth not in AUTH:
        raise ValueError(f"-c auth={auth}: it can be {', '.join(AUTH)}")
    if auth != "oidc":
        if given:
            raise ValueError(f"-c {next(iter(given))} has an effect with -c auth=oidc only")
        return {}
    for name in ("issuer", "audience"):
        if not given.get(name):
            raise ValueError(f"-c auth=oidc needs -c {name}=…")
    for name, value in given.items():
        _check(name, value)
    return {variable(SETTINGS[name]): value for name, value in given.items()}


def token_origin_of(context: Callable[[str], object]) -> str:
    """Return the origin at which a code is exchanged for tokens; empty where nobody signs in."""
    if context("auth") != AUTH[1]:
        return ""
    return str(context("tokenOrigin") or origin_of(str(context("issuer"))))


def _check(name: str, value: str) -> None:
    pattern, allowed = _ALLOWED.get(name, _A_NAME)
    fits = re.fullmatch(pattern, value) is not None
    try:
        if name in ("issuer", "tokenOrigin"):
            secure_url(value)
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"-c {name}={value}: it must be {allowed}")


def provider_lack(context: Callable[[str], object], fetch: Fetch = fetch) -> str | None:
    """Ask the provider what it says of itself; return what is wrong, if anything.

    Raises
    ------
    ValueError
        As `sign_in_of` does.
    IdentityUnavailable
        It does not answer, or not as a provider of that issuer.
    """
    if not sign_in_of(context):
        return None
    found = origin_of(metadata_of(str(context("issuer")), fetch).token_endpoint)
    if found == token_origin_of(context):
        return None
    return f"its token endpoint is elsewhere, and browsers must be told: -c tokenOrigin={found}"
