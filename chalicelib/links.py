"""Links to pictures that stay the same for hours, so that a browser knows them in its cache."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.auth import SIGV4_TIMESTAMP, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials
    from mypy_boto3_s3 import S3Client

Clock = Callable[[], datetime]

WINDOW = timedelta(hours=4)
# What a link is still good for when its window ends.
REST = timedelta(hours=1)
# S3 takes a link for 7 days at most, and for no longer than the credentials are good that signed
# it. Of these AWS names up to 6 hours for an instance's role, and nothing for a function's:
# https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
# https://repost.aws/knowledge-center/presigned-url-s3-bucket-expiration
GOOD_SECONDS = int((WINDOW + REST).total_seconds())
# Keys of pictures hold a hash of their content, which never changes.
CACHE_CONTROL = f"private, max-age={GOOD_SECONDS}, immutable"


def utc_now() -> datetime:
    """Return the moment."""
    return datetime.now(UTC)


def window_start(moment: datetime) -> datetime:
    """Return when the window of a moment began; the first one began in 1970."""
    epoch = datetime.fromtimestamp(0, UTC)
    return moment - (moment - epoch) % WINDOW


class StableLinks:
    """Signs pictures' links for the start of a window: within it they are equal.

    As long as the credentials are. A function's are temporary, and their token is part of the
    link: Lambda gives them to an execution environment, of which there are several under load, and
    replaces each `after some hours`_. On AWS a picture is thus fetched again where another
    environment answers. S3 refuses a link once its credentials have ended, whatever its expiry
    says; AWS `does not say`_ how long a function's last. The gallery then asks for another link.

    .. _after some hours: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    .. _does not say: https://repost.aws/knowledge-center/presigned-url-s3-bucket-expiration
    """

    def __init__(self, client: "S3Client", clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def link(self, bucket: str, key: str) -> str:
        """Return a URL good for an hour at least, and for `GOOD_SECONDS` at most."""
        parameters = {"Bucket": bucket, "Key": key, "ResponseCacheControl": CACHE_CONTROL}
        signed_for_now = self._client.generate_presigned_url("get_object", Params=parameters)
        address, _, _ = signed_for_now.partition("&X-Amz-Algorithm=")
        request = AWSRequest("GET", address)
        self._signature().add_auth(request)
        return str(request.url)

    def _signature(self) -> "_MomentAuth":
        # The only holder of a client's region and credentials, which it renews.
        signer = self._client._request_signer  # type: ignore[attr-defined]
        region = self._client.meta.region_name
        auth = signer.get_auth_instance("s3", region, "s3v4-query")
        return _MomentAuth(auth.credentials, region, window_start(self._clock()))


class _MomentAuth(S3SigV4QueryAuth):
    """botocore's signature, for a given moment instead of now.

    Nothing public of botocore's takes a moment: ``generate_presigned_url`` asks the system's clock
    after the last of its events. The AWS Common Runtime's signer would, as one compiled package
    more in the layer. Another release of botocore that signs differently fails
    ``test_the_signature_is_amazons_of_the_windows_start``.
    """

    def __init__(self, credentials: "ReadOnlyCredentials", region: str, moment: datetime) -> None:
        super().__init__(credentials, "s3", region, expires=GOOD_SECONDS)
        self._timestamp = moment.strftime(SIGV4_TIMESTAMP)

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        request.context["timestamp"] = self._timestamp
        super()._modify_request_before_signing(request)  # type: ignore[misc]
