"""Deploying a cloud assembly without the CDK's command line and without Docker.

The command line does the same against AWS: upload the assets, then hand the template to
CloudFormation. Images are left out; ``local.function`` runs them from the checkout.
"""

import io
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from chalicelib.names import STACK
from infra.preflight import BOOTSTRAP_PARAMETER
from local.errors import LocalError
from local.layout import ACCOUNT, BUCKET, REGION, read_json

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

BOOTSTRAP_VERSION = "30"  # the least that the CDK's templates ask for
DEPLOY_SECONDS = 180


def deployed() -> bool:
    """Tell whether the emulator holds the stack, whole."""
    stack = _stack(boto3.client("cloudformation"))
    return stack is not None and stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def outputs() -> dict[str, str]:
    """Return what the stack tells about itself: docs/contracts.md, "Names"."""
    stack = _stack(boto3.client("cloudformation"))
    told = stack.get("Outputs", []) if stack else []
    return {output["OutputKey"]: output["OutputValue"] for output in told}


def deploy(assembly: Path) -> None:
    """Create or update the stack.

    Raises
    ------
    LocalError
        CloudFormation refused.
    """
    _upload_assets(assembly)
    boto3.client("ssm").put_parameter(
        Name=BOOTSTRAP_PARAMETER, Value=BOOTSTRAP_VERSION, Type="String", Overwrite=True
    )
    _hand_over(_template_url(assembly))


def _upload_assets(assembly: Path) -> None:
    s3 = boto3.client("s3")
    manifest = read_json(assembly / f"{STACK}.assets.json")
    for asset in manifest["files"].values():
        source = assembly / asset["source"]["path"]
        for destination in asset["destinations"].values():
            bucket = _resolved(destination["bucketName"])
            s3.create_bucket(Bucket=bucket)
            s3.put_object(
                Bucket=bucket, Key=_resolved(destination["objectKey"]), Body=_packed(source)
            )


def _packed(source: Path) -> bytes:
    if source.is_file():
        return source.read_bytes()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        for path in sorted(source.rglob("*")):
            if path.is_file():
                target.write(path, path.relative_to(source))
    return archive.getvalue()


def _resolved(text: str) -> str:
    known = {"AccountId": ACCOUNT, "Region": REGION, "Partition": "aws"}
    for name, value in known.items():
        text = text.replace(f"${{AWS::{name}}}", value)
    return text


def _template_url(assembly: Path) -> str:
    # CloudFormation takes a template of over 51,200 bytes only from a bucket.
    files = read_json(assembly / f"{STACK}.assets.json")["files"].values()
    template = next(f for f in files if f["source"]["path"] == f"{STACK}.template.json")
    destination = next(iter(template["destinations"].values()))
    bucket, key = (_resolved(destination[name]) for name in ("bucketName", "objectKey"))
    return f"{boto3.client('s3').meta.endpoint_url}/{bucket}/{key}"


def _hand_over(template_url: str) -> None:
    cloudformation = boto3.client("cloudformation")
    arguments: dict[str, Any] = {
        "StackName": STACK,
        "TemplateURL": template_url,
        "Parameters": [{"ParameterKey": "BucketName", "ParameterValue": BUCKET}],
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    }
    if _stack(cloudformation) is None:
        cloudformation.create_stack(**arguments)
    else:
        try:
            cloudformation.update_stack(**arguments)
        except ClientError as refusal:
            if "No updates" not in str(refusal):
                raise
    _wait(cloudformation)


def _wait(cloudformation: "CloudFormationClient") -> None:
    end = time.monotonic() + DEPLOY_SECONDS
    while time.monotonic() < end:
        stack = _stack(cloudformation)
        status = stack["StackStatus"] if stack else "MISSING"
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return
        if status.endswith(("FAILED", "ROLLBACK_COMPLETE", "MISSING")):
            raise LocalError(
                f"the stack is {status}: {_reason(cloudformation)}",
                "read .local/logs/ministack.log; 'make clean' begins anew",
            )
        time.sleep(0.2)
    raise LocalError(
        f"the stack was not complete within {DEPLOY_SECONDS} s",
        "read .local/logs/ministack.log; 'make clean' begins anew",
    )


def _reason(cloudformation: "CloudFormationClient") -> str:
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    reasons = [
        f"{event.get('LogicalResourceId')}: {event['ResourceStatusReason']}"
        for event in events
        if event.get("ResourceStatusReason") and "FAILED" in event.get("ResourceStatus", "")
    ]
    return "; ".join(reasons[:3]) or "no reason given"


def _stack(cloudformation: "CloudFormationClient") -> "StackTypeDef | None":
    try:
        stacks = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    except ClientError:
        return None
    living = [stack for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"]
    return living[0] if living else None
