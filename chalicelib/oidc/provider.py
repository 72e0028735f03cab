"""An OpenID provider: what it says of itself, and the keys that it signs with.

OpenID Connect Discovery 1.0 (https://openid.net/specs/openid-connect-discovery-1_0.html).
"""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar
from urllib.parse import urlsplit

import urllib3
from pydantic import AfterValidator, BaseModel, ValidationError

from chalicelib.errors import IdentityUnavailable

if TYPE_CHECKING:
    from joserfc.jwk import Key, KeySet

# So old documents and keys are asked for again.
FRESH_SECONDS = 3_600.0
# So long they serve while the provider does not answer: who is signed in goes on.
STALE_SECONDS = 24 * 3_600.0
# Anybody can send a token of an unknown key: the provider is asked so often at most.
RETRY_SECONDS = 10.0
# Two documents may be wanted within the time of a request (``chalicelib.deadline``).
TIMEOUT = urllib3.Timeout(connect=2, read=3)
BODY_SECONDS = 3.0
MAX_BYTES = 1_000_000
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# Of public keys; a shared secret is none that a provider publishes.
_KINDS = ("RSA", "EC")
_logger = logging.getLogger(__name__)

Loaded = TypeVar("Loaded")
Fetch = Callable[[str], dict[str, Any]]


def secure_url(url: str) -> str:
    """Return an https URL, or an http one of this machine, as it is.

    Raises
    ------
    ValueError
        It is neither, or carries a fragment or a password.
    """
    parts = urlsplit(url)
    is_secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not (is_secure and parts.hostname) or parts.fragment or parts.username or parts.password:
        raise ValueError("must be an https:// URL")
    return url


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


Url = Annotated[str, AfterValidator(secure_url)]


class Metadata(BaseModel):
    """What is read of a provider's discovery document."""

    issuer: str
    authorization_endpoint: Url
    token_endpoint: Url
    jwks_uri: Url
    end_session_endpoint: Url | None = None
    revocation_endpoint: Url | None = None


def metadata_of(issuer: str, fetch: Fetch) -> Metadata:
    """Return what a provider says of itself.

    Raises
    ------
    IdentityUnavailable
        It does not answer, or what it answers is no discovery document of this issuer.
    """
    document = fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    try:
        found = Metadata.model_validate(document)
    except ValidationError as error:
        wrong = ", ".join(f"{entry['loc'][0]}: {entry['msg']}" for entry in error.errors())
        raise IdentityUnavailable(f"the identity provider's document is wrong: {wrong}") from None
    if found.issuer != issuer:
        raise IdentityUnavailable(f"the identity provider calls itself {found.issuer!r}")
    return found


def fetch(url: str) -> dict[str, Any]:
    """Return a JSON object of the provider.

    Raises
    ------
    IdentityUnavailable
        It does not answer in time, redirects, or answers with something else.
    """
    try:
        response = urllib3.request(
            "GET", url, timeout=TIMEOUT, retries=False, preload_content=False
        )
        body = _body(response)
        response.release_conn()
    except urllib3.exceptions.HTTPError as error:
        raise IdentityUnavailable(f"the identity provider did not answer at {url}") from error
    if response.status != 200:
        raise IdentityUnavailable(f"the identity provider answered {response.status} at {url}")
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise IdentityUnavailable(f"the identity provider answered with no JSON object at {url}")
    return document


def _body(response: urllib3.BaseHTTPResponse) -> bytes:
    """Return a body; ``TIMEOUT`` is of each of its pieces, however many there are."""
    end, body = time.monotonic() + BODY_SECONDS, b""
    while piece := response.read1(MAX_BYTES, decode_content=True):
        body += piece
        if len(body) > MAX_BYTES or time.monotonic() > end:
            raise IdentityUnavailable("the identity provider's answer is too long, or too slow")
    return body


@dataclass(slots=True)
class _Kept(Generic[Loaded]):
    """What was loaded, until it is too old."""

    load: Callable[[], Loaded]
    clock: Callable[[], float]
    value: Loaded | None = None
    loaded_at: float = 0.0
    tried_at: float = 0.0

    def get(self, *, anew: bool = False) -> Loaded:
        now = self.clock()
        is_due = anew or self.value is None or now - self.loaded_at >= FRESH_SECONDS
        if is_due and now - self.tried_at >= RETRY_SECONDS:
            self._renew(now)
        if self.value is None or now - self.loaded_at >= STALE_SECONDS:
            raise IdentityUnavailable("the identity provider does not answer")
        return self.value

    def _renew(self, now: float) -> None:
        self.tried_at = now
        try:
            self.value, self.loaded_at = self.load(), now
        except IdentityUnavailable as problem:
            _logger.warning("%s", problem.detail)


class Provider:
    """A provider whose documents are kept across the invocations of a function.

    Parameters
    ----------
    issuer
        As it calls itself.
    fetch
        Returns a JSON object of the provider's.
    clock
        Seconds since 1970. A monotonic clock stands still while a function is frozen.

    Raises
    ------
    IdentityUnavailable
        From every method: it does not answer, and did not for a day or since the function began.
    """

    def __init__(
        self, issuer: str, fetch: Fetch = fetch, clock: Callable[[], float] = time.time
    ) -> None:
        self.issuer = issuer
        self._fetch = fetch
        self._metadata = _Kept(lambda: metadata_of(issuer, fetch), clock)
        self._keys = _Kept(self._load_keys, clock)

    def metadata(self) -> Metadata:
        """Return what it says of itself."""
        return self._metadata.get()

    def key(self, key_id: str | None) -> "Key | None":
        """Return the key of a name, or its only one for None; None where there is no such key.

        Providers change keys: an unknown one is asked for, as often as `RETRY_SECONDS` allows.
        """
        return _named(self._keys.get(), key_id) or _named(self._keys.get(anew=True), key_id)

    def _load_keys(self) -> "KeySet":
        from joserfc.errors import JoseError  # noqa: PLC0415
        from joserfc.jwk import JWKRegistry, KeySet  # noqa: PLC0415

        listed = self._fetch(self.metadata().jwks_uri).get("keys")
        keys: list[Key] = []
        for described in listed if isinstance(listed, list) else []:
            try:
                keys.append(JWKRegistry.import_key(described))
            except (JoseError, ValueError, TypeError, AttributeError, KeyError):
                _logger.warning("a key of the identity provider cannot be read")
        return KeySet(keys)


def _named(keys: "KeySet", key_id: str | None) -> "Key | None":
    signing = [key for key in keys if key.key_type in _KINDS and key.get("use") in (None, "sig")]
    if key_id is None:
        return signing[0] if len(signing) == 1 else None
    return next((key for key in signing if key.kid == key_id), None)
