"""``python -m training sagemaker``: run the whole pipeline as a training job on AWS."""

import argparse
import importlib.util
import json
import logging
import os
import re
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime

from training.errors import TrainingError
from training.options import Options, checked, flag, number
from training.sagemaker.plan import check

CHANNELS = {
    "photographs": "the photographs",
    "captions": "Flickr8k's text files, or a file of captions",
    "teachers": "what the step of that name left",
    "extra": "further photographs, without captions",
    "captioned": "further photographs with captions",
    "texts": "captions without photographs",
    "sentences": "a sentence encoder, the text side's teacher",
    "init": "distilled weights to go on from, one .npz",
    "weights": "of a ready-made encoder: Keras' VGG16 (--set train.encoder=vgg16)",
}
_REQUIRED = ("photographs", "captions")
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?")
_HYPHENED = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,40}")
_prefix = checked(str, _BUCKET.fullmatch, "s3://BUCKET/PREFIX")
_name = checked(str, _HYPHENED.fullmatch, "letters, digits and hyphens, at most 40")


def sagemaker(step: ArgumentParser) -> None:
    """Run all of it as a SageMaker training job.

    Starts prepare, distil, train, export, words, evaluate and report as one training job. Its
    model.tar.gz is a bundle that 'make deploy BUNDLE=…' takes. docs/sagemaker.md has the role,
    the image and what it costs.
    """
    step.add_argument("--image", help="the training image's address in ECR", required=True)
    step.add_argument("--role", help="the job's IAM role, its ARN or name", required=True)
    step.add_argument("--out", help="S3 prefix for its results", type=_prefix, required=True)
    step.add_argument("--name", help="first part of the job's", type=_name, default="image-repo")
    # boto3 looks at AWS_DEFAULT_REGION and the profile by itself, but not at AWS_REGION:
    # https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
    region, about = os.environ.get("AWS_REGION"), "default: the environment's or the profile's"
    step.add_argument("--region", help=about, default=region)
    group = step.add_argument_group("channels", "S3 prefixes, copied to the job's machine")
    for name, about in CHANNELS.items():
        group.add_argument(f"--{name}", help=about, type=_prefix, required=name in _REQUIRED)
    _machine(step.add_argument_group("machine"))
    about = "a step's option, as distil.minutes=600 (default: 60); may be repeated"
    shown = "STEP.OPTION=VALUE"
    step.add_argument(
        "--set", help=about, type=_setting, action="append", default=[], metavar=shown
    )
    flag(step, "--dry-run", "print the request and send nothing")
    flag(step, "--wait", "follow the job's log to its end")


def _machine(group: Options) -> None:
    group.add_argument("--instance", help="default: %(default)s", default="ml.g5.xlarge")
    number(group, "--volume", int, 50, "GB of disk")
    number(group, "--hours", float, 6.0, "at most")
    flag(group, "--on-demand", "no spot instance: three times the price")
    number(group, "--patience", float, 12.0, "further hours to wait for spot capacity")
    about = "S3 prefix that an interrupted job goes on from"
    about += " (default: checkpoints/NAME-… under --out, a new one each time)"
    group.add_argument("--checkpoints", help=about, type=_prefix)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or "." not in name:
        raise argparse.ArgumentTypeError(f"{text!r}: expected STEP.OPTION=VALUE")
    return name, value


def run(options: Namespace) -> None:
    """Start the job, or with ``--dry-run`` print its request."""
    check(dict(options.set))
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
    # A place of this job alone: it must not go on from another's checkpoints.
    new = f"checkpoints/{options.name}-{datetime.now(UTC):%Y%m%d%H%M%S}"
    options.checkpoints = options.checkpoints or f"{options.out.rstrip('/')}/{new}"
    channels = {name: getattr(options, name) for name in CHANNELS if getattr(options, name)}

    # Only here is the SDK's presence known.
    from training.sagemaker import launch  # noqa: PLC0415

    try:
        if options.dry_run:
            print(json.dumps(launch.preview(options, channels), indent=2))
            return
        name = launch.start(options, channels)
    except launch.FAULTS as error:
        raise TrainingError(str(error)) from error
    print(f"training job {name}, its checkpoints in {options.checkpoints}; when it has completed:")
    print(f"make deploy BUNDLE={options.out.rstrip('/')}/{name}/output/model.tar.gz")
