"""Builds the layer: ``python -m layers``.

Installs ``requirements/api.lock`` for Lambda's Python and processor into
``build/layer/python``, whatever machine this runs on, without Docker.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "api.lock"
LAYER = ROOT / "build" / "layer"
STAMP = ROOT / "build" / "layer.sha256"

# Of the AWS SDK's descriptions of services, which are 27 MB, what the functions and their tracer
# call. Lambda's own SDK changes without notice, so a layer brings its own:
# https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html
_CALLED = ("dynamodb", "events", "lambda", "s3", "sqs", "xray")
# Nothing at run time reads tests or stubs.
_UNREAD = ("**/__pycache__", "**/tests", "**/test", "**/*.pyi", "**/*.c", "**/*.h", "bin")


def build() -> Path:
    """Build the layer unless it stands as the lock says, and return its folder."""
    wanted = hashlib.sha256(LOCK.read_bytes() + Path(__file__).read_bytes()).hexdigest()
    if STAMP.is_file() and STAMP.read_text() == wanted and LAYER.is_dir():
        return LAYER
    shutil.rmtree(LAYER, ignore_errors=True)
    _install(LAYER / "python")
    _strip(LAYER / "python")
    _compile(LAYER)
    STAMP.write_text(wanted)
    return LAYER


def size(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _install(target: Path) -> None:
    target.mkdir(parents=True)
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--require-hashes"]
    # Lambda's Python 3.11 stands on Amazon Linux 2, whose glibc 2.26 no newer wheel would load on.
    command += ["--target", str(target), "--only-binary", ":all:", "--python-version", "3.11"]
    command += ["--python-platform", "x86_64-manylinux2014", "-r", str(LOCK)]
    subprocess.run(command, check=True)  # noqa: S603 (every word of it is written above)


def _strip(folder: Path) -> None:
    for pattern in _UNREAD:
        for path in list(folder.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for described in (folder / "botocore" / "data").iterdir():
        if described.is_dir() and described.name not in _CALLED:
            shutil.rmtree(described)


def _compile(layer: Path) -> None:
    """Compile for good: a function cannot write what it compiles, and would begin with it anew.

    An archive keeps no time of its files that a compiled one could be held against.
    """
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(layer), "-p", "/opt", str(layer)]
    subprocess.run(command, check=True)  # noqa: S603 (every word of it is written above)


def main() -> int:
    """Build the layer and print its size."""
    layer = build()
    print(f"{layer.relative_to(ROOT)}: {size(layer) / 1e6:.1f} MB unzipped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
