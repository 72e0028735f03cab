"""Colours of other spaces come out as sRGB, whatever the file and however it tells them."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.ExifTags import IFD, Base

from captioner import colour
from captioner.decoding import decode
from tests.picture_files import (
    LIMIT,
    PATCHES,
    PICTURES,
    chunk,
    encoded,
    linear,
    off_patches,
    patches,
    png_with,
    written,
)

# CSS Color 4, "Sample code for color conversions": from linear sRGB to linear Display P3.
TO_P3 = np.array([[0.82246, 0.17754, 0], [0.03319, 0.96681, 0], [0.01708, 0.07240, 0.91052]])
LIGHT = linear(PATCHES / 255)
P3 = patches(encoded(LIGHT @ TO_P3.T))
HOLDING_PROFILES = [
    ("JPEG", {"quality": 100, "subsampling": 0}),
    ("PNG", {}),
    ("WEBP", {"lossless": True}),
    ("TIFF", {}),
    ("AVIF", {"quality": 100, "subsampling": "4:4:4"}),
]


def adobe_rgb() -> tuple[Image.Image, bytes]:
    with Image.open(PICTURES / "icc_adobe.png") as image:
        profile = image.info["icc_profile"]
        return Image.fromarray(np.asarray(image.convert("RGB"))), profile


def off(data: bytes) -> int:
    return off_patches(decode(data, max_pixels=LIMIT).pixels)


@pytest.mark.parametrize(("kind", "how"), HOLDING_PROFILES, ids=lambda value: str(value)[:4])
def test_a_profile_of_any_file_is_applied(kind: str, how: dict[str, object]) -> None:
    image, profile = adobe_rgb()
    # Rounding to YCbCr of eight bits is widened by the profile.
    assert off(written(image, kind, icc_profile=profile, **how)) <= (10 if "quality" in how else 5)
    assert off(written(image, kind, **how)) > 20


@pytest.mark.parametrize("path", sorted(PICTURES.glob("p3_*.heic")), ids=lambda path: path.stem)
def test_a_heic_tells_its_colours_by_profile_or_by_codes(path: Path) -> None:
    assert off(path.read_bytes()) <= 5


def test_an_avif_tells_its_colours_by_codes() -> None:
    data = written(P3, "AVIF", quality=100, subsampling="4:4:4")
    at = data.index(b"colrnclx") + 8
    assert off(data[:at] + struct.pack(">HH", 12, 13) + data[at + 4 :]) <= 5


def test_a_png_tells_its_colours_by_codes_before_anything_else() -> None:
    _, profile = adobe_rgb()
    told = [chunk(b"cICP", b"\x0c\x0d\0\1"), chunk(b"sRGB", b"\0")]
    told.append(chunk(b"iCCP", b"p\0\0" + zlib.compress(profile)))
    assert off(png_with(*told, image=P3)) <= 5


def test_a_png_tells_its_colours_by_gamma_and_chromaticities() -> None:
    gamma = chunk(b"gAMA", struct.pack(">I", 55_556))
    assert off(png_with(gamma, image=patches(LIGHT ** (1 / 1.8)))) <= 5
    whites_and_primaries = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
    chromaticities = chunk(b"cHRM", struct.pack(">8I", *whites_and_primaries))
    assert off(png_with(chromaticities, image=P3)) <= 5
    light = patches(np.clip(LIGHT @ TO_P3.T, 0, 1) ** (1 / 1.8))
    assert off(png_with(gamma, chromaticities, image=light)) <= 5


@pytest.mark.parametrize("gamma", [45_455, 45_500, 0])
def test_what_a_png_says_of_srgb_itself_changes_nothing(gamma: int) -> None:
    told = chunk(b"gAMA", struct.pack(">I", gamma))
    assert off(png_with(told, image=patches(PATCHES / 255))) == 0
    assert off(png_with(chunk(b"sRGB", b"\0"), told, image=patches(PATCHES / 255))) == 0


@pytest.mark.parametrize("gamma", [1, 2**32 - 1])
def test_a_gamma_that_leaves_black_or_white_alone_is_left_out(gamma: int) -> None:
    told = chunk(b"gAMA", struct.pack(">I", gamma))
    assert off(png_with(told, image=patches(PATCHES / 255))) == 0


def test_what_is_half_transparent_is_mixed_with_white_in_srgb() -> None:
    image = Image.new("RGBA", (8, 8), (55, 55, 55, 128))  # of light 0.216, which is 128 in sRGB
    data = png_with(chunk(b"gAMA", struct.pack(">I", 100_000)), image=image)
    assert np.abs(decode(data, max_pixels=LIMIT).pixels.astype(int) - 191).max() <= 2


def test_a_png_that_says_srgb_is_srgb_whatever_its_gamma() -> None:
    told = chunk(b"sRGB", b"\0"), chunk(b"gAMA", struct.pack(">I", 55_556))
    assert off(png_with(*told, image=patches(PATCHES / 255))) == 0


def test_adobe_rgb_is_believed_where_a_camera_says_so_without_a_profile() -> None:
    image, _ = adobe_rgb()
    exif = Image.Exif()
    exif.get_ifd(IFD.Exif)[Base.ColorSpace] = 2
    assert off(written(image, "JPEG", quality=100, subsampling=0, exif=exif.tobytes())) <= 10


def test_the_profile_of_srgb_itself_changes_nothing_at_all() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8))
    data = written(noise, icc_profile=profile)
    assert np.array_equal(decode(data, max_pixels=LIMIT).pixels, np.asarray(noise))


def grey_profile(gamma: float) -> bytes:
    """Return a profile of grey (ICC.1:2001-04, 6.3.1.1), made of an RGB profile's parts."""
    curve = struct.pack(">4sIIH2x", b"curv", 0, 1, round(gamma * 256))
    white = struct.pack(">4sI3i", b"XYZ ", 0, 63190, 65536, 54061)
    table = struct.pack(">I4sII4sII", 2, b"wtpt", 156, 20, b"kTRC", 176, 16)
    head = struct.pack(
        ">4xI4s4s4s12x4s28x12s48x", 0x02400000, *(b"mntr", b"GRAY", b"XYZ ", b"acsp"), white[8:]
    )
    return struct.pack(">I", 192) + head + table + white + curve


def test_a_grey_profile_is_applied_to_grey_alone() -> None:
    shades = np.arange(256, dtype=np.uint8).reshape(16, 16)
    data = written(Image.fromarray(shades), icc_profile=grey_profile(1.8))
    expected = np.rint(255 * encoded((shades / 255) ** 1.8))
    got = decode(data, max_pixels=LIMIT).pixels.astype(int)
    assert np.abs(got - expected[..., None]).max() <= 2
    coloured = Image.fromarray(np.dstack([shades, shades.T, shades]))
    data = written(coloured, icc_profile=grey_profile(1.8))
    assert np.array_equal(decode(data, max_pixels=LIMIT).pixels, np.asarray(coloured))


def test_a_grey_profile_is_applied_to_grey_that_is_transparent() -> None:
    shades = Image.linear_gradient("L")
    profile = grey_profile(1.8)
    opaque = decode(written(shades, icc_profile=profile), max_pixels=LIMIT).pixels
    whole = shades.convert("LA")
    assert np.array_equal(
        decode(written(whole, icc_profile=profile), max_pixels=LIMIT).pixels, opaque
    )
    whole.putalpha(0)
    assert decode(written(whole, icc_profile=profile), max_pixels=LIMIT).pixels.min() == 255


@pytest.mark.parametrize("mode", ["L", "P", "CMYK"])
def test_a_profile_of_another_mode_is_left_out_or_fits(mode: str) -> None:
    _, profile = adobe_rgb()
    image = Image.new("RGB", (8, 8), (204, 204, 204)).convert(mode)
    data = written(image, "TIFF", icc_profile=profile)
    assert np.abs(decode(data, max_pixels=LIMIT).pixels.astype(int) - 204).max() <= 5


def test_bright_pictures_of_video_are_shown_with_white_where_paper_is_white() -> None:
    for transfer, paper in ((16, 0.58), (18, 0.75)):  # ITU-R BT.2408, table 1
        image = Image.new("RGB", (8, 8), (round(255 * paper),) * 3)
        data = png_with(chunk(b"cICP", bytes([9, transfer, 0, 1])), image=image)
        assert decode(data, max_pixels=LIMIT).pixels.min() >= 250
        dark = png_with(chunk(b"cICP", bytes([9, transfer, 0, 1])), image=Image.new("RGB", (8, 8)))
        assert decode(dark, max_pixels=LIMIT).pixels.max() <= 5


def test_lab_is_converted() -> None:
    rgb = Image.new("RGB", (8, 8), (200, 50, 50))
    srgb, space = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.profileToProfile(rgb, srgb, space, outputMode="LAB")
    assert lab is not None
    pixels = decode(written(lab, "TIFF"), max_pixels=LIMIT).pixels
    assert np.abs(pixels.astype(int) - (200, 50, 50)).max() <= 5


def test_primaries_that_span_nothing_mean_nothing() -> None:
    assert (
        colour.profile_of_gamma(struct.pack(">I", 55_556), struct.pack(">8I", *[30_000] * 8)) == b""
    )


def test_primaries_beyond_any_profile_mean_nothing() -> None:
    primaries = (31270, 1, 1, 1, 2, 1, 1, 2)
    assert colour.profile_of_gamma(b"", struct.pack(">8I", *primaries)) == b""


def test_a_profile_larger_than_any_is_left_out() -> None:
    _, profile = adobe_rgb()
    image = patches(PATCHES / 255)
    size = 2 * colour.MAX_PROFILE_BYTES
    large = struct.pack(">I", size) + profile[4:] + bytes(size - len(profile))
    assert off(written(image, "TIFF", icc_profile=large)) == 0
