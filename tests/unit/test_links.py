"""Links to pictures are the same within a window, so that a browser's cache knows them."""

import hmac
from datetime import UTC, datetime, timedelta
from functools import reduce
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from chalicelib.bootstrap import S3_CONFIGURATION
from chalicelib.links import WINDOW, window_start
from chalicelib.storage import S3Storage

START = datetime(2026, 3, 1, 20, tzinfo=UTC)
END = START + WINDOW - timedelta(seconds=1)
PICTURE, ORIGINAL = "derived/ab/a b+c~é.webp", "uploads/ann/x.jpg"


def link_at(moment: datetime, token: str | None = None) -> str:
    client = boto3.client(
        "s3",
        "eu-central-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        aws_session_token=token,
        config=S3_CONFIGURATION,
    )
    storage = S3Storage(client, "photographs", lambda: moment)
    return storage.presigned_gets({PICTURE: None})[PICTURE]


def asked(link: str) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(link).query).items()}


def end_of(link: str) -> datetime:
    signed = datetime.strptime(asked(link)["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return signed + timedelta(seconds=int(asked(link)["X-Amz-Expires"]))


def hashed(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


@pytest.fixture(autouse=True)
def without_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)


def test_a_window_has_one_link_and_the_next_another() -> None:
    assert window_start(END) == START
    assert link_at(START) == link_at(START + timedelta(minutes=7)) == link_at(END)
    assert link_at(END + timedelta(seconds=1)) != link_at(END)


@pytest.mark.parametrize("moment", [START, END])
def test_a_link_is_good_for_another_hour_and_not_for_a_role_sessions_six(moment: datetime) -> None:
    left = end_of(link_at(moment)) - moment
    assert timedelta(hours=1) <= left < timedelta(hours=6)


def test_the_browser_may_keep_what_it_shows_as_long_as_the_link_is_good() -> None:
    told = asked(link_at(END))["response-cache-control"]
    assert told == f"private, max-age={asked(link_at(END))['X-Amz-Expires']}, immutable"


def test_the_signature_is_amazons_of_the_windows_start() -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    link = urlsplit(link_at(END, token="token"))
    scope = "20260301/eu-central-1/s3/aws4_request"
    given = asked(link.geturl())
    assert link.netloc == "photographs.s3.eu-central-1.amazonaws.com"
    assert link.path == "/derived/ab/a%20b%2Bc~%C3%A9.webp"
    assert given["X-Amz-Date"] == "20260301T200000Z"
    assert given["X-Amz-Credential"] == f"key/{scope}"
    assert given["X-Amz-Security-Token"] == "token"
    signed = "&".join(sorted(p for p in link.query.split("&") if "X-Amz-Signature" not in p))
    canonical = f"GET\n{link.path}\n{signed}\nhost:{link.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
    digest = sha256(canonical.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n20260301T200000Z\n{scope}\n{digest}"
    key = reduce(hashed, scope.split("/"), b"AWS4secret")
    assert given["X-Amz-Signature"] == hashed(key, to_sign).hex()


def test_an_original_is_a_download_for_an_hour_that_no_cache_is_told_to_keep() -> None:
    client = boto3.client(
        "s3", "eu-central-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    link = S3Storage(client, "photographs").presigned_gets({ORIGINAL: "x.jpg"})[ORIGINAL]
    assert asked(link)["response-content-disposition"].startswith("attachment")
    assert "response-cache-control" not in asked(link)
    assert timedelta(0) < end_of(link) - datetime.now(UTC) <= timedelta(hours=1)
