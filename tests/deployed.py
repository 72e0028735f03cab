"""The stack as the tests drive it: started by its own command, spoken to over HTTP."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import httpx

from benchmarks.kills import waiting
from chalicelib.catalogue.dynamodb import time_text
from chalicelib.search.port import SEARCHABLE
from local.processes import any_free

ROOT = Path(__file__).resolve().parent.parent
# Of the developer's shell: none of it may reach the stack under test.
FOREIGN = ("AWS_PROFILE", "AWS_ENDPOINT_URL", "IMAGE_REPO_URL", "IMAGE_REPO_TOKEN")
RECORDING = ROOT / "tests" / "recording"
# As EventBridge sends it.
SCHEDULED = {
    "version": "0",
    "id": "1",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "000000000000",
    "time": "2026-01-01T00:00:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail": {},
}


@dataclass(frozen=True)
class DeployedStack:
    """A local stack in a folder of its own.

    Attributes
    ----------
    home
        The folder.
    """

    home: Path
    _clients: dict[str, Any] = field(default_factory=dict)

    def take_assembly(self, assembly: Path) -> None:
        """Use a template that is synthesised already."""
        shutil.copytree(assembly, self.home / "cdk.out", symlinks=True)

    def up(
        self,
        search: str | None = None,
        port: str | None = None,
        context: Mapping[str, str] | None = None,
    ) -> str:
        """Bring it up, with another engine, on another port, told something else, if so named."""
        port = port or (self.facts["port"] if self.facts else str(any_free()))
        engine = ("--search", search) if search else ()
        said = (f"--context={name}={value}" for name, value in (context or {}).items())
        return self._local("--port", port, *engine, *said, "up")

    def forget(self) -> None:
        """Stop it and forget its data."""
        self._local("clean")

    def down(self) -> None:
        """Stop it and keep its data."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        self._local("down")

    def kill(self) -> None:
        """End every process of it without a warning."""
        for file in (self.home / "run").glob("*.pid"):
            os.killpg(json.loads(file.read_text())["pid"], signal.SIGKILL)

    def unpacked(self) -> set[Path]:
        """Return the folders that functions are unpacked in."""
        return {*(self.home / "tmp").glob("*-lambda-*")}

    @property
    def calls(self) -> Path:
        """Where ``tests.recording`` writes what the functions ask of AWS."""
        return self.home / "calls"

    @property
    def facts(self) -> dict[str, str]:
        """What ``stack.json`` tells."""
        file = self.home / "stack.json"
        return dict(json.loads(file.read_text())) if file.exists() else {}

    @property
    def api_url(self) -> str:
        """The API's address."""
        return self.facts["api_url"]

    @property
    def token(self) -> str:
        """An administrator's."""
        return self.facts["token"]

    def client(self, token: str | None = None) -> httpx.Client:
        """Return an HTTP client of the API."""
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return httpx.Client(base_url=self.api_url, headers=headers, timeout=60)

    def aws(self, service: str) -> Any:
        """Return an AWS client of the emulator."""
        if service not in self._clients:
            self._clients[service] = boto3.client(  # type: ignore[call-overload]
                service,
                endpoint_url=self.facts["aws_endpoint_url"],
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
        return self._clients[service]

    def give_up(self, *messages: Mapping[str, Any]) -> None:
        """Put messages among the dead letters, and have them settled."""
        for message in messages:
            url, body = self.facts["dead_letter_queue_url"], json.dumps(message)
            self.aws("sqs").send_message(QueueUrl=url, MessageBody=body)
        self.reconcile()

    def reconcile(self) -> None:
        """Do what the schedule does twice an hour."""
        functions = self.aws("lambda").list_functions()["Functions"]
        (name,) = (f["FunctionName"] for f in functions if f["Handler"] == "app.reconcile")
        payload = json.dumps(SCHEDULED)
        answer = self.aws("lambda").invoke(FunctionName=name, Payload=payload)
        assert "FunctionError" not in answer, answer["Payload"].read()

    def waiting(self, queue: str = "queue_url") -> int:
        """Return how many messages a queue holds, those that are worked on too."""
        return waiting(self.aws("sqs"), self.facts[queue])

    def is_drained(self) -> bool:
        """Tell whether no event waits, and nobody works on one."""
        return self.waiting() == 0

    def is_indexed(self) -> bool:
        """Tell whether the index holds all that it should."""
        with self.client() as client:
            told = client.get("stats").json()
        return bool(told["searchable"] == sum(told["images"][state] for state in SEARCHABLE))

    @contextmanager
    def without_events(self) -> Iterator[None]:
        """Lose what the bucket would tell of its objects meanwhile."""
        s3, bucket = self.aws("s3"), self.facts["bucket"]
        told = s3.get_bucket_notification_configuration(Bucket=bucket)
        del told["ResponseMetadata"]
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
        try:
            yield
        finally:
            s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=told)

    def end_form(self, image_id: str, ago: timedelta = timedelta(hours=2)) -> None:
        """Let the time pass in which a file may be uploaded, for one record."""
        self.aws("dynamodb").update_item(
            TableName=self.facts["table"],
            Key={"image_id": {"S": image_id}},
            UpdateExpression="SET form_until = :end",
            ExpressionAttributeValues={":end": {"S": time_text(datetime.now(UTC) - ago)}},
        )

    def log(self) -> str:
        """Return the end of every process's log, for a failed test's message."""
        files = sorted((self.home / "logs").glob("*.log"))
        return "\n".join(f"== {f.name}\n{f.read_text(errors='replace')[-2000:]}" for f in files)

    def _local(self, *arguments: str) -> str:
        environment = {k: v for k, v in os.environ.items() if k not in FOREIGN}
        self.calls.mkdir(exist_ok=True)
        paths = [str(RECORDING), *filter(None, [environment.get("PYTHONPATH")])]
        environment |= {"PYTHONPATH": os.pathsep.join(paths), "RECORDED_CALLS": str(self.calls)}
        ran = subprocess.run(
            [sys.executable, "-m", "local", *arguments],
            cwd=ROOT,
            env={**environment, "IMAGE_REPO_LOCAL": str(self.home)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}\n{self.log()}"
        return ran.stdout


def eventually(
    what: Callable[[], Any], *, within: float = 90, because: Callable[[], str] = str
) -> Any:
    """Return the first truthy answer of ``what``; fail where none comes in time.

    The time is that of a machine with other things to do; what is measured, is in benchmarks.
    """
    end = time.monotonic() + within
    while True:
        answer = what()
        if answer:
            return answer
        assert time.monotonic() < end, f"not within {within} s: {because()}"
        time.sleep(0.2)
