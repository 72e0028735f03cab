"""Starting the training job, through the SageMaker Python SDK (requirements/sagemaker.lock)."""

import json
from argparse import Namespace
from collections.abc import Mapping
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

from training.errors import TrainingError
from training.sagemaker.plan import METRICS

FAULTS = (BotoCoreError, ClientError, RoleValidationError, SageMakerCoreError, ValueError)
"""What the SDK raises for a role, an account, a setting or a job at fault."""

# The SDK reports its use to AWS unless told otherwise.
_QUIET = {
    "SchemaVersion": "1.0",
    "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}},
}
CREATE = "before-call.sagemaker.CreateTrainingJob"


def start(options: Namespace, channels: Mapping[str, str]) -> str:
    """Start the job, with ``--wait`` follow its log to the end, and give its name.

    ``channels`` are prefixes in S3 by name. Raises one of `FAULTS`, or `TrainingError` where no
    region is set.
    """
    trainer = _trainer(options, _session(options))
    inputs = _inputs(channels)
    trainer.train(input_data_config=inputs, wait=options.wait, logs=options.wait)
    return str(trainer._latest_training_job.training_job_name)


def preview(options: Namespace, channels: Mapping[str, str]) -> dict[str, Any]:
    """Give the request that `start` would send, as botocore would send it, unsent."""

    def seize(params: Mapping[str, Any], **_: object) -> None:
        raise _Seized(params["body"])

    session = _session(options)
    session.events.register(CREATE, seize)
    trainer = _trainer(options, session)
    try:
        trainer.train(input_data_config=_inputs(channels), wait=False, logs=False)
    except _Seized as seized:
        request: dict[str, Any] = json.loads(seized.args[0])
        return request
    raise AssertionError("the SDK sent no request")


class _Seized(Exception):
    """Carries a request out of the SDK."""


def _session(options: Namespace) -> boto3.Session:
    session = boto3.Session(region_name=options.region)
    if session.region_name is None:
        raise TrainingError("no region: give --region, or set AWS_REGION or a profile's")
    return session


def _inputs(channels: Mapping[str, str]) -> list[InputData]:
    return [InputData(channel_name=name, data_source=prefix) for name, prefix in channels.items()]


def _trainer(options: Namespace, session: boto3.Session) -> ModelTrainer:
    most = int(3600 * options.hours)
    waits = None if options.on_demand else int(3600 * (options.hours + options.patience))
    trainer = ModelTrainer(
        sagemaker_session=Session(boto_session=session, sagemaker_config=_QUIET),
        base_job_name=options.name,
        training_image=options.image,
        role=options.role,
        compute=Compute(
            instance_type=options.instance,
            instance_count=1,
            volume_size_in_gb=options.volume,
            enable_managed_spot_training=not options.on_demand,
        ),
        stopping_condition=StoppingCondition(
            max_runtime_in_seconds=most, max_wait_time_in_seconds=waits
        ),
        output_data_config=OutputDataConfig(s3_output_path=options.out),
        checkpoint_config=CheckpointConfig(s3_uri=options.checkpoints),
        hyperparameters=dict(options.set),
    )
    return trainer.with_metric_definitions(
        [MetricDefinition(name=name, regex=regex) for name, regex in METRICS.items()]
    )
