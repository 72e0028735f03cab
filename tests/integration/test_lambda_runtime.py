"""The captioner's handlers under Lambda's own runtime client, with the bundle that ships."""

import base64
import io
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import Request, urlopen

import boto3
import numpy as np
import pytest
from moto.server import ThreadedMotoServer
from PIL import Image

from captioner.vision import manifest
from captioner.vision.bundle import DEFAULT_BUNDLE
from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.images import Caption, Source, State, image_id_of
from chalicelib.names import METRICS
from chalicelib.transitions import pending
from tests.images_table import counts_table, images_table
from tests.integration.runtime_api import RuntimeApi

ROOT = Path(__file__).resolve().parents[2]
BUCKET, TABLE, COUNTS = "photographs", "images", "counts"
SECRET = "a very private dachshund"


class Account:
    """An account on moto, with the bucket, the table and the queue."""

    def __init__(self, endpoint: str) -> None:
        self.environment = {
            "PATH": os.environ["PATH"],
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL": endpoint,
            "POWERTOOLS_METRICS_NAMESPACE": METRICS,
            "IMAGE_REPO_BUCKET": BUCKET,
            "IMAGE_REPO_TABLE": TABLE,
            "IMAGE_REPO_TOKENS_TABLE": "tokens",
            "IMAGE_REPO_COUNTS_TABLE": COUNTS,
        }
        self.s3 = self._client("s3")
        self.s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        dynamodb = self._client("dynamodb")
        dynamodb.create_table(**images_table(TABLE))
        dynamodb.create_table(**counts_table(COUNTS))
        self.catalogue = DynamoCatalogue(dynamodb, TABLE, COUNTS)
        queue = self._client("sqs").create_queue(QueueName="events")
        self.environment["IMAGE_REPO_QUEUE_URL"] = queue["QueueUrl"]

    def upload(self, name: str, body: bytes) -> dict[str, Any]:
        """Store an object and return the SQS record that tells of it."""
        key = f"uploads/ada/{name}"
        version = self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)["VersionId"]
        found = {"key": key, "versionId": version, "sequencer": "0055", "size": len(body)}
        event = {
            "eventName": "ObjectCreated:Post",
            "s3": {"bucket": {"name": BUCKET}, "object": found},
        }
        return {
            "messageId": name,
            "body": json.dumps({"Records": [event]}),
            "attributes": {"ApproximateReceiveCount": "1"},
            "eventSource": "aws:sqs",
        }

    def _client(self, service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            region_name="eu-central-1",
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )


class Function:
    """A handler in a process of Lambda's runtime client."""

    def __init__(
        self, handler: str, environment: dict[str, str], api: RuntimeApi, code: Path = ROOT
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", handler],
            cwd=code,
            env={
                **environment,
                "PYTHONPATH": str(code),
                "AWS_LAMBDA_RUNTIME_API": api.address,
                "AWS_LAMBDA_FUNCTION_NAME": "image-repo-captioner",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "3008",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def stop(self) -> str:
        """End the process and return what it logged."""
        self._process.terminate()
        logged, _ = self._process.communicate(timeout=30)
        return logged.decode()


@pytest.fixture
def account() -> Iterator[Account]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    endpoint = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    # Every server of a process holds the same accounts.
    urlopen(Request(f"{endpoint}/moto-api/reset", method="POST")).close()
    try:
        yield Account(endpoint)
    finally:
        server.stop()


def photograph(colour: tuple[int, int, int] = (30, 140, 60)) -> bytes:
    pixels = np.random.default_rng(3).integers(0, 60, (300, 400, 3), np.uint8)
    written = io.BytesIO()
    Image.fromarray(pixels + np.array(colour, np.uint8)).save(written, "JPEG")
    return written.getvalue()


def copied_to(folder: Path) -> Path:
    """Copy the captioner's code; return its bundle."""
    for package in ("captioner", "chalicelib", "image_repo_formats"):
        shutil.copytree(ROOT / package, folder / package)
    return folder / "captioner" / "bundle"


@pytest.mark.fault(1, by="Lambda's runtime client and moto")
def test_a_batch_ends_as_records_and_one_visible_failure(account: Account) -> None:
    with RuntimeApi() as api:
        function = Function("captioner.handler.ingest", account.environment, api)
        described = account.upload("descriptions.txt", f"two.jpg {SECRET}".encode())
        records = [
            account.upload("one.jpg", photograph()),
            account.upload("text.jpg", b"no photograph at all"),
            {"messageId": "test", "body": json.dumps({"Event": "s3:TestEvent"})},
            account.upload("two.jpg", photograph((90, 20, 20))),
            described,
        ]
        answers = [api.invoke({"Records": records}) for _ in range(2)]
        logged = function.stop()
    assert answers == [{"batchItemFailures": []}] * 2
    kept = {
        name: account.catalogue.get(image_id_of(BUCKET, f"uploads/ada/{name}"))
        for name in ("one.jpg", "text.jpg", "two.jpg")
    }
    one, text, two = kept["one.jpg"], kept["text.jpg"], kept["two.jpg"]
    assert one and one.state in {State.CAPTIONED, State.NEEDS_REVIEW} and one.rev == 1
    assert one.visual and len(one.visual) == 512 and one.semantic and len(one.semantic) == 512
    assert one.space == manifest.read(DEFAULT_BUNDLE, ()).space
    assert (one.width, one.height, one.content_type) == (400, 300, "image/jpeg")
    assert text and text.state is State.FAILED and "no JPEG" in (text.reason or "")
    assert two and two.state is State.CAPTIONED and two.caption and two.caption.text == SECRET
    copy = account.s3.get_object(Bucket=BUCKET, Key=one.derivative_key)
    assert copy["ContentType"] == "image/webp"
    assert '"duplicate"' in logged
    assert SECRET not in logged and "one.jpg" not in logged


@pytest.mark.fault(5, by="Lambda's runtime client and moto")
def test_what_tells_of_no_upload_is_acknowledged_and_logged_and_no_error(account: Account) -> None:
    elsewhere = account.upload("one.jpg", photograph())
    foreign = elsewhere | {"body": elsewhere["body"].replace(BUCKET, "somebody-elses")}
    copied = elsewhere | {"body": elsewhere["body"].replace("uploads/ada", "derived/ada")}
    bodies = (
        json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET}),
        "{}",
        foreign["body"],
        copied["body"],
    )
    with RuntimeApi() as api:
        function = Function("captioner.handler.ingest", account.environment, api)
        records = [{"messageId": str(n), "body": body} for n, body in enumerate(bodies)]
        assert api.invoke({"Records": records}) == {"batchItemFailures": []}
        logged = function.stop()
    lines = [json.loads(line) for line in logged.splitlines() if line.startswith("{")]
    told = Counter((line["level"], line["message"]) for line in lines if "message" in line)
    assert told == {
        ("INFO", "the bucket's test event arrived"): 1,
        ("INFO", "an event concerns no upload of this bucket"): 2,
        ("WARNING", "a message is none of the repository's"): 1,
    }
    assert sum(sum(line.get("ignored", ())) for line in lines) == len(bodies)
    assert [*account.catalogue.scan()] == []


class Repeating(BaseHTTPRequestHandler):
    """DynamoDB that refuses every writing, and tells in the refusal what was sent."""

    behind = ""

    def do_POST(self) -> None:
        """Pass readings on."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["X-Amz-Target"].endswith(("PutItem", "TransactWriteItems")):
            refusal = {"__type": "com.amazon#ValidationException", "message": body.decode()}
            self._answer(400, json.dumps(refusal).encode())
            return
        names = ("X-Amz-Target", "Content-Type", "Authorization", "X-Amz-Date")
        headers = {name: self.headers[name] for name in names}
        with urlopen(Request(self.behind, body, headers)) as answer:
            self._answer(answer.status, answer.read())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Keep the output for pytest's."""


@pytest.mark.fault(28, by="Lambda's runtime client and moto")
def test_a_refusal_that_repeats_a_caption_is_logged_without_it(account: Account) -> None:
    Repeating.behind = account.environment["AWS_ENDPOINT_URL"]
    sent = account.upload("one.jpg", photograph())
    waiting = pending(BUCKET, "uploads/ada/one.jpg", datetime.now(UTC))
    told = replace(waiting, caption=Caption(SECRET, Source.USER))
    account.catalogue.save(told, expected_rev=0)
    with RuntimeApi() as api, ThreadingHTTPServer(("127.0.0.1", 0), Repeating) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        account.environment["AWS_ENDPOINT_URL_DYNAMODB"] = f"http://127.0.0.1:{server.server_port}"
        function = Function("captioner.handler.ingest", account.environment, api)
        failed = {"batchItemFailures": [{"itemIdentifier": "one.jpg"}]}
        assert api.invoke({"Records": [sent]}) == failed
        logged = function.stop()
        server.shutdown()
    assert "a message failed" in logged and "ValidationException" in logged
    assert SECRET not in logged


@pytest.mark.fault(17, 40, by="Lambda's runtime client and moto")
def test_frames_of_one_colour_want_review_and_are_told_as_doubtful(account: Account) -> None:
    written = io.BytesIO()
    Image.new("RGB", (300, 300), "black").save(written, "PNG")
    with RuntimeApi() as api:
        function = Function("captioner.handler.ingest", account.environment, api)
        records = [account.upload(f"{n}.png", written.getvalue()) for n in range(2)]
        assert api.invoke({"Records": records}) == {"batchItemFailures": []}
        logged = function.stop()
    for number in range(2):
        record = account.catalogue.get(image_id_of(BUCKET, f"uploads/ada/{number}.png"))
        assert record and record.state is State.NEEDS_REVIEW and record.caption is None
    metrics = [json.loads(line) for line in logged.splitlines() if '"doubtful"' in line]
    assert [one["doubtful"] for one in metrics] == [[1.0, 1.0]]


@pytest.mark.fault(17, by="Lambda's runtime client and moto")
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_a_decoder_of_which_no_number_is_one_captions_nothing(
    account: Account, tmp_path: Path, number: float
) -> None:
    bundle = copied_to(tmp_path)
    with np.load(bundle / "decoder.npz") as arrays:
        broken = {
            name: np.full_like(one, number) if one.dtype.kind == "f" else one
            for name, one in arrays.items()
        }
    np.savez(bundle / "decoder.npz", **broken)
    told = json.loads((bundle / manifest.FILE).read_text())
    told["sha256"]["decoder.npz"] = manifest.sha256(bundle / "decoder.npz")
    (bundle / manifest.FILE).write_text(json.dumps(told))
    with RuntimeApi() as api:
        function = Function("captioner.handler.ingest", account.environment, api, tmp_path)
        answer = api.invoke({"Records": [account.upload("one.jpg", photograph())]})
        function.stop()
    record = account.catalogue.get(image_id_of(BUCKET, "uploads/ada/one.jpg"))
    assert answer == {"batchItemFailures": []}
    assert record and record.state is State.NEEDS_REVIEW and record.caption is None
    assert record.reason


@pytest.mark.fault(7, by="Lambda's runtime client and moto")
def test_a_batch_short_of_time_comes_back_whole(account: Account) -> None:
    with RuntimeApi(timeout_s=5) as api:
        function = Function("captioner.handler.ingest", account.environment, api)
        answer = api.invoke({"Records": [account.upload("one.jpg", photograph())]})
        function.stop()
    assert answer == {"batchItemFailures": [{"itemIdentifier": "one.jpg"}]}
    assert account.catalogue.get(image_id_of(BUCKET, "uploads/ada/one.jpg")) is None


@pytest.mark.fault(23)
def test_the_encoder_answers_images_and_stored_photographs(account: Account) -> None:
    data = photograph()
    account.upload("one.jpg", data)
    whole = {"image": base64.b64encode(data).decode(), "crop": None}
    with RuntimeApi() as api:
        function = Function("captioner.handler.encode", account.environment, api)
        text = api.invoke({"text": "a green field"})
        sent = api.invoke(whole)
        stored = api.invoke({"key": "uploads/ada/one.jpg", "version_id": None, "crop": None})
        part = api.invoke(whole | {"crop": [0, 0, 0.5, 0.5]})
        wrong = api.invoke(whole | {"crop": [0, 0, 2, 2]})
        bad = api.invoke({"image": base64.b64encode(b"no photograph").decode()})
        logged = function.stop()
    assert text["error"]["field"] == "request"
    assert sent == stored and set(sent) == {"visual", "semantic", "space"}
    assert sent["space"] == manifest.read(DEFAULT_BUNDLE, ()).space
    assert part["visual"] != sent["visual"]
    assert (wrong["error"]["type"], wrong["error"]["field"]) == ("InvalidField", "crop")
    assert bad["error"]["type"] == "RejectedImage"
    assert "a green field" not in logged


def test_without_its_settings_the_function_does_not_start(account: Account) -> None:
    del account.environment["IMAGE_REPO_TABLE"]
    with RuntimeApi() as api:
        function = Function("captioner.handler.ingest", account.environment, api)
        error = api.init_error()
        function.stop()
    assert "IMAGE_REPO_TABLE" in error["errorMessage"]


@pytest.mark.fault(16, by="Lambda's runtime client and moto")
def test_with_a_damaged_bundle_the_function_does_not_start(
    account: Account, tmp_path: Path
) -> None:
    damaged = copied_to(tmp_path) / "decoder.npz"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    with RuntimeApi() as api:
        function = Function("captioner.handler.ingest", account.environment, api, tmp_path)
        error = api.init_error()
        function.stop()
    assert error["errorType"] == "BundleError" and "decoder.npz" in error["errorMessage"]
    assert list(account.catalogue.scan()) == []


def test_the_handler_imports_no_training_library(account: Account) -> None:
    script = (
        "import sys, captioner.handler;"
        "print(sorted({'tensorflow', 'keras', 'torch', 'training'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**account.environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
