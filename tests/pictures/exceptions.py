"""Where ImageMagick 6.9 and this project differ about a picture of the corpus, and why."""

from collections.abc import Mapping

_ALPHA = "ImageMagick reads no alpha of HEIF and AVIF"
_NEGATIVE = "ImageMagick shows two and four bits of grey, of which none is white, as a negative"
_RANGE = "numbers without a white of their own are shown from the least to the greatest"
_OLD_JPEG = "ImageMagick takes the YCbCr of TIFF's first way to hold JPEG for RGB"
_XMP = "ImageMagick does not read how a picture is turned out of XMP"
_YCBCR = "ImageMagick turns HEIF's YCbCr into RGB by itself, which shows where a profile is wider"
_CHROMA = "red letters a pixel wide, of which the chroma has half the resolution"

# By path in the archive.
OTHERWISE: Mapping[str, str] = {
    "Tests/images/16_bit_binary_pgm.tiff": _RANGE,
    "Tests/images/16bit.s.tif": _RANGE,
    "Tests/images/avif/icc_profile.avif": _CHROMA,
    "Tests/images/avif/icc_profile_none.avif": _CHROMA,
    "Tests/images/avif/transparency.avif": _ALPHA,
    "Tests/images/avif/xmp_tags_orientation.avif": "ImageMagick leaves its profile out",
    "Tests/images/hopper.Lab.tif": "ImageMagick takes D65 for the white of L*a*b*, not ICC's D50",
    "Tests/images/old-style-jpeg-compression-no-samplesperpixel.tif": _OLD_JPEG,
    "Tests/images/old-style-jpeg-compression.tif": _OLD_JPEG,
    "Tests/images/tiff_gray_2_4_bpp/hopper2I.tif": _NEGATIVE,
    "Tests/images/tiff_gray_2_4_bpp/hopper2IR.tif": _NEGATIVE,
    "Tests/images/tiff_gray_2_4_bpp/hopper4I.tif": _NEGATIVE,
    "Tests/images/tiff_gray_2_4_bpp/hopper4IR.tif": _NEGATIVE,
    "Tests/images/xmp_tags_orientation.png": _XMP,
    "Tests/images/xmp_tags_orientation_exiftool.png": _XMP,
    "src/skimage/data/page.png": "libpng leaves a profile out for its intent, which is not used",
    "tests/data/rgba.u1.strict_disabled.avif": _ALPHA,
    "tests/data/tiff/gray.i2.tif": _RANGE,
    "tests/data/tiff/gray.i4.tif": _RANGE,
    "tests/data/tiff/gray.one.i2.tif": _RANGE,
    "tests/data/tiff/gray.one.i4.tif": _RANGE,
    "tests/data/tiff/gray.one.u4.tif": _RANGE,
    "tests/data/tiff/gray.separate.u1.tif": "ImageMagick takes the second of five planes for alpha",
    "tests/data/tiff/gray.u4.tif": _RANGE,
    "tests/images/heif/LA_8__128x128.heif": _ALPHA,
    "tests/images/heif/LA_8__29x100.heif": _ALPHA,
    "tests/images/heif/RGBA_10__128x128.heif": _ALPHA,
    "tests/images/heif/RGBA_10__29x100.heif": _ALPHA,
    "tests/images/heif/RGBA_12__128x128.heif": _ALPHA,
    "tests/images/heif/RGBA_12__29x100.heif": _ALPHA,
    "tests/images/heif/RGBA_8__128x128.heif": _ALPHA,
    "tests/images/heif/RGBA_8__29x100.heif": _ALPHA,
    "tests/images/heif_other/empty_icc.heic": _YCBCR,
    "tests/images/heif_other/invalid_id.heic": "no primary picture is named: another is shown",
    "tests/images/heif_other/pug.heic": _YCBCR,
    "tests/images/heif_other/spatial_photo.heic": _YCBCR,
    "tests/images/heif_special/aux_YCbCr.heic": _YCBCR,
    "tests/images/heif_special/guitar_cw90.hif": "ImageMagick takes video's range for the full one",
}

# What ImageMagick reads and this project refuses.
REFUSED: Mapping[str, str] = {
    "Tests/images/hopper_unknown_pixel_mode.tif": "32 bits a sample",
    "Tests/images/hopper_webp.tif": "WebP in TIFF",
    "Tests/images/tiff_tiled_jpeg_oob_read.tif": "damaged: ImageMagick shows what it got to",
    "Tests/images/ultrahdr.jpg": "all of its pixels are missing",
    "src/skimage/data/multipage_rgb.tif": "64 bits a sample",
    "tests/data/tiff/gray.contig.u1.tif": "five samples a pixel",
    "tests/data/tiff/gray.f2.tif": "16 bits of floating point",
    "tests/data/tiff/gray.f8.tif": "64 bits of floating point",
    "tests/data/tiff/gray.lerc.u1.tif": "LERC in TIFF",
    "tests/data/tiff/gray.one.f2.tif": "16 bits of floating point",
    "tests/data/tiff/gray.one.f8.tif": "64 bits of floating point",
    "tests/data/tiff/rgb.tiled.lerc.u1.tif": "LERC in TIFF",
    "tests/data/tiff/rgb.tiled.webp.u1.tif": "WebP in TIFF",
}
