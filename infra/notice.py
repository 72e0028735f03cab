"""What is not this project's own and ships with it: ``python -m infra.notice > NOTICE``."""

import re
from collections.abc import Iterator
from importlib.metadata import metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
# What each lock is installed into.
SHIPPED = {
    "api": "The API's and the indexer's functions",
    "captioner": "The captioner's and the encoder's image",
}
HEAD = """Image Repo is under the Apache License 2.0 (LICENSE).

The encoder's weights derive from VGG's (Visual Geometry Group, University of Oxford), Creative
Commons Attribution 4.0 (https://creativecommons.org/licenses/by/4.0/), and were changed by
training: docs/model-card.md.

The functions contain these packages, whose own files hold the licences' texts and name the
libraries that they bundle. Of these libheif and libde265, which pi-heif bundles, are under the
LGPL: shared libraries of their own, which may be exchanged."""


def locked(lock: str) -> dict[str, str]:
    """Return the packages of a lock by name, with their versions."""
    text = (ROOT / "requirements" / f"{lock}.lock").read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;]+)", text, re.MULTILINE))


def licence(package: str) -> str:
    """Return the licence of an installed package, as its metadata has it.

    ``License-Expression`` (PEP 639) says all of it; older packages have classifiers, or a line.
    """
    about = metadata(package)
    if about["License-Expression"]:
        return str(about["License-Expression"])
    classifiers = about.get_all("Classifier") or []
    named = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License ::")]
    return "; ".join(named) or str(about["License"]).partition("\n")[0]


def lines() -> Iterator[str]:
    """Give the lines of the notice."""
    yield HEAD
    for lock, where in SHIPPED.items():
        yield f"\n{where} (requirements/{lock}.lock):"
        for package, version in locked(lock).items():
            yield f"- {package} {version}: {licence(package)}"


def main() -> None:
    """Print the notice."""
    print("\n".join(lines()))


if __name__ == "__main__":
    main()
