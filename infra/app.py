"""Synthesises the stack: ``python -m infra.app``, or by the CDK's own command.

``infra.options`` lists the values that it takes by ``-c NAME=VALUE`` or from ``cdk.json``.
"""

import os
import shutil
import sys
from pathlib import Path

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from infra.edge import Edge
from infra.engines import DEFAULT_ENGINE
from infra.options import reader, refuse_unknown
from infra.region import RegionError, here
from infra.stack import ImageRepo
from infra.stage import Stage


def check(app: cdk.App) -> None:
    """Let cdk-nag stop the synthesis of what it objects to."""
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def region() -> str:
    """Return where the CDK's command deploys, else where the environment points.

    Raises
    ------
    RegionError
        Nowhere.
    """
    given = os.environ.get("CDK_DEFAULT_REGION")
    return given or here()


def main() -> int:
    """Synthesise into ``$CDK_OUTDIR``, else ``cdk.out``."""
    app = cdk.App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
    check(app)
    context = reader(app.node.try_get_context)
    bundle = context("bundle")
    try:
        refuse_unknown(app.node.get_all_context())
        ImageRepo(
            app,
            Stage.of(context),
            search=str(context("search") or DEFAULT_ENGINE),
            bundle=Path(str(bundle)) if bundle else None,
            edge=Edge.of(context, region()),
        )
    except (ValueError, FileNotFoundError, RegionError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    app.synth()
    shutil.rmtree("chalice.out", ignore_errors=True)  # the Chalice construct's scratch folder
    return 0


if __name__ == "__main__":
    sys.exit(main())
