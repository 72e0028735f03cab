"""When, with what and where a photograph was taken, out of its file."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL.ExifTags import GPS, Base
from PIL.TiffImagePlugin import IFDRational

from captioner.exif import Exif
from captioner.metadata import MAX_CAMERA_CHARS, read

NOW = datetime(2026, 11, 30, tzinfo=UTC)
GPS_OF_BERN: dict[int, Any] = {
    GPS.GPSLatitudeRef: "N",
    GPS.GPSLatitude: (IFDRational(46), IFDRational(56), IFDRational(5280, 100)),
    GPS.GPSLongitudeRef: "E",
    GPS.GPSLongitude: (IFDRational(7), IFDRational(26), IFDRational(51, 1)),
}


def taken_at(
    original: object = None,
    digitized: object = None,
    changed: object = None,
    xmp: str = "",
) -> str | None:
    photo: dict[int, Any] = {Base.DateTimeOriginal: original, Base.DateTimeDigitized: digitized}
    found = read(Exif({Base.DateTime: changed}, photo), xmp.encode(), now=NOW).taken_at
    return found.isoformat() if found else None


def camera(make: object, model: object) -> str | None:
    return read(Exif({Base.Make: make, Base.Model: model}), None, now=NOW).camera


def position(**gps: object) -> tuple[float, float] | None:
    changed: dict[int, Any] = {GPS[name]: value for name, value in gps.items()}
    return read(Exif(gps={**GPS_OF_BERN, **changed}), None, now=NOW).position


def test_the_moment_of_taking_counts_before_that_of_digitizing_and_of_changing() -> None:
    taken, scanned, edited = "2024:05:01 13:20:00", "2024:05:02 08:00:00", "2025:01:01 00:00:00"
    assert taken_at(taken, scanned, edited) == "2024-05-01T13:20:00"
    assert taken_at(None, scanned, edited) == "2024-05-02T08:00:00"
    assert taken_at(None, None, edited) == "2025-01-01T00:00:00"


@pytest.mark.parametrize(
    "unknown",
    [
        "0000:00:00 00:00:00",
        "    :  :     :  :  ",
        "",
        "2024-05-01",
        "2024:02:30 10:00:00",
        "2024:05:01 24:30:00",
        "9999:12:31 23:59:59",
        "2026:12:02 00:00:00",
        "1825:12:31 23:59:59",
        b"\xff\xfe",
        20240501,
        ("2024", "05"),
        float("nan"),
    ],
)
def test_a_date_that_is_none_gives_way_to_the_next(unknown: object) -> None:
    assert taken_at(unknown, "2023:01:01 10:00:00") == "2023-01-01T10:00:00"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1826:06:01 08:00:00", "1826-06-01T08:00:00"),
        ("2026:12:01 00:00:00", "2026-12-01T00:00:00"),  # noon of the day before is now in Kiribati
        ("2024:05:01 13:20:00\0junk", "2024-05-01T13:20:00"),
        (b"2024:05:01 13:20:00", "2024-05-01T13:20:00"),
        ("2024:05:01 13:20:00.123", "2024-05-01T13:20:00"),
        ("2024-05-01T13:20:00+09:00", "2024-05-01T13:20:00"),
        ("2024:05:01 13:20", "2024-05-01T13:20:00"),
    ],
)
def test_a_cameras_clock_is_taken_as_it_stands(written: object, expected: str) -> None:
    assert taken_at(written) == expected


@pytest.mark.parametrize("form", ['{}="{}"', "{}='{}'", "<{0}>{1}</{0}>", "<{0}>\n  {1}\n</{0}>"])
def test_where_exif_says_nothing_xmp_does(form: str) -> None:
    def packet(*pairs: tuple[str, str]) -> str:
        return " ".join(form.format(name, value) for name, value in pairs)

    created = ("xmp:CreateDate", "2020-01-01T00:00:00Z")
    original = ("exif:DateTimeOriginal", "2021-02-03T04:05:06+02:00")
    by_hand = ("photoshop:DateCreated", "1931-08-09")
    assert taken_at(xmp=packet(created)) == "2020-01-01T00:00:00"
    assert taken_at(xmp=packet(created, original)) == "2021-02-03T04:05:06"
    assert taken_at(xmp=packet(created, original, by_hand)) == "1931-08-09T00:00:00"
    assert taken_at("2024:05:01 13:20:00", xmp=packet(by_hand)) == "2024-05-01T13:20:00"


def test_what_a_person_says_in_xmp_counts_before_when_the_file_was_changed() -> None:
    xmp = 'photoshop:DateCreated="1931-08-09T12:00"'
    assert taken_at(None, None, "2025:01:01 00:00:00", xmp) == "1931-08-09T12:00:00"


def test_xmp_that_says_a_month_or_nonsense_says_nothing() -> None:
    for value in ("1931-08", "1931", "last summer", "0000-00-00"):
        assert taken_at(xmp=f'photoshop:DateCreated="{value}"') is None


@pytest.mark.parametrize(
    ("make", "model", "expected"),
    [
        ("Canon", "Canon EOS R5", "Canon EOS R5"),
        ("NIKON CORPORATION", "NIKON D850", "NIKON D850"),
        ("Apple", "iPhone 15 Pro", "Apple iPhone 15 Pro"),
        ("Canon\0\0", " Canon  EOS\tR5 \n", "Canon EOS R5"),
        ("Leica", None, "Leica"),
        (None, "X100V", "X100V"),
        ("Can\x1b[31mon", "\ud800R5", "Can [31mon R5"),
        (b"Ricoh", b"GR", "Ricoh GR"),
        ("", " ", None),
        (7, ("a", "b"), None),
    ],
)
def test_a_camera_is_its_maker_once_and_its_model(
    make: object, model: object, expected: str | None
) -> None:
    assert camera(make, model) == expected


def test_a_cameras_name_has_an_end() -> None:
    assert len(camera("a" * 10_000, "b" * 10_000) or "") == MAX_CAMERA_CHARS


def test_orientation_is_kept_where_it_is_said() -> None:
    assert read(Exif({Base.Orientation: 6}), None, now=NOW).orientation == 6
    assert read(Exif(), None, now=NOW).orientation is None


def test_a_position_is_in_degrees_south_and_west_below_zero() -> None:
    assert position() == (46.948, 7.4475)
    assert position(GPSLatitudeRef="S", GPSLongitudeRef="w\0") == (-46.948, -7.4475)


@pytest.mark.parametrize(
    "gps",
    [
        {"GPSLatitude": (0, 0, 0), "GPSLongitude": (0, 0, 0)},
        {"GPSLatitude": (91, 0, 0)},
        {"GPSLongitude": (IFDRational(1, 0), 0, 0)},
        {"GPSLatitude": (-7, 0, 0)},
        {"GPSLatitude": 46.9},
        {"GPSLatitude": (46, 56)},
        {"GPSLatitude": b"46"},
        {"GPSLatitudeRef": None},
        {"GPSLatitudeRef": ""},
        {"GPSLongitudeRef": "X"},
    ],
)
def test_half_a_position_or_none_is_left_out(gps: dict[str, Any]) -> None:
    assert position(**gps) is None


ANYTHING = st.recursive(
    st.none()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.builds(IFDRational, st.integers(-9, 9), st.integers(-9, 9)),
    lambda inner: st.lists(inner, max_size=4).map(tuple),
    max_leaves=5,
)
TAGS = (Base.Make, Base.Model, Base.DateTime, Base.DateTimeOriginal, Base.Orientation, 1, 2, 3, 4)
DIRECTORIES = st.dictionaries(st.sampled_from([int(tag) for tag in TAGS]), ANYTHING)


@given(DIRECTORIES, DIRECTORIES, DIRECTORIES, st.none() | st.binary())
def test_whatever_a_file_says_nothing_is_raised(
    image: dict[int, Any], photo: dict[int, Any], gps: dict[int, Any], xmp: bytes | None
) -> None:
    read(Exif(image, photo, gps), xmp, now=NOW)
