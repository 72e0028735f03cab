"""A trained bundle is taken into a deployment whole, or refused."""

import io
import json
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from captioner.vision.bundle import DEFAULT_BUNDLE, FILES
from captioner.vision.manifest import BundleError, sha256
from infra.bundle import main, take
from infra.packaging import captioner_image

Change = Callable[[Path], object]


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A bundle as a training job leaves it."""
    folder = tmp_path / "model"
    shutil.copytree(DEFAULT_BUNDLE, folder)
    document = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps(document | {"name": "ours", "version": "9"}))
    return folder


def archive(folder: Path) -> Path:
    """A ``model.tar.gz`` of what lies in a folder, as SageMaker makes it."""
    made = folder.parent / "model.tar.gz"
    with tarfile.open(made, "w:gz", compresslevel=0) as packed:  # weights do not compress
        packed.add(folder, arcname=".")
    return made


def test_a_training_jobs_archive_is_taken(trained: Path, tmp_path: Path) -> None:
    target = tmp_path / "taken"
    assert take(str(archive(trained)), target) == "ours 9"
    assert {path.name for path in target.iterdir()} == {"bundle.json", *FILES, "words.npz"}


def test_a_folder_is_taken(trained: Path, tmp_path: Path) -> None:
    assert take(str(trained), tmp_path / "taken") == "ours 9"


@pytest.fixture
def bucket() -> Iterator[str]:
    with mock_aws():
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="models")
        yield "models"


def test_an_archive_in_s3_is_taken(trained: Path, bucket: str, tmp_path: Path) -> None:
    client = boto3.client("s3", region_name="us-east-1")
    client.upload_file(str(archive(trained)), bucket, "job-1/output/model.tar.gz")
    where = f"s3://{bucket}/job-1/output/model.tar.gz"
    assert take(where, tmp_path / "taken", client) == "ours 9"


@pytest.mark.parametrize("where", ["s3://models/none.tar.gz", "s3://models", "nowhere.tar.gz"])
def test_what_is_not_there_is_named(where: str, bucket: str, tmp_path: Path) -> None:
    client = boto3.client("s3", region_name="us-east-1")
    with pytest.raises(BundleError, match=where.rsplit("/", maxsplit=1)[-1]):
        take(where, tmp_path / "taken", client)


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def of_another_format(folder: Path) -> None:
    document = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps(document | {"format": 99}))


def intact_but_no_network(folder: Path) -> None:
    """Sums that fit a file that does not."""
    shutil.copyfile(folder / "text.npz", folder / "decoder.npz")
    document = json.loads((folder / "bundle.json").read_text())
    document["sha256"]["decoder.npz"] = sha256(folder / "decoder.npz")
    (folder / "bundle.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: flip(folder / "decoder.npz"), "decoder.npz is damaged"),
        (lambda folder: (folder / "text.npz").unlink(), "text.npz is missing"),
        (lambda folder: (folder / "bundle.json").unlink(), "bundle.json is missing"),
        (lambda folder: (folder / "run.sh").write_text("#!"), "run.sh"),
        (of_another_format, "format 99"),
        (intact_but_no_network, "decoder.npz"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_bundle_with_anything_off_is_refused_and_the_one_before_stays(
    change: Change, said: str, packed: bool, trained: Path, tmp_path: Path
) -> None:
    target = tmp_path / "taken"
    shutil.copytree(trained, target)
    change(trained)
    with pytest.raises(BundleError, match=said):
        take(str(archive(trained) if packed else trained), target)
    assert json.loads((target / "bundle.json").read_text())["version"] == "9"


@pytest.mark.parametrize("name", ["../bundle.json", "/etc/bundle.json", "sub/bundle.json"])
def test_an_archive_writes_nowhere_else(name: str, tmp_path: Path) -> None:
    hostile = tmp_path / "model.tar.gz"
    with tarfile.open(hostile, "w:gz") as packed:
        member = tarfile.TarInfo(name)
        packed.addfile(member, io.BytesIO())
    with pytest.raises(BundleError, match="no file of a bundle"):
        take(str(hostile), tmp_path / "taken")


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    hostile = tmp_path / "model.tar.gz"
    with tarfile.open(hostile, "w:gz") as packed:
        member = tarfile.TarInfo("bundle.json")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        packed.addfile(member)
    with pytest.raises(BundleError, match="no file of a bundle"):
        take(str(hostile), tmp_path / "taken")


def test_an_archive_cut_off_is_refused(trained: Path, tmp_path: Path) -> None:
    whole = archive(trained)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(BundleError, match=r"model\.tar\.gz is no archive, or a damaged one"):
        take(str(whole), tmp_path / "taken")


def test_make_is_told_to_stop(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["infra.bundle", "nowhere.tar.gz"])
    assert main() == 1
    assert "Nothing was deployed" in capsys.readouterr().err


def test_the_captioners_image_is_built_with_the_bundle_taken(trained: Path) -> None:
    context = captioner_image(trained)
    found = json.loads((context / "captioner" / "bundle" / "bundle.json").read_text())
    assert found["name"] == "ours"


def test_without_one_the_image_has_the_repositorys_bundle() -> None:
    context = captioner_image()
    packed = (context / "captioner" / "bundle" / "bundle.json").read_bytes()
    assert packed == (DEFAULT_BUNDLE / "bundle.json").read_bytes()


def test_a_bundle_that_was_not_taken_stops_the_synthesis(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"infra\.bundle"):
        captioner_image(tmp_path / "none")
