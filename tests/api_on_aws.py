"""The API with the deployed adapters on moto's AWS, whose services go wrong as a test says."""

import base64
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import boto3
import numpy as np
import numpy.typing as npt
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from moto import mock_aws

import app as entry_point
from chalicelib import bootstrap
from chalicelib.access import TokenStore
from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.deadline import AwsClient, Deadline
from chalicelib.images import Attribute, Caption, Image, Source, State
from chalicelib.search.port import document_of
from chalicelib.search.replicated import IndexWriter, S3IndexStore
from chalicelib.settings import Settings
from chalicelib.storage import Storage
from tests.api import CALLERS, VECTOR, Answer
from tests.gateway import Gateway
from tests.images_table import counts_table, images_table

REGION = "us-east-1"
BUCKET = "photographs"
# Called by the API, in botocore's names.
SERVICES = ("dynamodb", "s3", "sqs", "lambda")
Fault = Callable[[AWSPreparedRequest], AWSResponse | None]
# A photograph of Ann's.
DOG = Image(
    "id-1",
    "ann",
    BUCKET,
    "uploads/ann/x/id-1.jpg",
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    updated_at=datetime(2026, 1, 1, tzinfo=UTC),
    state=State.CAPTIONED,
    caption=Caption("A brown dog runs", Source.MODEL, "m@1", 0.5),
    attributes=(Attribute("dog", ("brown",), ("run",)),),
    visual=VECTOR,
)
VISUAL = {"visual": base64.b64encode(VECTOR).decode()}


class Words:
    """A text encoder."""

    space = "m@1"
    words = ("dog",)

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        """Return a vector."""
        return np.full(256, 1 / 16, np.float32)

    def likely(self, telling: Sequence[str]) -> None:
        """Know no word by itself."""


class _Raw(BytesIO):
    """A body as urllib3 gives it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """Yield all of it."""
        yield self.read()


def answered(status: int, content: bytes) -> AWSResponse:
    """Return what a service answers."""
    return AWSResponse("https://aws.example/", status, HTTPHeaders(), _Raw(content))


def throttled(request: AWSPreparedRequest) -> AWSResponse:
    """Refuse, for there were too many requests, in the words of DynamoDB or of S3."""
    if ".s3." in request.url:
        return answered(503, b"<Error><Code>SlowDown</Code><Message/></Error>")
    kind = "ProvisionedThroughputExceededException"
    return answered(400, json.dumps({"__type": f"com.amazonaws#{kind}"}).encode())


def failing(_: AWSPreparedRequest) -> AWSResponse:
    """Answer as a load balancer before a service that is down."""
    return answered(502, b"<html>Bad Gateway</html>")


def silent(request: AWSPreparedRequest) -> AWSResponse:
    """Let the client wait in vain."""
    raise ReadTimeoutError(endpoint_url=request.url)


def unreachable(request: AWSPreparedRequest) -> AWSResponse:
    """Refuse the connection."""
    raise EndpointConnectionError(endpoint_url=request.url)


FAULTS: tuple[Fault, ...] = (throttled, failing, silent, unreachable)


class FaultyDeadline(Deadline):
    """Puts what is to go wrong into every client that is made to keep to the deadline.

    Attributes
    ----------
    faults
        By service, until it is taken out.
    clients
        Those that were made.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, is_retrying: bool = False
    ) -> None:
        super().__init__(clock)
        self.faults: dict[str, Fault] = {}
        self.clients: list[Any] = []
        self._is_retrying = is_retrying

    def hold(self, client: AwsClient) -> None:
        """Hold a client, and let its requests go wrong."""
        super().hold(client)
        self.clients.append(client)
        name = client.meta.service_model.service_name
        if not self._is_retrying:
            client.meta.events.unregister(f"needs-retry.{name}", unique_id=f"retry-config-{name}")

        def sent(request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
            if (fault := self.faults.get(name)) and (told := fault(request)):
                return told
            # There is no function behind moto's Lambda: the encoder's answer.
            return answered(200, json.dumps(VISUAL).encode()) if name == "lambda" else None

        client.meta.events.register_first("before-send", sent)


@dataclass
class AwsApi:
    """The API under test.

    Attributes
    ----------
    tokens
        By name, as those of `tests.api.CALLERS`.
    """

    repository: bootstrap.Repository
    catalogue: DynamoCatalogue
    index: IndexWriter
    deadline: FaultyDeadline
    tokens: dict[str, str]

    @property
    def storage(self) -> Storage:
        """The bucket."""
        return self.repository.storage

    def enter(self, image: Image, content: bytes = b"photograph") -> Image:
        """Put a photograph into bucket, catalogue and index."""
        saved = self.catalogue.save(image, expected_rev=0)
        self.storage.write(image.key, content, content_type="image/jpeg")
        self.index.apply([document_of(saved)])
        return saved

    def call(
        self, method: str, target: str, body: Any = None, *, as_: str = "admin", **query: str
    ) -> Answer:
        """Send a request as API Gateway does."""
        headers = {"Authorization": f"Bearer {self.tokens.get(as_, as_)}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        raw = b"" if body is None else json.dumps(body).encode()
        path = f"{target}?{urlencode(query)}" if query else target
        told = Gateway(entry_point.app).answer(method, path, headers, raw)
        return Answer(told.status, told.headers, told.body.decode())


@contextmanager
def api_on_aws(deadline: FaultyDeadline | None = None) -> Iterator[AwsApi]:
    """Yield the API as it is deployed, with an index published and a token for each caller."""
    with mock_aws():
        boto3.setup_default_session(region_name=REGION)
        settings = Settings(
            bucket=BUCKET,
            table="images",
            tokens_table="tokens",
            counts_table="counts",
            encoder_function="encoder",
            indexer_function="indexer",
            reconciler_function="reconciler",
            **_make_resources(),
        )
        deadline = deadline or FaultyDeadline()
        entry_point.provider.deadline = deadline
        repository = bootstrap.connect(settings, Words, deadline)
        entry_point.provider.repository = repository
        dynamodb = boto3.client("dynamodb")
        tokens = TokenStore(dynamodb, "tokens")
        made = {
            name: tokens.add(caller.owner, caller.scopes)[0]
            for name, caller in CALLERS.items()
            if caller.scopes
        }
        catalogue = DynamoCatalogue(dynamodb, "images", "counts")
        store = S3IndexStore(boto3.client("s3"), BUCKET)
        index = IndexWriter(store, lambda: map(document_of, catalogue.scan()))
        index.rebuild()
        yield AwsApi(repository, catalogue, index, deadline, made)
        entry_point.provider.deadline = Deadline()
        del entry_point.provider.repository
    boto3.DEFAULT_SESSION = None


def _make_resources() -> dict[str, Any]:
    options: Any = {"region_name": REGION}
    dynamodb, sqs = boto3.client("dynamodb", **options), boto3.client("sqs", **options)
    boto3.client("s3", **options).create_bucket(Bucket=BUCKET)
    boto3.client("s3", **options).put_bucket_versioning(
        Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
    )
    dynamodb.create_table(**images_table("images"))
    dynamodb.create_table(**counts_table("counts"))
    dynamodb.create_table(
        TableName="tokens",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "token_sha256", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "token_sha256", "AttributeType": "S"}],
    )
    names = {"queue_url": "work", "dead_letter_queue_url": "dead"}
    return {name: sqs.create_queue(QueueName=queue)["QueueUrl"] for name, queue in names.items()}
