"""What the CDK's bootstrap left in an account.

https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-customizing.html
"""

from infra.choices import Context

QUALIFIER = "@aws-cdk/core:bootstrapQualifier"
DEFAULT_QUALIFIER = "hnb659fds"


def qualifier_of(context: Context) -> str:
    """Return what its names hold, so that an account may be bootstrapped more than once."""
    return str(context(QUALIFIER) or DEFAULT_QUALIFIER)


def bootstrap_parameter(qualifier: str = DEFAULT_QUALIFIER) -> str:
    """Return the name under which a bootstrap leaves its version."""
    return f"/cdk-bootstrap/{qualifier}/version"
