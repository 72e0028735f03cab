"""What people corrected, exported as training data."""

from pathlib import Path

import pytest

from chalicelib.images import Caption, Source
from image_repo import corrections, exporting
from image_repo.errors import CommandError
from tests.api import Api
from tests.importing import Repository, jpeg
from training.dataset import read_everyday

NAMES = [f"photograph {number}.jpg" for number in range(30)]


@pytest.fixture
def repository(api: Api, tmp_path: Path) -> Repository:
    repository = Repository(api)
    (tmp_path / "in").mkdir()
    for name in NAMES:
        (tmp_path / "in" / name).write_bytes(jpeg(name))
    repository.take_in(tmp_path / "in")
    return repository


def exported(repository: Repository, folder: Path) -> list[exporting.SavedFile]:
    client = repository.client()
    images = corrections.corrected(exporting.list_images(client, None))
    return corrections.save(client, images, folder, lambda: None)


def correct(repository: Repository, *names: str) -> None:
    for image in repository.images():
        if image["name"] in names:
            caption = {"caption": f"what {image['name']} shows"}
            repository.client().call("PATCH", f"images/{image['id']}", body=caption)


def test_what_people_wrote_is_trained_on_and_a_tenth_is_held_out(
    repository: Repository, tmp_path: Path
) -> None:
    correct(repository, *NAMES[:20])
    assert len(exported(repository, tmp_path / "out")) == 20
    train, dev = (read_everyday(tmp_path / "out", part) for part in ("train", "dev"))
    photographs = [*train.photographs, *dev.photographs]
    told = zip(photographs, [*train.captions, *dev.captions], strict=True)
    assert {path.name: captions for path, captions in told} == {
        name: (f"what {name} shows",) for name in NAMES[:20]
    }
    assert dev.photographs and train.photographs
    correct(repository, *NAMES)
    assert sum(one.is_new for one in exported(repository, tmp_path / "out")) == 10


def test_what_was_held_out_stays_so_as_more_is_corrected() -> None:
    ids = [f"id-{number}" for number in range(200)]
    some, every = corrections.held_out(ids[:100]), corrections.held_out(ids)
    assert some < every and 10 <= len(every) <= 30
    assert [len(corrections.held_out(ids[:count])) for count in (0, 1, 2)] == [0, 0, 1]


def test_what_a_model_wrote_is_no_correction() -> None:
    def image(source: Source | None) -> dict[str, object]:
        caption = Caption("a dog", source) if source else None
        return {"caption": caption and {"text": caption.text, "source": caption.source.value}}

    kinds = [image(Source.MODEL), image(Source.FILE), image(None), image(Source.USER)]
    assert corrections.corrected(kinds) == kinds[3:]


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(CommandError, match="holds other files"):
        exporting.check(tmp_path, {corrections.CAPTIONS})
    with pytest.raises(CommandError, match="is no folder"):
        exporting.check(tmp_path / "letter.txt", {corrections.CAPTIONS})
    exporting.check(tmp_path / "new", {corrections.CAPTIONS})
