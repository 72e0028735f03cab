"""What a person wrote into a photograph's file, by XMP, IPTC-IIM and EXIF."""

import io
import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import IFD, Base

from captioner.decoding import Decoded, decode
from captioner.embedded import Embedded, read
from captioner.preparing import prepare
from image_repo_formats import MAX_CAPTION_CHARS, MAX_KEYWORD_CHARS, MAX_KEYWORDS, xmp
from tests.unit.test_preparing import READ, Says

UTF_8 = (1, 90, b"\x1b%G")
IPTC_CAPTION, IPTC_KEYWORD = (2, 120), (2, 25)
Dataset = tuple[int, int, bytes]


def photograph(
    *,
    packet: bytes | None = None,
    iptc: Sequence[Dataset] = (),
    image: dict[int, object] | None = None,
    comment: bytes | None = None,
    order: str = "<",
) -> bytes:
    """Return a JPEG with an XMP packet, IPTC datasets, tags of IFD0 and a user comment."""
    exif = Image.Exif()
    exif.endian = order
    exif.update(image or {})
    if comment is not None:
        exif.get_ifd(IFD.Exif)[Base.UserComment] = comment
    written = io.BytesIO()
    more = {"xmp": packet} if packet else {}
    Image.new("RGB", (30, 20), "red").save(written, "JPEG", exif=exif.tobytes(), **more)
    return with_iptc(written.getvalue(), iptc) if iptc else written.getvalue()


def with_iptc(jpeg: bytes, datasets: Sequence[Dataset]) -> bytes:
    """Return a JPEG with IPTC datasets, as Photoshop's APP13 segment holds them."""
    held = b"".join(
        b"\x1c" + struct.pack(">BBH", record, number, len(value)) + value
        for record, number, value in datasets
    )
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(held)) + held + b"\0" * (len(held) % 2)
    body = b"Photoshop 3.0\0" + resource
    return jpeg[:2] + b"\xff\xed" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def embedded(data: bytes) -> Embedded:
    return read(decode(data, max_pixels=10_000))


def windows(text: str) -> bytes:
    return text.encode("utf-16-le") + b"\0\0"


def described(text: str) -> dict[int, object]:
    return {Base.ImageDescription: text.encode()}


def test_xmp_counts_before_iptc_and_that_before_exif() -> None:
    exif = {**described("of EXIF"), Base.XPKeywords: windows("exif;windows")}
    iptc = [(*IPTC_CAPTION, b"of IPTC"), (*IPTC_KEYWORD, b"iptc"), (*IPTC_KEYWORD, b"iim")]
    packet = xmp.write("of XMP", ["xmp"])
    assert embedded(photograph(packet=packet, iptc=iptc, image=exif)) == Embedded(
        "of XMP", ("xmp",)
    )
    assert embedded(photograph(iptc=iptc, image=exif)) == Embedded("of IPTC", ("iptc", "iim"))
    assert embedded(photograph(image=exif)) == Embedded("of EXIF", ("exif", "windows"))


def test_what_one_kind_lacks_another_gives() -> None:
    data = photograph(packet=xmp.write(None, ["xmp"]), iptc=[(*IPTC_CAPTION, b"of IPTC")])
    assert embedded(data) == Embedded("of IPTC", ("xmp",))


@pytest.mark.parametrize(
    ("written", "charset", "read_as"),
    [
        ("Größe".encode(), [UTF_8], "Größe"),
        ("Größe".encode(), [], "Größe"),
        ("der “große” Tag".encode("cp1252"), [], "der “große” Tag"),
        ("Größe".encode()[:-1] + "ß".encode()[:1], [UTF_8], "Größ"),
        ("ąęłżź śćń".encode("cp1250"), [], None),
    ],
)
def test_iptc_is_read_in_its_encoding_and_never_into_other_letters(
    written: bytes, charset: list[Dataset], read_as: str | None
) -> None:
    assert embedded(photograph(iptc=[*charset, (*IPTC_CAPTION, written)])).caption == read_as


@pytest.mark.parametrize(
    "data",
    [
        photograph(image={Base.XPComment: windows("Kühe am See")}),
        photograph(image=described("Kühe am See\0\0  ")),
        photograph(image={Base.ImageDescription: "Kühe am See".encode("cp1252")}),
        photograph(comment=b"ASCII\0\0\0" + "Kühe am See".encode() + b"\0\0"),
        photograph(comment=b"UNICODE\0" + "Kühe am See".encode("utf-16-le")),
        photograph(comment=b"UNICODE\0" + "Kühe am See".encode("utf-16-be")),
        photograph(comment=b"\0" * 8 + "Kühe am See".encode()),
    ],
    ids=["XPComment", "UTF-8", "cp1252", "ASCII", "little-endian", "big-endian", "undefined"],
)
def test_exif_is_read_as_people_write_it(data: bytes) -> None:
    assert embedded(data).caption == "Kühe am See"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Kühe am See", "utf-8-sig"),
        ("Kühe am See bei Thun", "utf-8"),
        ("湖の犬", "utf-16"),
        ("湖の犬", "utf-16-le"),
    ],
)
@pytest.mark.parametrize("padding", [0, 64])
def test_a_comment_that_is_called_unicode_is_read_as_programs_write_it(
    text: str, encoding: str, padding: int
) -> None:
    comment = b"UNICODE\0" + text.encode(encoding) + bytes(padding)
    assert embedded(photograph(comment=comment)).caption == text


def test_a_comment_that_two_encodings_could_mean_is_left_out() -> None:
    assert embedded(photograph(comment=b"UNICODE\0Lille")).caption is None


@pytest.mark.parametrize("text", ["湖の犬", "湖の　犬", "湖の 犬"])
@pytest.mark.parametrize(("order", "encoding"), [("<", "utf-16-le"), (">", "utf-16-be")])
@pytest.mark.parametrize("padding", [b"", b"\0\0" * 8])
def test_a_comment_without_western_letters_is_in_the_files_order(
    text: str, order: str, encoding: str, padding: bytes
) -> None:
    comment = b"UNICODE\0" + text.encode(encoding) + padding
    assert embedded(photograph(comment=comment, order=order)).caption == " ".join(text.split())


def test_a_japanese_comment_is_read() -> None:
    data = photograph(comment=b"JIS\0\0\0\0\0" + "湖の犬".encode("iso2022_jp"))
    assert embedded(data).caption == "湖の犬"


@pytest.mark.parametrize(
    "text",
    [
        "OLYMPUS DIGITAL CAMERA",
        "OLYMPUS DIGITAL CAMERA         ",
        "SONY DSC",
        "KODAK Digital Still Camera",
        "MOULTRIE DIGITAL GAME CAMERA",
        "<KENOX S1050  / Samsung S1050>",
        "SAMSUNG CAMERA PICTURES",
        "Default",
        "default",
        "DCIM\\100MEDIA\\DJI_0041.JPG",
        "Created with GIMP",
        "Created by Imaging Software",
        "Screenshot",
        "oznorWO",
        "IMG_0001.JPG",
        "filter: 0; fileterIntensity: 0.0; filterMask: 0",
        "Oplus_16908288",
        '{"AIGC": 1}',
        '&&keyword&& "Lille" "France"',
        "20240501",
        "   ",
        "\0\0\0\0",
    ],
)
def test_what_a_camera_or_program_writes_of_itself_is_no_caption(text: str) -> None:
    assert embedded(photograph(image=described(text))).caption is None
    assert embedded(photograph(packet=xmp.write(text))).caption is None
    commented = photograph(image=described(text), comment=b"ASCII\0\0\0our dog")
    assert embedded(commented).caption == "our dog"


@pytest.mark.parametrize(
    "text",
    ["dog", "My digital camera", "Smart dog", "Created: a castle", "Default judgement", "1 cat"],
)
def test_what_only_resembles_it_is_a_caption(text: str) -> None:
    assert embedded(photograph(image=described(text))).caption == text


def test_a_caption_of_the_own_model_is_nobodys() -> None:
    packet = xmp.write("a brown dog runs", ["Rex"], generated=True)
    copied = photograph(packet=packet, image=described("a brown dog runs"))
    assert embedded(copied) == Embedded(None, ("Rex",))
    rewritten = photograph(packet=packet, iptc=[(*IPTC_CAPTION, b"our Rex")])
    assert embedded(rewritten).caption == "our Rex"


def test_texts_are_one_line_without_control_characters() -> None:
    iptc = [(*IPTC_CAPTION, b"our\r\n\trex\x07 runs "), (*IPTC_KEYWORD, b" lake\x00como ")]
    assert embedded(photograph(iptc=iptc)) == Embedded("our rex runs", ("lake como",))


def test_a_caption_that_is_too_long_is_cut_at_a_word() -> None:
    caption = embedded(photograph(packet=xmp.write("dogs " * 1_000))).caption
    assert caption and caption.endswith("dogs…")
    assert MAX_CAPTION_CHARS - 6 < len(caption) <= MAX_CAPTION_CHARS
    unbroken = embedded(photograph(packet=xmp.write("ö" * 3_000))).caption
    assert unbroken == "ö" * (MAX_CAPTION_CHARS - 1) + "…"


def test_keywords_that_are_too_long_or_too_many_are_left_out() -> None:
    said = ["x" * (MAX_KEYWORD_CHARS + 1), "Rex", "REX", *map(str, range(MAX_KEYWORDS))]
    keywords = embedded(photograph(packet=xmp.write(None, said))).keywords
    assert keywords[:2] == ("Rex", "0") and len(keywords) == MAX_KEYWORDS


@given(st.data())
def test_no_metadata_condemns_a_picture(data: st.DataObject) -> None:
    anything = st.binary(max_size=40) | st.text(max_size=9) | st.integers() | st.just((1, 2))
    decoded = decode(photograph(), max_pixels=10_000)
    tags = [Base.ImageDescription, Base.XPComment, Base.XPKeywords]
    exif = type(decoded.exif)(
        image={tag: data.draw(anything) for tag in tags},
        photo={Base.UserComment: data.draw(anything)},
    )
    iptc = {name: data.draw(st.binary() | st.lists(st.binary())) for name in [(2, 25), (2, 120)]}
    found = read(Decoded(decoded.pixels, 30, 20, "image/jpeg", exif, data.draw(st.binary()), iptc))
    assert found.caption is None or 0 < len(found.caption) <= MAX_CAPTION_CHARS


def test_a_photograph_is_prepared_with_what_stands_in_it() -> None:
    data = photograph(packet=xmp.write("our Rex", ["lake"]))
    prepared = prepare(data, read=READ, describe=Says("a dog").describe)
    assert (prepared.embedded_caption, prepared.keywords) == ("our Rex", ("lake",))
