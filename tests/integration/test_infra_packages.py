"""What is shipped to Lambda, and what every environment is made of."""

import marshal
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path

import pytest

from infra.functions import ARCHITECTURE, RUNTIME
from layers.__main__ import HERE, LAMBDA, build, interpreter, size

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
DOCKERFILE = ROOT / "captioner" / "Dockerfile"
MEGABYTE = 1_000_000


@pytest.fixture(scope="session")
def api_package(assembly: Path) -> Path:
    (package,) = assembly.glob("asset.*.zip")
    return package


def test_api_and_layer_stay_well_below_lambdas_quotas(api_package: Path, tmp_path: Path) -> None:
    # "Lambda quotas" in its developer guide: 50 MB zipped, and 250 MB unzipped with the layers, of
    # which a fifth is left to what comes.
    layer = Path(shutil.make_archive(str(tmp_path / "layer"), "zip", build(LAMBDA)))
    with zipfile.ZipFile(api_package) as package:
        api = sum(entry.file_size for entry in package.infolist())
    assert api_package.stat().st_size + layer.stat().st_size <= 50 * MEGABYTE
    assert api + size(LAMBDA.folder) <= 200 * MEGABYTE


def test_the_api_package_holds_the_application_and_nothing_else(api_package: Path) -> None:
    with zipfile.ZipFile(api_package) as package:
        names = package.namelist()
    parts = {"app.py", "captioner", "chalice", "chalicelib", "image_repo_formats"}
    assert {name.split("/")[0] for name in names} == parts
    assert "chalicelib/gallery/index.html" in names
    assert not [name for name in names if "__pycache__" in name]


def test_the_api_package_holds_the_models_text_side_and_no_more_of_it(api_package: Path) -> None:
    with zipfile.ZipFile(api_package) as package:
        names = {name for name in package.namelist() if name.startswith("captioner/bundle/")}
    files = ("bundle.json", "text.npz", "tokenizer.json", "words.npz")
    assert names == {f"captioner/bundle/{file}" for file in files}


def test_a_query_becomes_a_vector_in_the_api_package(api_package: Path, tmp_path: Path) -> None:
    layer = build(HERE)
    with zipfile.ZipFile(api_package) as package:
        package.extractall(tmp_path)
    program = "from captioner.vision import words; print(words.load().encode_query('a dog').nbytes)"
    ran = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={"PYTHONPATH": os.pathsep.join([str(tmp_path), str(layer / "python")])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.strip() == "1024", ran.stderr


def test_the_layers_wheels_are_of_the_functions_architecture() -> None:
    # Bytes 18 and 19 of an ELF file name the machine: 62 is x86-64, 183 is 64-bit Arm (elf.h).
    libraries = [file.read_bytes()[:20] for file in build(LAMBDA).rglob("*.so*")]
    assert libraries
    machines = {int.from_bytes(head[18:20], "little") for head in libraries}
    assert machines == {{"x86_64": 62, "arm64": 183}[ARCHITECTURE.name]}


def test_functions_layer_and_image_are_of_one_python() -> None:
    assert RUNTIME.name == f"python{LAMBDA.python}"
    wheels = {suffix for file in build(LAMBDA).rglob("*.cpython-*.so") for suffix in tags(file)}
    assert wheels == {f"cpython-{str(LAMBDA.python).replace('.', '')}"}
    named = set(re.findall(r"python:?(3\.\d+)", DOCKERFILE.read_text()))
    assert named == {LAMBDA.python}


def tags(library: Path) -> list[str]:
    return re.findall(r"\.(cpython-\d+)", library.name)


def test_the_local_stack_gets_the_wheels_of_this_machine(assembly: Path) -> None:
    (layer,) = (folder.parent for folder in assembly.glob("asset.*/python"))
    assert list(layer.rglob(f"_multiarray_umath{sysconfig.get_config_var('EXT_SUFFIX')}"))


@pytest.mark.parametrize(
    "program",
    [
        "import app; app.repository()",
        "import indexer.handler",
        # Imported where somebody comes with a provider's token.
        "from joserfc import jws, jwt; from joserfc.jwk import RSAKey; RSAKey.generate_key(2048)",
    ],
)
def test_a_function_and_its_clients_need_nothing_but_its_layer(
    program: str, api_package: Path, tmp_path: Path
) -> None:
    layer = build(HERE)
    with zipfile.ZipFile(api_package) as package:
        package.extractall(tmp_path / "code")
    (tmp_path / "code" / "indexer").symlink_to(ROOT / "indexer")
    paths = (tmp_path / "code", layer / "python")
    ran = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env={
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "AWS_DEFAULT_REGION": "us-east-1",
            "IMAGE_REPO_BUCKET": "bucket",
            "IMAGE_REPO_TABLE": "table",
            "IMAGE_REPO_TOKENS_TABLE": "tokens",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_the_layer_is_compiled_for_good_and_for_where_lambda_unpacks_it() -> None:
    layer = build(HERE)
    for module in (layer / "python").rglob("*.py"):
        compiled = Path(cache_from_source(str(module))).read_bytes()
        # PEP 552: a hash that is not looked at, instead of the time of a file that has been zipped.
        assert compiled[:8] == MAGIC_NUMBER + b"\1\0\0\0", module
        assert marshal.loads(compiled[16:]).co_filename == f"/opt/{module.relative_to(layer)}"


def test_lambdas_layer_is_compiled_by_its_own_python_or_not_at_all() -> None:
    compiled = {file.suffixes[-2] for file in build(LAMBDA).rglob("*.pyc")}
    known = interpreter(LAMBDA.python) is not None
    assert compiled == ({f".cpython-{str(LAMBDA.python).replace('.', '')}"} if known else set())


def test_the_captioners_image_compiles_all_that_it_holds() -> None:
    steps = re.split(r"\n(?=[A-Z])", DOCKERFILE.read_text())
    own = {step.split("/")[-1] for step in steps if re.match("COPY [a-z_]+ ", step)}
    install, compiled = (step for step in steps if "compileall -q --invalidation-mode un" in step)
    assert "pip install" in install
    assert own == set(re.findall(r"[a-z_]+$|[a-z_]+(?= )", compiled.splitlines()[-1].strip()))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_locked_package_has_a_version_and_hashes(lock: Path) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"(?m)^\s*#.*\n", "", lock.read_text()).strip())
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+(\[[a-z0-9,-]+\])?==\S+ ", entry), entry[:80]
        assert "--hash=sha256:" in entry, entry[:80]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_no_lock_names_a_host(lock: Path) -> None:
    assert not re.search(r"://|--(extra-)?index-url|--find-links", lock.read_text())


def test_the_captioners_image_holds_no_tensorflow() -> None:
    names = re.findall(r"(?m)^([a-z0-9._-]+)==", (ROOT / "requirements/captioner.lock").read_text())
    assert "onnxruntime" in names
    assert not {name for name in names if "tensorflow" in name or name == "keras"}


def test_the_layer_holds_nothing_that_runs_the_model_on_images() -> None:
    names = re.findall(r"(?m)^([a-z0-9._-]+)==", (ROOT / "requirements/api.lock").read_text())
    assert "numpy" in names
    assert not {"onnxruntime", "pillow", "tensorflow-cpu"} & set(names)
