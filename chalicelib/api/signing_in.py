"""People who sign in with an identity provider: the gallery's half and the API's."""

from dataclasses import dataclass
from typing import Self

from chalicelib.access import Caller, Scope
from chalicelib.api.answers import IdentityProvider
from chalicelib.oidc import ClaimRules, Provider, SignedTokens, origin_of
from chalicelib.settings import Settings


@dataclass(frozen=True, slots=True)
class SignIn:
    """One provider, what its tokens are meant for, and the client that the gallery is.

    Attributes
    ----------
    token_origin
        Where the gallery exchanges codes for tokens, for its content security policy.
    """

    provider: Provider
    tokens: SignedTokens
    audience: str
    client: str
    scope: str
    token_origin: str

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """Return what the settings name; None where nobody signs in."""
        if not settings.oidc_issuer:
            return None
        provider = Provider(settings.oidc_issuer)
        return cls(
            provider,
            SignedTokens(provider, settings.oidc_audience, _rules(settings)),
            audience=settings.oidc_audience,
            client=settings.oidc_client or settings.oidc_audience,
            scope=settings.oidc_scope,
            token_origin=settings.oidc_token_origin or origin_of(settings.oidc_issuer),
        )

    def caller(self, token: str) -> Caller | None:
        """Return who a token of the provider stands for, or None if it is not accepted."""
        return self.tokens.caller(token)

    def answer(self) -> IdentityProvider:
        """Return what the gallery must know to sign somebody in."""
        has_audience = self.audience != self.client
        found = self.provider.metadata()
        return IdentityProvider(
            issuer=found.issuer,
            client_id=self.client,
            scope=self.scope,
            audience=self.audience if has_audience else None,
            sends="access_token" if has_audience else "id_token",
            authorization_endpoint=found.authorization_endpoint,
            token_endpoint=found.token_endpoint,
            end_session_endpoint=found.end_session_endpoint,
            revocation_endpoint=found.revocation_endpoint,
        )


def _rules(settings: Settings) -> ClaimRules:
    named = settings.oidc_signed_in.split()
    default = frozenset(Scope(name) for name in named if name != "none")
    return ClaimRules(settings.oidc_owner_claim, settings.oidc_groups_claim, default)
