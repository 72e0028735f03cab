"""Checks a provider's JSON Web Tokens."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from chalicelib.access import Caller
from chalicelib.oidc.claims import ClaimRules
from chalicelib.oidc.provider import Provider

if TYPE_CHECKING:
    from joserfc.jwt import Token

# Public-key signatures alone: of a shared secret the provider's public key could be taken for one.
ALGORITHMS = ("RS256", "ES256")
# "Usually no more than a few minutes" (RFC 7519, 4.1.4) for clocks that differ.
LEEWAY_SECONDS = 60
# ID and access tokens; not what says that somebody signed out, and its like (RFC 8725, 3.11).
_TYPES = frozenset({"", "jwt", "at+jwt"})
# Of tokens that say what happened (RFC 8417), and of those that want a key's proof (RFC 7800).
_FOREIGN_CLAIMS = frozenset({"events", "cnf"})
_logger = logging.getLogger(__name__)


class SignedTokens:
    """Tokens of one provider that are meant for one audience.

    Parameters
    ----------
    audience
        ``aud`` of a token; of Cognito's access tokens, which have none, the ``client_id``:
        https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
    clock
        Seconds since 1970.
    """

    def __init__(
        self,
        provider: Provider,
        audience: str,
        rules: ClaimRules,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._provider = provider
        self._audience = audience
        self._rules = rules
        self._clock = clock

    def caller(self, token: str) -> Caller | None:
        """Return who a token stands for; None if it is forged, expired or another audience's.

        Raises
        ------
        IdentityUnavailable
            The provider's keys are not known, and it does not answer.
        """
        from joserfc.errors import JoseError  # noqa: PLC0415

        try:
            decoded = self._decoded(token)
        except (JoseError, ValueError):
            return None
        return None if decoded is None else self._accepted(decoded.claims)

    def _decoded(self, token: str) -> "Token | None":
        # 120 ms of imports, which who comes with a token of the table need not wait for.
        from joserfc import jws, jwt  # noqa: PLC0415

        header = jws.extract_compact(token.encode()).headers()
        kind = str(header.get("typ", "")).lower().removeprefix("application/")
        # No extension is understood that a token might call critical (RFC 7515, 4.1.11).
        if header.get("alg") not in ALGORITHMS or kind not in _TYPES or "crit" in header:
            return None
        key_id = header.get("kid")
        key = self._provider.key(None if key_id is None else str(key_id))
        registry = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        return None if key is None else jwt.decode(token, key, registry=registry)

    def _accepted(self, claims: dict[str, Any]) -> Caller | None:
        refusal = self._refusal(claims)
        caller = None if refusal else self._rules.caller(claims)
        if caller is None:  # signed by the provider: with anything else anybody could fill the log
            reason = refusal or "its claims name no owner"
            _logger.warning("a token of the identity provider was refused: %s", reason)
        return caller

    def _refusal(self, claims: dict[str, Any]) -> str | None:
        from joserfc.errors import JoseError  # noqa: PLC0415
        from joserfc.jwt import JWTClaimsRegistry  # noqa: PLC0415

        registry = JWTClaimsRegistry(
            now=int(self._clock()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._provider.issuer},
            sub={"essential": True},
            exp={"essential": True},
        )
        try:
            registry.validate(claims)
        except JoseError as refusal:
            return str(refusal)
        return None if self._is_meant(claims) else "it is not meant for this API"

    def _is_meant(self, claims: Mapping[str, Any]) -> bool:
        if claims.keys() & _FOREIGN_CLAIMS:
            return False
        audiences = claims.get("aud")
        if audiences is None:
            return claims.get("token_use") == "access" and claims.get("client_id") == self._audience
        return self._audience in (audiences if isinstance(audiences, list) else [audiences])
