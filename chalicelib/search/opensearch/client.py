"""Connections to a domain, to Serverless, or to a node on this machine."""

from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import boto3
from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth, Urllib3HttpConnection

from chalicelib.search.opensearch.flavour import DOMAIN, SERVERLESS, Flavour

_SERVERLESS_HOST = ".aoss."
_LOOPBACK = ("127.0.0.1:", "localhost:")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where OpenSearch answers.

    Attributes
    ----------
    url
        With its scheme.
    signed_for
        The service that requests are signed for, ``es`` or ``aoss``; None for a node that asks
        for no credentials.
    """

    url: str
    signed_for: str | None

    @classmethod
    def of(cls, text: str) -> Self:
        """Read an address. A bare host, as AWS tells it, is meant with ``https``.

        This machine's own is asked without: a node here has no certificate.

        Raises
        ------
        ValueError
            It is empty.
        """
        if not text:
            raise ValueError("environment lacks IMAGE_REPO_SEARCH_ENDPOINT")
        scheme = "http" if text.startswith(_LOOPBACK) else "https"
        url = text if "://" in text else f"{scheme}://{text}"
        parts = urlsplit(url)
        if parts.scheme == "http":
            return cls(url, None)
        return cls(url, "aoss" if _SERVERLESS_HOST in (parts.hostname or "") else "es")

    @property
    def flavour(self) -> Flavour:
        """What is to be expected there."""
        return SERVERLESS if self.signed_for == "aoss" else DOMAIN

    def client(self, timeout: float, **more: Any) -> OpenSearch:
        """Return a client that tries everything once.

        Parameters
        ----------
        timeout
            Seconds that an answer may take.
        more
            Of `OpenSearch`: another transport for tests.
        """
        return OpenSearch(
            self.url,
            **{
                "connection_class": Urllib3HttpConnection,
                "http_auth": self._signer(),
                "timeout": timeout,
                "max_retries": 0,
                **more,
            },
        )

    def _signer(self) -> Urllib3AWSV4SignerAuth | None:
        if self.signed_for is None:
            return None
        session = boto3.Session()
        return Urllib3AWSV4SignerAuth(
            session.get_credentials(), session.region_name, self.signed_for
        )
