"""Records what a function asks of AWS and of OpenSearch, as a line of JSON for each call.

Python imports a module of this name when it starts, where its folder is in PYTHONPATH: so the
functions of the local stack, which are processes of their own, record without knowing it.
"""

import json
import logging
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore import handlers
from botocore.model import OperationModel

FOLDER = Path(os.environ["RECORDED_CALLS"])
CONTENTS = {"Body", "Payload"}


def _note(**call: Any) -> None:
    function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
    if function:  # the emulator, too, is a Python process
        with (FOLDER / f"{os.getpid()}.jsonl").open("a") as file:
            file.write(json.dumps({"function": function, **call}, default=repr) + "\n")


def _called(params: dict[str, Any], model: OperationModel, **_: Any) -> None:
    """Take what every call and every presigned URL begins with."""
    told = {name: value for name, value in params.items() if name not in CONTENTS}
    _note(service=model.service_model.service_name, operation=model.name, params=told)


class _Requests(logging.Handler):
    """Takes the line that opensearch-py logs of each request."""

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.args, tuple) and len(record.args) == 4:
            method, url, *_ = record.args
            path = urlsplit(str(url)).path
            _note(service="opensearch", operation=str(method), params={"path": path})


handlers.BUILTIN_HANDLERS.append(("provide-client-params", _called))
_log = logging.getLogger("opensearch")
_log.addHandler(_Requests())
_log.setLevel(logging.INFO)
