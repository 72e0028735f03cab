"""From the colours a file means to sRGB, which the model was trained on and browsers show."""

import io
import struct
from functools import lru_cache
from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

F64 = npt.NDArray[np.float64]
Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""White, red, green and blue, x and y each."""

_D65 = (0.3127, 0.3290)
SRGB: Chromaticities = (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
ADOBE_RGB: Chromaticities = (*_D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
ADOBE_GAMMA = 563 / 256
# By code of ITU-T H.273, table 2; what is left out is sRGB's, or no longer made.
_PRIMARIES: dict[int, Chromaticities] = {
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
}
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}  # table 3
_PQ, _HLG = 16, 18
_STEPS = 4096
# ICC.1:2022, 6.3.4.3 and annex E: the profile connection space's white, and Bradford's matrix.
_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
MODES = frozenset({"L", "RGB", "CMYK", "LAB"})
"""Of the images that are converted."""
# Of what is written there: a wrong one makes all black or white.
_LEAST_GAMMA, _GREATEST_GAMMA = 0.1, 10
# Those of presses and scanners have up to 3 MB. Several are kept, as is what is made of them.
MAX_PROFILE_BYTES = 8_000_000
# Where a profile changes no colour by more than this, of 255, it is sRGB's under another name.
_SAME = 2


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Return an image L, RGB, CMYK or LAB as sRGB; a profile that cannot be applied is left out."""
    if image.mode == "LAB":
        return _lab().apply(image)
    if len(profile) > MAX_PROFILE_BYTES:
        profile = b""
    transform = _transform(profile, image.mode) if profile else None
    if transform is None and image.mode == "L" and profile:
        image = image.convert("RGB")
        transform = _transform(profile, "RGB")
    if transform is not None:
        return transform.apply(image)
    return image if image.mode == "RGB" else image.convert("RGB")


def profile_of_code(primaries: int, transfer: int) -> bytes:
    """Return the profile of code points of ITU-T H.273; b"" where they mean sRGB or nothing."""
    chromaticities = _PRIMARIES.get(primaries, SRGB)
    if transfer in {_PQ, _HLG}:
        return _profile(chromaticities, _hdr(transfer))
    gamma = _GAMMAS.get(transfer)
    if gamma is None and chromaticities == SRGB:
        return b""
    return _profile(chromaticities, _srgb_curve() if gamma is None else gamma)


def profile_of_adobe_rgb() -> bytes:
    """Return the profile of what cameras call Adobe RGB and often say in EXIF alone."""
    return _profile(ADOBE_RGB, ADOBE_GAMMA)


def profile_of_gamma(gama: bytes, chrm: bytes) -> bytes:
    """Return the profile of a PNG's gAMA and cHRM chunks; b"" where they mean sRGB or nothing."""
    encoding = int.from_bytes(gama) / 100_000 if len(gama) == 4 else 0.0
    if not _LEAST_GAMMA <= encoding <= _GREATEST_GAMMA:
        encoding = 0.0
    chromaticities = SRGB
    if len(chrm) == 32:
        white_to_blue = [part / 100_000 for part in struct.unpack(">8I", chrm)]
        chromaticities = cast("Chromaticities", tuple(white_to_blue))
    is_srgb_curve = not encoding or abs(encoding - 1 / 2.2) < 0.02
    if is_srgb_curve and np.allclose(chromaticities, SRGB, atol=0.001):
        return b""
    return _profile(chromaticities, _srgb_curve() if is_srgb_curve else 1 / encoding)


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return what converts; None where the profile is damaged, of another mode, or sRGB's."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.ImageCmsTransform(source, _srgb(), mode, "RGB")
    except MemoryError:
        raise
    except Exception:  # pixels decide
        return None
    if mode != "RGB":
        return transform
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    sample = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(9, 81, 3)
    changed = np.asarray(transform.apply(Image.fromarray(sample)), int)
    return transform if np.abs(changed - sample).max() > _SAME else None


@lru_cache(maxsize=1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@lru_cache(maxsize=1)
def _lab() -> ImageCms.ImageCmsTransform:
    source = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    return ImageCms.ImageCmsTransform(source, _srgb(), "LAB", "RGB")


def _profile(chromaticities: Chromaticities, curve: float | F64) -> bytes:
    """Write a display profile (ICC.1:2001-04, 6.3.1.2), b"" where the colours span nothing."""
    try:
        colorants = [_xyz(column) for column in _colorants(chromaticities).T]
    except (np.linalg.LinAlgError, ZeroDivisionError, struct.error):
        return b""
    if isinstance(curve, float):
        entries = [round(curve * 256)]
    else:
        entries = np.rint(curve.clip(0, 1) * 65_535).astype(int).tolist()
    response = struct.pack(f">4sII{len(entries)}H", b"curv", 0, len(entries), *entries)
    tags = {b"wtpt": _xyz(_D50)}
    tags |= zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants, strict=True)
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), response + bytes(-len(response) % 4))
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(content))
        body += content
    head = (start + len(body), 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp", _xyz(_D50)[8:])
    return struct.pack(">I4xI4s4s4s12x4s28x12s48x", *head) + table + body


def _xyz(values: F64) -> bytes:
    return struct.pack(">4s4x3i", b"XYZ ", *np.rint(values * 65_536).astype(int).tolist())


def _colorants(chromaticities: Chromaticities) -> F64:
    """Return the primaries' XYZ (3, 3), one a column, that add up to D50's white."""
    x, y = np.array(chromaticities).reshape(4, 2).T
    if (y <= 0).any():
        raise ZeroDivisionError("a chromaticity's y is 0")
    white, *primaries = np.stack([x / y, np.ones(4), (1 - x - y) / y], 1)
    matrix = np.stack(primaries, 1)
    native = matrix * np.linalg.solve(matrix, white)
    scale = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white))
    return np.asarray(np.linalg.inv(_BRADFORD) @ scale @ _BRADFORD @ native)


def _srgb_curve() -> F64:
    """Return linear light by sRGB's encoded values (IEC 61966-2-1)."""
    encoded = np.linspace(0, 1, _STEPS)
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _hdr(transfer: int) -> F64:
    """Return light by encoded values of ITU-R BT.2100, 1 being BT.2408's reference white.

    What is brighter (203 cd/m2 of PQ, 75 % of HLG's signal) is shown as white.
    """
    encoded = np.linspace(0, 1, _STEPS)
    if transfer == _PQ:
        root = encoded ** (32 / 2523)
        light = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
        return np.asarray(light ** (8192 / 1305) * 10_000 / 203)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(encoded <= 0.5, encoded**2 / 3, (np.exp((encoded - c) / a) + b) / 12)
    return np.asarray(scene**1.2 / 0.203)
