"""Captions and keywords in XMP, written and read."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from image_repo_formats.xmp import MAX_BYTES, Described, read, write

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DC = "http://purl.org/dc/elements/1.1/"
TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40)


def packet(body: str, attributes: str = "") -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}" xmlns:dc="{DC}">'
        f'<rdf:Description rdf:about=""{attributes}>{body}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode() + b"   \n\0"


def with_dtd(definition: str, caption: str) -> bytes:
    document = packet(alternatives(x_default=caption)).decode().partition("?>")[2]
    return f"<!DOCTYPE x:xmpmeta {definition}>{document}".encode()


def alternatives(**texts: str) -> str:
    items = "".join(
        f'<rdf:li xml:lang="{language.replace("_", "-")}">{text}</rdf:li>'
        for language, text in texts.items()
    )
    return f"<dc:description><rdf:Alt>{items}</rdf:Alt></dc:description>"


@given(st.none() | TEXTS, st.lists(TEXTS, max_size=5, unique=True), st.booleans())
def test_what_is_written_is_read(caption: str | None, keywords: list[str], is_ours: bool) -> None:
    found = read(write(caption, keywords, generated=is_ours))
    assert found == Described(caption, tuple(keywords), is_ours and caption is not None)


@given(st.binary(max_size=300))
def test_whatever_the_bytes_something_is_read_or_nothing(content: bytes) -> None:
    for start in (b"", b"<?xml version='1.0'?>", packet("")[:-40]):
        assert read(start + content) is None or isinstance(read(start + content), Described)


def test_the_default_language_counts_then_english_then_any() -> None:
    both = alternatives(de_DE="Ein Hund", en_US="A dog", x_default="Rex")
    assert read(packet(both)) == Described("Rex")
    assert read(packet(alternatives(de_DE="Ein Hund", en_US="A dog"))) == Described("A dog")
    assert read(packet(alternatives(de_DE="Ein Hund"))) == Described("Ein Hund")


def test_keywords_are_read_once_each_out_of_any_container() -> None:
    items = "<rdf:li>beach</rdf:li><rdf:li> summer  day </rdf:li><rdf:li>beach</rdf:li><rdf:li/>"
    for kind in ("Bag", "Seq"):
        body = f"<dc:subject><rdf:{kind}>{items}</rdf:{kind}></dc:subject>"
        assert read(packet(body)) == Described(None, ("beach", "summer day"))


def test_what_is_said_of_other_things_is_not_said_of_the_photograph() -> None:
    inner = f"<rdf:Description>{alternatives(x_default='a lens')}</rdf:Description>"
    assert read(packet(f'<q:used xmlns:q="urn:q">{inner}</q:used>')) == Described()


def test_a_caption_that_somebody_changed_is_no_longer_the_models() -> None:
    ours = write("a dog", generated=True)
    assert read(ours) == Described("a dog", (), generated=True)
    assert read(ours.replace(b'default">a dog', b'default">Rex')) == Described("Rex")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no XML",
        b"<x/>",
        with_dtd('SYSTEM "file:///etc/passwd"', "a dog"),
        with_dtd('[<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]', "&b;"),
        with_dtd('[<!ENTITY a SYSTEM "file:///etc/passwd">]', "a dog &a;"),
        b'<?xml version="1.0" encoding="klingon"?><x/>',
        b'<?xml version="1.0" encoding="gbk"?><x/>',
        b"<x>" * 200_000,
        packet(" " * MAX_BYTES),
    ],
)
def test_what_is_no_xmp_or_is_made_to_harm_is_not_read(content: bytes) -> None:
    assert read(content) is None


def test_what_xml_cannot_hold_is_left_out_of_what_is_written() -> None:
    assert read(write("a\0 <dog> & \ud800\ufffe 'cat'")) == Described("a <dog> & 'cat'")


@pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is not installed")
def test_other_programs_read_what_is_written(tmp_path: Path) -> None:
    sidecar = tmp_path / "dog.jpg.xmp"
    sidecar.write_bytes(write("Ein Hund — „süß“ & <wach>", ["Strand", "犬"], generated=True))
    asked = ["exiftool", "-json", "-validate", "-XMP:all", str(sidecar)]
    (told,) = json.loads(subprocess.run(asked, capture_output=True, check=True).stdout)
    assert told["Description"] == "Ein Hund — „süß“ & <wach>"
    assert told["Subject"] == ["Strand", "犬"]
    assert told["CreatorTool"] == "Image Repo"


@pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is not installed")
def test_what_other_programs_write_is_read(tmp_path: Path) -> None:
    sidecar = tmp_path / "dog.xmp"
    said = ["-XMP-dc:Description=Une fille à l’école", "-XMP-dc:Subject=été", "-XMP-dc:Subject=mer"]
    subprocess.run(["exiftool", "-q", *said, str(sidecar)], check=True)
    assert read(sidecar.read_bytes()) == Described("Une fille à l’école", ("été", "mer"))


def test_items_within_items_take_no_longer_than_others() -> None:
    nested = b"<rdf:li>" * 20_000 + b"dog" + b"</rdf:li>" * 20_000
    hostile = write("a dog", ["dog"]).replace(b"<rdf:li>dog</rdf:li>", nested)
    assert nested in hostile
    started = time.process_time()
    described = read(hostile)
    assert described and described.keywords == ("dog",)
    assert time.process_time() - started < 0.5
