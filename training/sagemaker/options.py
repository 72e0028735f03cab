"""The options of ``python -m training sagemaker``."""

import argparse
import re


def add(steps: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add ``sagemaker``."""
    step = steps.add_parser("sagemaker", help="run all of it as a SageMaker training job")
    step.description = (
        "Starts prepare, distil, train, export, evaluate and report as one training job. Its"
        " model.tar.gz is a bundle that 'make deploy BUNDLE=…' takes. docs/sagemaker.md has the"
        " role, the image and what it costs."
    )
    step.add_argument("--image", required=True, help="the training image's address in ECR")
    step.add_argument("--role", required=True, help="the job's IAM role, its ARN or name")
    step.add_argument("--out", type=_prefix, required=True, help="S3 prefix for its results")
    step.add_argument("--name", type=_name, default="image-repo", help="first part of the job's")
    step.add_argument("--region", help="default: the environment's")
    _channels(step.add_argument_group("channels", "S3 prefixes, copied to the job's machine"))
    _machine(step.add_argument_group("machine"))
    step.add_argument(
        "--set",
        type=_setting,
        action="append",
        default=[],
        metavar="STEP.OPTION=VALUE",
        help="a step's option, as distil.minutes=600 (default: 60); may be repeated",
    )
    step.add_argument("--dry-run", action="store_true", help="print the request and send nothing")
    step.add_argument("--wait", action="store_true", help="follow the job's log to its end")
    return step


def _channels(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--photographs", type=_prefix, required=True, help="the photographs")
    group.add_argument(
        "--captions",
        type=_prefix,
        required=True,
        help="Flickr8k's text files, or a descriptions.txt",
    )
    group.add_argument("--teachers", type=_prefix, help="what the step of that name left")
    group.add_argument("--extra", type=_prefix, help="further photographs, without captions")
    group.add_argument("--captioned", type=_prefix, help="further photographs with captions")
    group.add_argument("--texts", type=_prefix, help="captions without photographs")
    group.add_argument(
        "--sentences", type=_prefix, help="a sentence encoder, the text side's teacher"
    )
    group.add_argument("--init", type=_prefix, help="distilled weights to go on from, one .npz")
    group.add_argument(
        "--weights",
        type=_prefix,
        help="of a ready-made encoder: Keras' VGG16 (--set train.encoder=vgg16)",
    )


def _machine(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--instance", default="ml.g5.xlarge", help="default: %(default)s")
    group.add_argument("--volume", type=int, default=50, help="GB of disk (default: %(default)s)")
    group.add_argument("--hours", type=float, default=6.0, help="at most (default: %(default)s)")
    group.add_argument(
        "--on-demand", action="store_true", help="no spot instance: three times the price"
    )
    group.add_argument(
        "--patience",
        type=float,
        default=12.0,
        help="further hours to wait for spot capacity (default: %(default)s)",
    )
    group.add_argument(
        "--checkpoints",
        type=_prefix,
        help="S3 prefix that an interrupted job goes on from"
        " (default: checkpoints/NAME-… under --out, a new one each time)",
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
