"""The options of ``python -m training sagemaker``."""

import argparse
import re

from training.options import Options


def sagemaker(step: Options) -> None:
    """Run all of it as a SageMaker training job.

    Starts prepare, distil, train, export, evaluate and report as one training job. Its
    model.tar.gz is a bundle that 'make deploy BUNDLE=…' takes. docs/sagemaker.md has the role,
    the image and what it costs.
    """
    step.add("--image", "the training image's address in ECR", required=True)
    step.add("--role", "the job's IAM role, its ARN or name", required=True)
    step.add("--out", "S3 prefix for its results", type=_prefix, required=True)
    step.add("--name", "first part of the job's", type=_name, default="image-repo")
    step.add("--region", "default: the environment's")
    channels = step.group("channels", "S3 prefixes, copied to the job's machine")
    for name, about in CHANNELS.items():
        channels.add(f"--{name}", about, type=_prefix, required=name in _REQUIRED)
    _machine(step.group("machine"))
    about = "a step's option, as distil.minutes=600 (default: 60); may be repeated"
    given = {"type": _setting, "action": "append", "default": [], "metavar": "STEP.OPTION=VALUE"}
    step.add("--set", about, **given)
    step.flag("--dry-run", "print the request and send nothing")
    step.flag("--wait", "follow the job's log to its end")


CHANNELS = {
    "photographs": "the photographs",
    "captions": "Flickr8k's text files, or a descriptions.txt",
    "teachers": "what the step of that name left",
    "extra": "further photographs, without captions",
    "captioned": "further photographs with captions",
    "texts": "captions without photographs",
    "sentences": "a sentence encoder, the text side's teacher",
    "init": "distilled weights to go on from, one .npz",
    "weights": "of a ready-made encoder: Keras' VGG16 (--set train.encoder=vgg16)",
}
_REQUIRED = ("photographs", "captions")


def _machine(group: Options) -> None:
    group.add("--instance", "default: %(default)s", default="ml.g5.xlarge")
    group.number("--volume", int, 50, "GB of disk")
    group.number("--hours", float, 6.0, "at most")
    group.flag("--on-demand", "no spot instance: three times the price")
    group.number("--patience", float, 12.0, "further hours to wait for spot capacity")
    group.add(
        "--checkpoints",
        "S3 prefix that an interrupted job goes on from"
        " (default: checkpoints/NAME-… under --out, a new one each time)",
        type=_prefix,
    )


def _prefix(text: str) -> str:
    if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?", text):
        raise argparse.ArgumentTypeError(f"{text!r}: expected s3://BUCKET/PREFIX")
    return text


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,40}", text):
        raise argparse.ArgumentTypeError(f"{text!r}: letters, digits and hyphens, at most 40")
    return text


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or "." not in name:
        raise argparse.ArgumentTypeError(f"{text!r}: expected STEP.OPTION=VALUE")
    return name, value
