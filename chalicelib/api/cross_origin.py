"""Pages of other origins that may call the API (CORS), and what OPTIONS answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

# What a page sends and reads beside what the Fetch standard always lets it.
SENT = "Authorization, Content-Type, Idempotency-Key, If-Match"
READ = "ETag, Retry-After"
# For how long a browser need not ask again, at most two hours in Chromium.
MAX_AGE_SECONDS = 2 * 60 * 60


@dataclass(frozen=True, slots=True)
class CrossOrigin:
    """The origins whose pages may call the API; of these alone a browser lets them read it."""

    origins: tuple[str, ...]

    @classmethod
    def of(cls, listed: str) -> Self:
        """Read the origins of a list with commas between them."""
        return cls(tuple(filter(None, listed.split(","))))

    def headers(self, origin: str) -> dict[str, str]:
        """Return what an answer to a page of ``origin`` says beside its own headers."""
        if origin not in self.origins:
            return {"Vary": "Origin"} if self.origins else {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": READ,
            "Vary": "Origin",
        }

    def preflight(self, origin: str, methods: Sequence[str]) -> dict[str, str]:
        """Return what tells a page of ``origin`` which requests it may make of a path."""
        if origin not in self.origins:
            return {}
        return {
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Allow-Headers": SENT,
            "Access-Control-Max-Age": str(MAX_AGE_SECONDS),
        }
