"""The photographs of the demo where none are named: those that come inside two packages."""

import shutil
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

CC0 = "CC0"
PUBLIC_DOMAIN = "public domain"
BY = "CC BY 2.0"


@dataclass(frozen=True, slots=True)
class Credit:
    """One photograph, where it comes from and on what terms.

    Attributes
    ----------
    package, file
        Where it lies: the importable package and the file in it.
    author, licence
        As the package's own documentation states them.
    """

    package: str
    file: str
    author: str
    licence: str


SCIKIT_IMAGE = "skimage.data"
SCIKIT_LEARN = "sklearn.datasets.images"

CREDITS = (
    Credit(SCIKIT_IMAGE, "astronaut.png", "NASA", PUBLIC_DOMAIN),
    Credit(SCIKIT_IMAGE, "camera.png", "Lav Varshney", CC0),
    Credit(SCIKIT_IMAGE, "chelsea.png", "Stéfan van der Walt", CC0),
    Credit(SCIKIT_IMAGE, "clock_motion.png", "Stéfan van der Walt", PUBLIC_DOMAIN),
    Credit(SCIKIT_IMAGE, "coffee.png", "Rachel Michetti", CC0),
    Credit(SCIKIT_IMAGE, "grass.png", "linolafett", CC0),
    Credit(SCIKIT_IMAGE, "gravel.png", "CC0Textures", CC0),
    Credit(SCIKIT_IMAGE, "hubble_deep_field.jpg", "NASA", PUBLIC_DOMAIN),
    Credit(SCIKIT_IMAGE, "rocket.jpg", "SpaceX", PUBLIC_DOMAIN),
    Credit(SCIKIT_LEARN, "china.jpg", "danielbuechele", BY),
    Credit(SCIKIT_LEARN, "flower.jpg", "vultilion", BY),
)


def lay_out(folder: Path) -> tuple[Credit, ...]:
    """Copy the photographs into ``folder`` and return whom they are owed to."""
    folder.mkdir(parents=True, exist_ok=True)
    for credit in CREDITS:
        with as_file(files(credit.package) / credit.file) as source:
            shutil.copyfile(source, folder / credit.file)
    return CREDITS
