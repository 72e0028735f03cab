"""Synthesises the stack: ``python -m infra.app``, or by the CDK's own command.

``-c search=embedded`` (or ``"search"`` in ``cdk.json``) chooses the search engine.
"""

import os
import sys

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from infra.search import checked_engine
from infra.stack import STACK, ImageRepo


def build(app: cdk.App) -> ImageRepo:
    """Add the stack to ``app``, with the checks that stop a synthesis.

    Raises
    ------
    ValueError
        A context value is not allowed.
    """
    search = checked_engine(app.node.try_get_context("search") or "embedded")
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return ImageRepo(app, STACK, search=search)


def main() -> int:
    """Synthesise into ``$CDK_OUTDIR``, else ``cdk.out``."""
    app = cdk.App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
    try:
        build(app)
    except (ValueError, FileNotFoundError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
