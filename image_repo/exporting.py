"""Exporting a repository into a folder, from which it can be imported again.

Every photograph lies there under its own name; ``images.jsonl`` has the records,
``descriptions.txt`` people's captions, and XMP sidecars captions and keywords for other programs.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from image_repo.client import PAGE, Client, Json, image_path
from image_repo.contents import sha256_of, threads
from image_repo.errors import UNAVAILABLE, CommandError, Unreachable, in_words
from image_repo.exported import FILE_NAME, line_of
from image_repo.names import FileNames, folded
from image_repo.uploading import WITHOUT_FILE
from image_repo_formats import captions, xmp

AT_ONCE = 8
UNFINISHED = f"{FILE_NAME}.part"


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A photograph of an export.

    Attributes
    ----------
    name
        Of its file; None where the repository has none yet.
    problem
        Why the file could not be saved.
    is_new
        Whether it was downloaded now.
    """

    image: Json
    name: str | None
    problem: str | None = None
    is_new: bool = False


def check(folder: Path, marks: Collection[str] = (FILE_NAME, UNFINISHED)) -> None:
    """Refuse a folder in which an export could overwrite what is somebody else's.

    Parameters
    ----------
    marks
        Files of which an export leaves one at least.

    Raises
    ------
    CommandError
        It holds files, and none of them says that an export put them there.
    """
    if folder.exists() and not folder.is_dir():
        raise CommandError(f"{folder} is no folder")
    is_ours = any((folder / name).exists() for name in marks)
    if folder.exists() and any(folder.iterdir()) and not is_ours:
        raise CommandError(f"{folder} holds other files: name a new or an empty folder")


def list_images(client: Client, owner: str | None) -> list[Json]:
    """Return the records, the oldest first, so that a later export gives files the same names."""
    images = client.pages("images", "items", {"limit": PAGE, "owner": owner})
    return sorted(images, key=lambda image: (image["created_at"], image["id"]))


def save(
    client: Client, images: Sequence[Json], folder: Path, done: Callable[[], object]
) -> list[SavedFile]:
    """Write photographs and what describes them; what is there already is not fetched again.

    ``done`` is called after each photograph.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / UNFINISHED).touch()
    names = FileNames((FILE_NAME, UNFINISHED, captions.DEFAULT_NAME))
    named = [(image, names.of(image["name"]) if _has_file(image) else None) for image in images]
    files = _save(client, named, folder, done)
    _describe(files, folder)
    return files


def download(
    client: Client, images: Sequence[Json], folder: Path, done: Callable[[], object]
) -> list[SavedFile]:
    """Save photographs under their own names beside whatever lies in a folder, and that stays.

    A file with the same content counts as saved.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = FileNames()

    def free(image: Json) -> str:
        while not _is_free(folder / (name := names.of(image["name"])), image):
            pass
        return name

    named = [(image, free(image) if _has_file(image) else None) for image in images]
    return _save(client, named, folder, done)


def _is_free(path: Path, image: Json) -> bool:
    return not path.exists() or (path.is_file() and sha256_of(path) == image["sha256"])


def _save(
    client: Client,
    named: Sequence[tuple[Json, str | None]],
    folder: Path,
    done: Callable[[], object],
) -> list[SavedFile]:
    def saved(one: tuple[Json, str | None]) -> SavedFile:
        found = _saved(client, *one, folder)
        done()
        return found

    with threads(AT_ONCE) as pool:
        return list(pool.map(saved, named))


def left_over(folder: Path, files: Sequence[SavedFile]) -> list[str]:
    """Return the names of files that an export has nothing to do with, which import would take.

    They are of photographs that were deleted since an export before, or somebody put them there.
    """
    ours = {one.name for one in files} | {FILE_NAME, captions.DEFAULT_NAME}
    names = (path.name for path in sorted(folder.iterdir()) if path.suffix != ".xmp")
    return [name for name in names if name not in ours]


def _has_file(image: Json) -> bool:
    return image["state"] not in WITHOUT_FILE


def _saved(client: Client, image: Json, name: str | None, folder: Path) -> SavedFile:
    if name is None:
        return SavedFile(image, None)
    path = folder / name
    try:
        if path.is_file() and sha256_of(path) == image["sha256"]:
            return SavedFile(image, name)
        image = _download(client, image, path)
    except (CommandError, OSError) as problem:
        if isinstance(problem, CommandError) and problem.exit_code == UNAVAILABLE:
            raise
        return SavedFile(image, None, in_words(problem))
    return SavedFile(image, name, is_new=True)


def _download(client: Client, image: Json, path: Path) -> Json:
    """Save a photograph's file and return its record, which is asked for again where it was late.

    A link is good for an hour, and a file may be replaced meanwhile.
    """
    try:
        client.download(image["links"]["original"], path, sha256=image["sha256"])
    except Unreachable:
        raise
    except CommandError:
        image = client.call("GET", image_path(image["id"]))
        client.download(image["links"]["original"], path, sha256=image["sha256"])
    return image


def _describe(files: Sequence[SavedFile], folder: Path) -> None:
    sidecars = _sidecars({one.name for one in files if one.name})
    unfinished = folder / UNFINISHED
    with (
        unfinished.open("w", encoding="utf-8") as records,
        (folder / captions.DEFAULT_NAME).open("w", encoding="utf-8") as lines,
    ):
        for one in files:
            records.write(line_of(one.image, one.name))
            caption = one.image["caption"]
            if one.name and caption and caption["source"] != "model":
                lines.write(_line(one.name, caption["text"]))
            if one.name:
                _write_sidecar(one.image, folder / sidecars[one.name])
    unfinished.replace(folder / FILE_NAME)


def _line(name: str, caption: str) -> str:
    """Return a line of captions; none where it would be read as something else."""
    line = f"{name}\t{caption}\n"
    read = captions.read(BytesIO(line.encode()), captions.DEFAULT_NAME).entries
    is_read = [getattr(entry, "name", None) for entry in read] == [name]
    return line if is_read else ""


def _write_sidecar(image: Json, path: Path) -> None:
    caption = image["caption"] or {"text": None, "source": None}
    if caption["text"] is None and not image["keywords"]:
        path.unlink(missing_ok=True)  # an export before may have had something to say
        return
    is_model = caption["source"] == "model"
    path.write_bytes(xmp.write(caption["text"], image["keywords"], generated=is_model))


def _sidecars(names: Collection[str]) -> Mapping[str, str]:
    """Return the name of each photograph's sidecar.

    Lightroom puts ".xmp" in the place of the extension, and digiKam looks there first; where that
    would be another photograph's, too, it is appended, where digiKam looks then.
    """
    stems = Counter(folded(Path(name).stem) for name in names)
    alone = {name for name in names if stems[folded(Path(name).stem)] == 1}
    return {
        name: f"{Path(name).stem if name in alone and _is_meant(name, names) else name}.xmp"
        for name in names
    }


def _is_meant(name: str, names: Collection[str]) -> bool:
    """Tell whether who reads a sidecar of the stem takes it for this photograph's."""
    meant = captions.names(Path(name).stem)
    return next((each for each in meant if each in names), None) == name
