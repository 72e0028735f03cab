"""Source distributions of packages that read pictures: thousands of files, many odd on purpose.

``python -m tests.pictures.sdists`` fetches those of ``requirements/corpus.lock`` from the index
of the package client. It does not build them, as ``pip download`` would: the client only resolves
where they are.
"""

import re
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements" / "corpus.lock"
FOLDER = Path(sys.prefix) / "corpus"


def main() -> None:
    """Fetch what the lock names, and forget all else."""
    FOLDER.mkdir(exist_ok=True)
    trusted = set(re.findall("sha256:([0-9a-f]{64})", LOCK.read_text()))
    for url in _addresses() if missing() else []:
        part = FOLDER / "part"
        part.write_bytes(_fetched(url, trusted))
        part.rename(FOLDER / url.rpartition("/")[2])
    for other in set(FOLDER.iterdir()) - set(archives()):
        other.unlink()


def archives() -> list[Path]:
    """Return where the archives are that the lock names, fetched or not."""
    pinned = re.findall(r"^([\w-]+)==(\S+)", LOCK.read_text(), re.MULTILINE)
    return [FOLDER / f"{name.replace('-', '_')}-{version}.tar.gz" for name, version in pinned]


def missing() -> list[str]:
    """Return the names of archives that have not been fetched."""
    return [path.name for path in archives() if not path.exists()]


def files() -> Iterator[tuple[str, bytes]]:
    """Yield every file of every archive: its path and its bytes."""
    for archive in archives():
        with tarfile.open(archive) as opened:
            for member in opened:
                if content := opened.extractfile(member):
                    yield member.name, content.read()


def _addresses() -> list[str]:
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-deps"]
    kind = ["--no-binary", ":all:", "--format", "pylock.toml", "--python-version", "3.11"]
    told = subprocess.run([*command, *kind, LOCK], check=True, stdout=subprocess.PIPE).stdout
    return [package["sdist"]["url"] for package in tomllib.loads(told.decode())["packages"]]


def _fetched(url: str, trusted: set[str]) -> bytes:
    body = httpx.get(url, follow_redirects=True, timeout=60).raise_for_status().content
    if sha256(body).hexdigest() not in trusted:
        sys.exit(f"{url} is not what {LOCK.name} pins")
    return body


if __name__ == "__main__":
    main()
