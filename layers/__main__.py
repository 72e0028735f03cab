"""Builds the layer: ``python -m layers`` for Lambda, ``--here`` for this machine.

Installs ``requirements/api.lock`` without Docker: for Lambda's Python and processor, whatever
machine this runs on, or for the Python that runs this, which the local stack's functions run on.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "api.lock"

# Of the AWS SDK's descriptions of services, which are 27 MB, what the functions and their tracer
# call. Lambda's own SDK changes without notice, so a layer brings its own:
# https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html
_CALLED = ("dynamodb", "events", "lambda", "s3", "sqs", "xray")
_WORDS = "en.plzma"  # of simplemma's dictionaries of 54 languages, which are 18 MB
# Nothing at run time reads tests or stubs.
_UNREAD = ("**/__pycache__", "**/tests", "**/test", "**/*.pyi", "**/*.c", "**/*.h", "bin")


class Layer(NamedTuple):
    """A layer's folder, and the Python and the platform it is for as uv names them.

    None, None: this machine's.
    """

    folder: Path
    python: str | None = None
    platform: str | None = None


# Amazon Linux 2023, on which Lambda's Python stands from 3.12 on, has glibc 2.34:
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
# https://docs.aws.amazon.com/linux/al2023/ug/glibc-gcc-and-binutils.html
LAMBDA = Layer(ROOT / "build" / "layer", "3.13", "x86_64-manylinux_2_34")
HERE = Layer(ROOT / "build" / "layer-here")


def build(layer: Layer = LAMBDA) -> Path:
    """Build a layer unless it stands as the lock says, and return its folder."""
    wanted, stamp = _fingerprint(layer), layer.folder.with_suffix(".sha256")
    if stamp.is_file() and stamp.read_text() == wanted and layer.folder.is_dir():
        return layer.folder
    shutil.rmtree(layer.folder, ignore_errors=True)
    (layer.folder / "python").mkdir(parents=True)
    subprocess.run(installation(layer), check=True)  # noqa: S603 (every word stands there)
    _strip(layer.folder / "python")
    _compile(layer)
    stamp.write_text(wanted)
    return layer.folder


def size(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _fingerprint(layer: Layer) -> str:
    made_of = LOCK.read_bytes() + Path(__file__).read_bytes()
    made_by = f"{layer} {interpreter(layer.python)} {sys.version}"
    return hashlib.sha256(made_of + made_by.encode()).hexdigest()


def installation(layer: Layer) -> list[str]:
    """Return the command that installs the lock into a layer's folder."""
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--require-hashes"]
    command += ["--target", str(layer.folder / "python"), "--only-binary", ":all:"]
    command += ["--python-version", layer.python] if layer.python else ["--python", sys.executable]
    command += ["--python-platform", layer.platform] if layer.platform else []
    return [*command, "-r", str(LOCK)]


def _strip(folder: Path) -> None:
    for pattern in _UNREAD:
        for path in list(folder.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for described in (folder / "botocore" / "data").iterdir():
        if described.is_dir() and described.name not in _CALLED:
            shutil.rmtree(described)
    for words in (folder / "simplemma").rglob("*.plzma"):
        if words.name != _WORDS:
            words.unlink()


def _compile(layer: Layer) -> None:
    """Compile for good: a function cannot write what it compiles, and would begin with it anew.

    An archive keeps no time of its files that a compiled one could be held against. Each version
    of Python reads what it compiled itself, and nothing else.
    """
    python = interpreter(layer.python)
    if python is None:
        print(
            f"! Python {layer.python} is not here: the functions compile their code at each start, "
            f"half a second. To spare it: 'uv python install {layer.python}'",
            file=sys.stderr,
        )
        return
    command = [python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(layer.folder), "-p", "/opt", str(layer.folder)]
    subprocess.run(command, check=True)  # noqa: S603 (every word of it is written above)


def interpreter(version: str | None) -> str | None:
    """Return the path of a Python of a version, or of the one that runs; None where none is."""
    if version in {None, f"{sys.version_info.major}.{sys.version_info.minor}"}:
        return sys.executable
    command = [sys.executable, "-m", "uv", "python", "find", "--no-project", str(version)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return found.stdout.strip() or None


def main(words: Sequence[str]) -> int:
    """Build the layer and print its size."""
    layer = build(HERE if "--here" in words else LAMBDA)
    print(f"{layer.relative_to(ROOT)}: {size(layer) / 1e6:.1f} MB unzipped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
