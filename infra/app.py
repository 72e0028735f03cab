"""Synthesises the stack: ``python -m infra.app``, or by the CDK's own command.

``-c search=embedded`` (or ``"search"`` in ``cdk.json``) chooses the search engine, see
``infra.engines.ENGINES``; ``-c searchInstance``, ``searchNodes`` and ``searchGigabytes`` its size,
``-c searchVersion`` its version, of those in ``infra.opensearch_service``;
``-c captioners`` and ``reserveIndexer`` what it takes of Lambda's quota (``infra.concurrency``);
``-c alarmEmail=me@example.org`` mails the alarms, ``-c dashboard=yes`` adds a page of graphs;
``-c IMAGE_REPO_MAX_PIXELS=…`` and its like are the limits of ``chalicelib.settings``;
``-c bucket=…``, ``table``, ``tableStream`` and ``tokensTable`` adopt what is there already, as
``infra.adopt`` tells;
``-c bundle=build/bundle`` a model other than the repository's, once ``infra.bundle`` took it;
``-c layer=build/layer-here`` the layer of this machine, which the local stack's functions run on.
"""

import os
import shutil
import sys
from pathlib import Path

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from chalicelib.names import STACK
from infra.engines import DEFAULT_ENGINE
from infra.stack import ImageRepo


def check(app: cdk.App) -> None:
    """Let cdk-nag stop the synthesis of what it objects to."""
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def main() -> int:
    """Synthesise into ``$CDK_OUTDIR``, else ``cdk.out``."""
    app = cdk.App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
    check(app)
    search = app.node.try_get_context("search") or DEFAULT_ENGINE
    bundle = app.node.try_get_context("bundle")
    try:
        ImageRepo(app, STACK, search=search, bundle=Path(bundle) if bundle else None)
    except (ValueError, FileNotFoundError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    app.synth()
    shutil.rmtree("chalice.out", ignore_errors=True)  # the Chalice construct's scratch folder
    return 0


if __name__ == "__main__":
    sys.exit(main())
