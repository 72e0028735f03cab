"""Sets of documents as big integers: bit ``n`` stands for document ``n``.

Intersections and counts of 100,000 documents then take microseconds, without a package.
"""

from collections.abc import Iterable
from itertools import compress

_FEW = 200  # so many members are sooner found one by one than by looking at every document
_FLAGS = bytes.maketrans(b"01", b"\x00\x01")


def packed(members: Iterable[int], size: int) -> int:
    """Return the set of ``members``, all of them below ``size``."""
    octets = bytearray(size // 8 + 1)
    for member in members:
        octets[member >> 3] |= 1 << (member & 7)
    return int.from_bytes(octets, "little")


def below(size: int) -> int:
    """Return the set of everything below ``size``."""
    return (1 << size) - 1


def flags(bits: int, size: int) -> bytes:
    """Return one byte for each document below ``size``, 1 where it is in the set."""
    return format(bits, f"0{size}b").encode()[::-1].translate(_FLAGS)


def lowest(bits: int, count: int) -> list[int]:
    """Return the ``count`` lowest members of a set in ascending order."""
    if count > _FEW:
        return members(bits)[:count]
    found: list[int] = []
    while bits and len(found) < count:
        bit = bits & -bits
        found.append(bit.bit_length() - 1)
        bits ^= bit
    return found


def members(bits: int) -> list[int]:
    """Return the members of a set in ascending order."""
    size = bits.bit_length()
    return list(compress(range(size), flags(bits, size))) if bits else []


def held(bits: int, few: Iterable[int], size: int) -> list[int]:
    """Return which of a few documents, all below ``size``, are in a set; in their order."""
    octets = bits.to_bytes(size // 8 + 1, "little")
    return [document for document in few if octets[document >> 3] >> (document & 7) & 1]
