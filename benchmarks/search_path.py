"""How much code one text search crosses: files, functions, calls from file to file, depth.

``python -m benchmarks.search_path``

The API function's own handler answers ``GET /search`` with the deployed adapters; DynamoDB and S3
are emulated in this process. Only functions of this project are counted, on the second of two
searches, so that nothing is loaded or connected any more, but everything is worked out anew.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import boto3
from moto import mock_aws

from benchmarks.search.corpus import captions, documents
from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.images import Caption, Image, Source, State
from chalicelib.search.replicated import IndexWriter, S3IndexStore
from tests.images_table import counts_table, images_table

ROOT = Path(__file__).resolve().parent.parent
BUCKET, TABLE, COUNTS = "photographs", "images", "counts"
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "b",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "IMAGE_REPO_BUCKET": BUCKET,
    "IMAGE_REPO_TABLE": TABLE,
    "IMAGE_REPO_COUNTS_TABLE": COUNTS,
    "IMAGE_REPO_TOKENS_TABLE": "tokens",
    "POWERTOOLS_TRACE_DISABLED": "1",
    "POWERTOOLS_METRICS_DISABLED": "1",
}


@dataclass
class Crossed:
    """What was crossed."""

    files: set[str] = field(default_factory=set)
    functions: set[tuple[str, str]] = field(default_factory=set)
    crossings: int = 0
    depth: int = 0


@contextmanager
def traced(found: Crossed) -> Iterator[None]:
    """Count every call of a function of this project."""
    stack: list[str] = []

    def note(frame: FrameType, event: str, _argument: object) -> None:
        name = frame.f_code.co_filename
        if not name.startswith(str(ROOT)) or "/.venv" in name or name == __file__:
            return
        if event == "call":
            if not stack or stack[-1] != name:
                found.crossings += 1
            stack.append(name)
            found.files.add(name.removeprefix(f"{ROOT}/"))
            found.functions.add((name, frame.f_code.co_qualname))
            found.depth = max(found.depth, len(stack))
        elif event == "return" and stack:
            stack.pop()

    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)


def main() -> None:
    """Measure and print."""
    os.environ.update(_ENVIRONMENT)
    with mock_aws():
        _fill()
        import app  # noqa: PLC0415  (its tracer and metrics read the environment)

        _ask(app, "a man in a red hat")
        found = Crossed()
        with traced(found):
            _ask(app, "brown dog running on the beach")
    by_room = Counter(file.rsplit("/", 1)[0] if "/" in file else "." for file in found.files)
    print(f"files {len(found.files)}, functions {len(found.functions)}")
    print(f"calls from file to file {found.crossings}, depth {found.depth}")
    print(", ".join(f"{room} {count}" for room, count in sorted(by_room.items())))
    print("\n".join(sorted(found.files)))


def _fill() -> None:
    s3, dynamodb = boto3.client("s3"), boto3.client("dynamodb")
    region: Any = {"LocationConstraint": os.environ["AWS_DEFAULT_REGION"]}
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=region)
    dynamodb.create_table(**images_table(TABLE))
    dynamodb.create_table(**counts_table(COUNTS))
    catalogue = DynamoCatalogue(dynamodb, TABLE, COUNTS)
    made = list(documents(captions(200)))
    for one in made:
        key = f"uploads/{one.owner}/{one.image_id}.jpg"
        caption = Caption(one.text, Source.MODEL, "vgg16@1", 0.9)
        plain = Image(one.image_id, one.owner, BUCKET, key, State.CAPTIONED, caption=caption)
        catalogue.save(plain, expected_rev=0)
    IndexWriter(S3IndexStore(s3, BUCKET), lambda: made, catalogue=TABLE).apply(made)


def _ask(app: Any, text: str) -> None:
    event = {
        "resource": "/search",
        "path": "/search",
        "httpMethod": "GET",
        "headers": {"Authorization": "Bearer secret"},
        "multiValueQueryStringParameters": {"q": [text], "min_relevance": ["0"]},
        "pathParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {
            "httpMethod": "GET",
            "resourcePath": "/search",
            "authorizer": {"owner": "ann", "scopes": "read"},
            "requestId": "1",
        },
    }
    answer = app.app(event, _Context())
    hits = json.loads(answer["body"])["hits"]
    if answer["statusCode"] != 200 or not hits:
        raise SystemExit(f"the search failed: {answer}")


class _Context:
    """What Lambda tells a function of its call."""

    function_name = memory_limit_in_mb = aws_request_id = "1"
    invoked_function_arn = "arn:aws:lambda:eu-central-1:1:function:api"

    def get_remaining_time_in_millis(self) -> int:
        """Return milliseconds."""
        return 29_000


if __name__ == "__main__":
    main()
