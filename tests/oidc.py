"""An OpenID provider in memory, which signs what tests ask it to."""

from dataclasses import dataclass, field
from typing import Any

from joserfc import jws, jwt
from joserfc.jwk import ECKey, Key, RSAKey

from chalicelib.errors import IdentityUnavailable

ISSUER = "https://id.example.org"
AUDIENCE = "gallery"
NOW = 1_800_000_000
KEYS_URL = f"{ISSUER}/keys"


@dataclass
class Clock:
    """Seconds since 1970 that a test moves."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class FakeProvider:
    """Signs tokens and answers for its documents; ``fetch`` notes what was asked."""

    keys: list[Key] = field(default_factory=lambda: [rsa_key(), ec_key()])
    changes: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    is_down: bool = False

    def fetch(self, url: str) -> dict[str, Any]:
        self.asked.append(url)
        if self.is_down:
            raise IdentityUnavailable("the identity provider did not answer")
        if url == f"{ISSUER}/.well-known/openid-configuration":
            return discovery(**self.changes)
        assert url == KEYS_URL
        return {"keys": [key.as_dict(private=False) for key in self.keys]}

    def token(self, header: dict[str, Any] | None = None, /, **claims: Any) -> str:
        """Return a token that is good for five minutes, but for what is given; None leaves out."""
        key = self.keys[0]
        whole = {"alg": "RS256", "kid": key.kid, "typ": "JWT", **(header or {})}
        return signed(key, whole, **claims)


def discovery(**changes: Any) -> dict[str, Any]:
    """Return a discovery document."""
    return {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "jwks_uri": KEYS_URL,
    } | changes


def rsa_key() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)


def ec_key() -> ECKey:
    return ECKey.generate_key("P-256", auto_kid=True)


def claims_of(**changes: Any) -> dict[str, Any]:
    whole = {"iss": ISSUER, "sub": "ann", "aud": AUDIENCE, "iat": NOW, "exp": NOW + 300, **changes}
    return {name: value for name, value in whole.items() if value is not None}


def signed(key: Key, header: dict[str, Any], **claims: Any) -> str:
    """Return a token as a key signs it, whatever the header says of the algorithm."""
    kept = {name: value for name, value in header.items() if value is not None}
    registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
    return jwt.encode(kept, claims_of(**claims), key, registry=registry, default_type=None)
