"""Starting the training job, through the SageMaker Python SDK (requirements/sagemaker.lock)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from sagemaker.core.helper.iam_role_resolver import RoleValidationError
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.shapes import MetricDefinition
from sagemaker.core.utils.exceptions import SageMakerCoreError
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import (
    CheckpointConfig,
    Compute,
    InputData,
    OutputDataConfig,
    StoppingCondition,
)

from training.sagemaker.metrics import METRICS

FAULTS = (BotoCoreError, ClientError, RoleValidationError, SageMakerCoreError, ValueError)
"""What the SDK raises for a role, an account, a setting or a job at fault."""

# The SDK reports its use to AWS unless told otherwise.
_QUIET = {
    "SchemaVersion": "1.0",
    "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}},
}
CREATE = "before-call.sagemaker.CreateTrainingJob"


@dataclass(frozen=True)
class Job:
    """What to start.

    ``out`` is a prefix in S3; ``channels`` name to prefix in S3; ``wait_hours`` bound a
    spot job with its waiting for capacity, and None is on demand.
    """

    name: str
    image: str
    role: str
    out: str
    channels: Mapping[str, str]
    hyperparameters: Mapping[str, str]
    checkpoints: str
    instance: str
    volume: int
    hours: float
    wait_hours: float | None


def start(job: Job, session: boto3.Session, *, wait: bool) -> str:
    """Start it, and with ``wait`` follow its log to the end.

    Returns
    -------
    str
        The training job's name.

    Raises
    ------
    Exception
        One of `FAULTS`.
    """
    trainer = _trainer(job, session)
    trainer.train(input_data_config=_channels(job), wait=wait, logs=wait)
    return str(trainer._latest_training_job.training_job_name)


def preview(job: Job, session: boto3.Session) -> dict[str, Any]:
    """Give the request that `start` would send, as botocore would send it, unsent."""

    def seize(params: Mapping[str, Any], **_: object) -> None:
        raise _Seized(json.loads(params["body"]))

    session.events.register(CREATE, seize)
    try:
        _trainer(job, session).train(input_data_config=_channels(job), wait=False, logs=False)
    except _Seized as seized:
        return seized.request
    finally:
        session.events.unregister(CREATE, seize)
    raise AssertionError("the SDK sent no request")


class _Seized(Exception):
    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request


def _trainer(job: Job, session: boto3.Session) -> ModelTrainer:
    spot = job.wait_hours is not None
    trainer = ModelTrainer(
        sagemaker_session=Session(boto_session=session, sagemaker_config=_QUIET),
        base_job_name=job.name,
        training_image=job.image,
        role=job.role,
        compute=Compute(
            instance_type=job.instance,
            instance_count=1,
            volume_size_in_gb=job.volume,
            enable_managed_spot_training=spot,
        ),
        stopping_condition=StoppingCondition(
            max_runtime_in_seconds=int(3600 * job.hours),
            max_wait_time_in_seconds=int(3600 * job.wait_hours) if job.wait_hours else None,
        ),
        output_data_config=OutputDataConfig(s3_output_path=job.out),
        checkpoint_config=CheckpointConfig(s3_uri=job.checkpoints),
        hyperparameters=dict(job.hyperparameters),
    )
    return trainer.with_metric_definitions(
        [MetricDefinition(name=name, regex=regex) for name, regex in METRICS.items()]
    )


def _channels(job: Job) -> list[InputData]:
    return [
        InputData(channel_name=name, data_source=prefix) for name, prefix in job.channels.items()
    ]
