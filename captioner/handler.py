"""Entry points of the captioner's and the encoder's functions: transport only."""

from threading import Lock
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from captioner.bootstrap import bootstrap
from chalicelib.settings import Settings

_logger = Logger()
_metrics = Metrics()
_tracer = Tracer()
# Lambda's own logger leaves out what is no warning, such as which events were passed over.
copy_config_to_registered_loggers(_logger, include={"chalicelib", "captioner"})


class _PowertoolsMetrics:
    def __init__(self) -> None:
        self._one_at_a_time = Lock()

    def count(self, what: str) -> None:
        with self._one_at_a_time:
            _metrics.add_metric(name=what, unit=MetricUnit.Count, value=1)

    def rate(self, what: str, is_so: bool) -> None:
        with self._one_at_a_time:
            _metrics.add_metric(name=what, unit=MetricUnit.NoUnit, value=int(is_so))

    def failed(self, message_id: str) -> None:
        _logger.exception("a message failed", message_id=message_id)


# While the function starts: a missing variable or a damaged bundle stops it before it takes
# a message.
_batch, _queries = bootstrap(Settings.from_environment(), _PowertoolsMetrics())


@_logger.inject_lambda_context
@_metrics.log_metrics
@_tracer.capture_lambda_handler(capture_response=False)
def ingest(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Process a batch of the queue's messages."""
    failed = _batch.process(event["Records"], context.get_remaining_time_in_millis)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


@_logger.inject_lambda_context
@_tracer.capture_lambda_handler(capture_response=False)
def encode(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """Return the vectors of a query."""
    return _queries.answer(event)
