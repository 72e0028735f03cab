"""Small sound pictures in every format that is let in, with all that stands beside pixels."""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image, ImageCms, PngImagePlugin

from image_repo_formats.sniffing import HEAD_BYTES, media_type

DATA = Path(__file__).resolve().parents[1] / "data"
LARGEST = 32 * 1024
_SIZE = (48, 32)
_XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
    b'syntax-ns#"><rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
    b'tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)
# A Photoshop resource of two IPTC data sets: a caption and a keyword.
_IPTC = b"\x1c\x02\x78\x00\x05A dog\x1c\x02\x19\x00\x03dog"
_PHOTOSHOP = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + len(_IPTC).to_bytes(4, "big") + _IPTC

_FORMS: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("JPEG", "RGB", {"quality": 80}),
    ("JPEG", "RGB", {"progressive": True, "subsampling": 0}),
    ("JPEG", "CMYK", {}),
    ("JPEG", "L", {"restart_marker_rows": 1}),
    ("MPO", "RGB", {"save_all": True, "append_images": [Image.new("RGB", _SIZE)]}),
    ("PNG", "RGB", {}),
    ("PNG", "RGBA", {}),
    ("PNG", "P", {"transparency": 3}),
    ("PNG", "I;16", {}),
    ("PNG", "1", {}),
    ("PNG", "RGB", {"save_all": True, "append_images": [Image.new("RGB", _SIZE)]}),
    ("WEBP", "RGB", {}),
    ("WEBP", "RGBA", {"lossless": True}),
    ("WEBP", "RGB", {"save_all": True, "append_images": [Image.new("RGB", _SIZE)]}),
    ("GIF", "P", {"comment": b"a dog"}),
    ("GIF", "P", {"save_all": True, "append_images": [Image.new("P", _SIZE)], "transparency": 1}),
    ("TIFF", "RGB", {}),
    ("TIFF", "RGBA", {"compression": "tiff_lzw"}),
    ("TIFF", "CMYK", {"compression": "tiff_adobe_deflate"}),
    ("TIFF", "RGB", {"compression": "jpeg"}),
    ("TIFF", "1", {"compression": "group4"}),
    ("TIFF", "I;16", {"save_all": True, "append_images": [Image.new("I;16", _SIZE)]}),
    ("TIFF", "F", {}),
    ("HEIF", "RGB", {"quality": 50}),
    ("HEIF", "RGBA", {"quality": 50}),
    ("AVIF", "RGB", {"quality": 50, "speed": 10}),
    ("AVIF", "RGBA", {"quality": 50, "speed": 10}),
)


def seeds() -> list[bytes]:
    """Return pictures that are made here, and the small ones of ``tests/data``."""
    pillow_heif.register_heif_opener()
    kept = [path.read_bytes() for path in sorted(DATA.rglob("*")) if path.is_file()]
    small = [data for data in kept if len(data) <= LARGEST and media_type(data[:HEAD_BYTES])]
    made = list(_made())
    # As other cameras than Apple's name what is in a file.
    generic = [data.replace(b"ftypheic", b"ftypmif1", 1) for data in made if b"ftypheic" in data]
    return [*made, *generic, *small]


def _made() -> Iterator[bytes]:
    for kind, mode, how in _FORMS:
        written = io.BytesIO()
        beside = _beside(kind)
        if "compression" in how:
            # Pillow writes no nested directories through libtiff.
            del beside["exif"]
            beside["tiffinfo"] = {0x0112: 6}
        _picture(mode).save(written, kind, **beside, **how)
        yield _with_iptc(written.getvalue()) if kind == "JPEG" else written.getvalue()


def _picture(mode: str) -> Image.Image:
    noise = np.random.default_rng(16).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    coloured = Image.fromarray(noise).resize(_SIZE, Image.Resampling.BICUBIC)
    if mode == "RGBA":
        coloured.putalpha(Image.linear_gradient("L").resize(_SIZE))
    return coloured.convert("I").convert("I;16") if mode == "I;16" else coloured.convert(mode)


def _beside(kind: str) -> dict[str, Any]:
    """Return EXIF with an orientation and a position, a profile, XMP, and chunks of PNG."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2024:05:01 13:20:00"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    chunks = PngImagePlugin.PngInfo()
    chunks.add(b"gAMA", (45_455).to_bytes(4, "big"))
    chunks.add_itxt("XML:com.adobe.xmp", _XMP.decode())
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    beside: dict[str, Any] = {"exif": exif.tobytes(), "icc_profile": profile}
    return beside | ({"pnginfo": chunks} if kind == "PNG" else {"xmp": _XMP})


def _with_iptc(jpeg: bytes) -> bytes:
    return jpeg[:2] + b"\xff\xed" + (len(_PHOTOSHOP) + 2).to_bytes(2, "big") + _PHOTOSHOP + jpeg[2:]
