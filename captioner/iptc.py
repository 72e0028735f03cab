"""IPTC-IIM, as Photoshop's resources hold it in JPEG files and a tag in TIFF files.

Its structure is that of the Information Interchange Model of IPTC:
http://fileformats.archiveteam.org/index.php?title=IPTC-IIM
"""

from collections.abc import Mapping

Datasets = Mapping[tuple[int, int], bytes | list[bytes]]
_TAG = 0x1C
_IPTC = 0x0404


def resource(photoshop: bytes) -> bytes:
    """Return the IPTC resource of Photoshop's image resources; b"" where there is none."""
    start = 0
    while photoshop[start : start + 4] == b"8BIM" and len(photoshop) >= start + 12:
        name = photoshop[start + 6] + 1
        at = start + 6 + name + name % 2
        size = int.from_bytes(photoshop[at : at + 4])
        if int.from_bytes(photoshop[start + 4 : start + 6]) == _IPTC:
            return photoshop[at + 4 : at + 4 + size]
        start = at + 4 + size + size % 2
    return b""


def read(iim: bytes) -> Datasets:
    """Return datasets by record and number, those that repeat as a list; never raises."""
    datasets: dict[tuple[int, int], bytes | list[bytes]] = {}
    start = 0
    while len(iim) >= start + 5 and iim[start] == _TAG:
        key = iim[start + 1], iim[start + 2]
        size = int.from_bytes(iim[start + 3 : start + 5])
        if size >= 0x8000:  # the size of a size: of datasets over 32 kB, which no caption is
            break
        value = iim[start + 5 : start + 5 + size]
        before = datasets.get(key)
        if before is None:
            datasets[key] = value
        else:
            datasets[key] = [*(before if isinstance(before, list) else [before]), value]
        start += 5 + size
    return datasets
