"""Damage to pictures' files, the same for the same random numbers."""

import struct
import zlib
from collections.abc import Callable, Sequence
from random import Random

from tests.pictures.pieces import Piece, pieces

_ODD = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_WIDTHS = {1: "B", 2: "H", 4: "I"}
_AT_ONCE = (1, 1, 2, 4)


def mutated(seeds: Sequence[bytes], random: Random) -> bytes:
    """Return one of the files, damaged in some ways; half of the PNGs get sound checksums."""
    data = random.choice(seeds)
    for _ in range(random.choice(_AT_ONCE)):
        data = random.choice(_DAMAGES)(data, random, random.choice(seeds))
    return with_checksums(data) if random.random() < 0.5 else data


def with_checksums(data: bytes) -> bytes:
    """Give a PNG's chunks their checksums, or else nothing but those is ever tried."""
    if not data.startswith(b"\x89PNG"):
        return data
    sound = bytearray(data)
    for start, end in pieces(data):
        if end - start >= 12:
            sound[end - 4 : end] = zlib.crc32(data[start + 4 : end - 4]).to_bytes(4, "big")
    return bytes(sound)


def _truncate(data: bytes, random: Random, _: bytes) -> bytes:
    return data[: random.randint(0, len(data))]


def _flip(data: bytes, random: Random, _: bytes) -> bytes:
    changed = bytearray(data)
    for _once in range(random.randint(1, 8) if data else 0):
        changed[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _number(data: bytes, random: Random, _: bytes) -> bytes:
    """Put an odd number anywhere."""
    return _with_number(data, random, (0, len(data)))


def _number_in_piece(data: bytes, random: Random, _: bytes) -> bytes:
    """Put an odd number near the start of a part, where sizes, kinds and counts are."""
    start, end = _piece(data, random)
    return _with_number(data, random, (start, min(end, start + 24)))


def _splice(data: bytes, random: Random, other: bytes) -> bytes:
    return data[: random.randint(0, len(data))] + other[random.randint(0, len(other)) :]


def _drop(data: bytes, random: Random, _: bytes) -> bytes:
    start, end = _piece(data, random)
    return data[:start] + data[end:]


def _repeat(data: bytes, random: Random, _: bytes) -> bytes:
    start, end = _piece(data, random)
    return data[:end] + data[start:end] * random.choice((1, 1, 1, 50)) + data[end:]


def _swap(data: bytes, random: Random, _: bytes) -> bytes:
    (start, end), (later, last) = sorted((_piece(data, random), _piece(data, random)))
    if end > later:
        return data
    return data[:start] + data[later:last] + data[end:later] + data[start:end] + data[last:]


def _transplant(data: bytes, random: Random, other: bytes) -> bytes:
    start, end = _piece(data, random)
    from_, to = _piece(other, random)
    return data[:start] + other[from_:to] + data[end:]


_DAMAGES: tuple[Callable[[bytes, Random, bytes], bytes], ...] = (
    _truncate,
    _flip,
    _number,
    _number_in_piece,
    _number_in_piece,
    _number_in_piece,
    _splice,
    _drop,
    _repeat,
    _swap,
    _transplant,
)


def _with_number(data: bytes, random: Random, within: Piece) -> bytes:
    width = random.choice(tuple(_WIDTHS))
    start, end = within
    if end - start < width:
        return data
    at = random.randint(start, end - width)
    number = random.choice(_ODD) & (256**width - 1)
    written = struct.pack(random.choice("<>") + _WIDTHS[width], number)
    return data[:at] + written + data[at + width :]


def _piece(data: bytes, random: Random) -> Piece:
    return random.choice(pieces(data) or [(0, len(data))])
