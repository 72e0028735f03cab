"""``sagemaker``: run the whole pipeline as a training job on AWS."""

import importlib.util
import json
import logging
import os
from argparse import Namespace
from datetime import UTC, datetime

from training.errors import TrainingError
from training.sagemaker.hyperparameters import checked
from training.sagemaker.options import CHANNELS


def run(options: Namespace) -> None:
    """Start the job, or with ``--dry-run`` print its request."""
    hyperparameters = dict(options.set)
    checked(hyperparameters)
    if importlib.util.find_spec("sagemaker") is None:
        raise TrainingError(
            "no SageMaker Python SDK here: make setup-sagemaker, then"
            " .venv-sagemaker/bin/python -m training sagemaker …"
        )
    if options.region:
        # Part of the SDK, its log reader for one, knows of no other region.
        os.environ["AWS_DEFAULT_REGION"] = options.region
    if options.dry_run:
        # The SDK asks IAM about the role; a request that is not sent needs no answer.
        os.environ["SAGEMAKER_VALIDATE_ROLE"] = "false"
    logging.getLogger("sagemaker").setLevel(logging.WARNING)
    _launch(options, hyperparameters)


def _launch(options: Namespace, hyperparameters: dict[str, str]) -> None:
    # Only here is the SDK's presence known.
    import boto3  # noqa: PLC0415

    from training.sagemaker import launch  # noqa: PLC0415

    job = launch.Job(
        name=options.name,
        image=options.image,
        role=options.role,
        out=options.out,
        channels={name: getattr(options, name) for name in CHANNELS if getattr(options, name)},
        hyperparameters=hyperparameters,
        checkpoints=options.checkpoints or _new_place(options),
        instance=options.instance,
        volume=options.volume,
        hours=options.hours,
        wait_hours=None if options.on_demand else options.hours + options.patience,
    )
    session = boto3.Session(region_name=options.region)
    if session.region_name is None:
        raise TrainingError("no region: give --region, or set AWS_DEFAULT_REGION or a profile's")
    try:
        if options.dry_run:
            print(json.dumps(launch.preview(job, session), indent=2))
            return
        name = launch.start(job, session, wait=options.wait)
    except launch.FAULTS as error:
        raise TrainingError(str(error)) from error
    print(f"training job {name}, its checkpoints in {job.checkpoints}; when it has completed:")
    print(f"make deploy BUNDLE={job.out.rstrip('/')}/{name}/output/model.tar.gz")


def _new_place(options: Namespace) -> str:
    """Give a place of this job alone: it must not go on from another's checkpoints."""
    return f"{options.out.rstrip('/')}/checkpoints/{options.name}-{datetime.now(UTC):%Y%m%d%H%M%S}"
