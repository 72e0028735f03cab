"""Findings of cdk-nag that stand, each with its reason."""

from collections.abc import Mapping

import aws_cdk as cdk
from constructs import IConstruct


def acknowledge(scope: IConstruct, reasons: Mapping[str, str]) -> None:
    """Let findings of cdk-nag stand on ``scope`` and what is in it, as small as possible.

    ``reasons`` maps a rule id, with ``[finding]`` where the rule has several, to the reason.
    """
    for rule, reason in reasons.items():
        cdk.Validations.of(scope).acknowledge(cdk.Acknowledgment(id=rule, reason=reason))
