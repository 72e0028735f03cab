"""The indexer's Lambda function."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import uuid4

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.metrics import MetricUnit

from chalicelib.errors import NotFound, RevisionConflict
from chalicelib.names import LEFT_OUT
from chalicelib.reconciling.index import asked
from chalicelib.settings import Settings
from indexer.batch import Indexer
from indexer.bootstrap import bootstrap

_ROOMS = ("chalicelib", "indexer")

_logger = Logger(service="indexer")
_tracer = Tracer(service="indexer")
_metrics = Metrics(service="indexer")
copy_config_to_registered_loggers(
    _logger, include={name for name in logging.root.manager.loggerDict if name.startswith(_ROOMS)}
)


@cache
def _indexer() -> Indexer:
    return bootstrap(Settings.from_environment())


@_logger.inject_lambda_context
@_tracer.capture_lambda_handler(capture_response=False)
@_metrics.log_metrics
def index(event: Mapping[str, Any], _context: Any) -> dict[str, Any]:
    """Take in a batch of the stream, or do ``{"reindex": {…}}`` and its like; see `answer`."""
    return answer(_indexer(), event)


def answer(indexer: Indexer, event: Mapping[str, Any]) -> dict[str, Any]:
    """Return a partial batch response, or what ``reindex``, ``recount`` or ``reconcile`` led to."""
    if "reindex" in event:
        return {"records": _reindexed(indexer, event["reindex"])}
    if "recount" in event:
        return {"records": _recounted(indexer, event["recount"])}
    if "reconcile" in event:
        return asked(indexer.repairing, event["reconcile"])
    taken = indexer.take(event["Records"])
    _metrics.add_metric("IndexedChanges", MetricUnit.Count, taken.indexed)
    _metrics.add_metric(LEFT_OUT, MetricUnit.Count, taken.left_out)
    return {"batchItemFailures": [{"itemIdentifier": number} for number in taken.unpublished]}


def _reindexed(indexer: Indexer, asked: Mapping[str, Any]) -> int:
    roll_back, unless_running = bool(asked.get("roll_back")), bool(asked.get("unless_running"))
    run_id = str(asked.get("id") or uuid4())
    try:
        read = indexer.reindex(run_id, roll_back=roll_back, unless_running=unless_running)
    except (NotFound, RevisionConflict) as refusal:
        # Lambda would only try it again; whoever asked finds the reason in the run state.
        _logger.warning("re-index refused: %s", refusal.detail)
        return 0
    _logger.info("search index exchanged", extra={"records": read, "roll_back": roll_back})
    return read


def _recounted(indexer: Indexer, asked: Mapping[str, Any]) -> int:
    run_id, unless_running = str(asked.get("id") or uuid4()), bool(asked.get("unless_running"))
    try:
        done = indexer.counting.run(run_id, unless_running=unless_running)
    except RevisionConflict as refusal:
        _logger.warning("recount given up: %s", refusal.detail)
        return 0
    _logger.info("recounted", extra={"records": done.records, "corrected": done.corrected})
    return done.records
