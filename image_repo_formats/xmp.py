"""Captions and keywords in XMP, as photo managers keep them in sidecars and in photographs.

``dc:description`` holds the caption in languages, and ``dc:subject`` the keywords, as in
https://www.w3.org/2008/WebVideo/Annotations/drafts/metadata_formats/xmp-canonical-original.xml
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from image_repo_formats.entries import collapsed

MAX_BYTES = 10_000_000
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_OWN = "urn:uuid:add7d986-29f3-4dbd-a3e0-831f6dd4409b#"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
# What XML 1.0 can hold: https://www.w3.org/TR/REC-xml/#charsets
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Described:
    """What a photograph's XMP says of it.

    Attributes
    ----------
    generated
        Whether the caption is, word for word, the one that the repository's model wrote: read
        again, it is nobody's. A caption that somebody changed since is theirs.
    """

    caption: str | None = None
    keywords: tuple[str, ...] = ()
    generated: bool = False


def read(packet: bytes) -> Described | None:
    """Read an XMP packet or a sidecar; None for what is none, is too long or has a DTD.

    A DTD is refused whatever it holds: entities can make a small file huge, or read others.
    """
    from defusedxml.ElementTree import ParseError, fromstring  # noqa: PLC0415  (15 ms)

    content = packet.strip(b"\0 \t\r\n")
    if not content or len(content) > MAX_BYTES:
        return None
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ParseError, ValueError, LookupError):  # the last two: of an encoding it does not know
        return None
    rdf = root if root.tag == f"{_RDF}RDF" else root.find(f".//{_RDF}RDF")
    return None if rdf is None else _described(rdf)


def write(caption: str | None, keywords: Iterable[str] = (), *, generated: bool = False) -> bytes:
    """Return a sidecar that photo managers read; ``generated`` says that the model wrote it."""
    own = caption if generated and caption else None
    properties = [
        "<xmp:CreatorTool>Image Repo</xmp:CreatorTool>",
        _container("dc:description", "Alt", ' xml:lang="x-default"', [caption] if caption else []),
        _container("dc:subject", "Bag", "", keywords),
        f"<repo:generated>{_text(own)}</repo:generated>" if own else "",
    ]
    body = "\n".join(f"   {each}" for each in properties if each)
    return _SIDECAR.format(own=_OWN, rdf=_RDF[1:-1], dc=_DC[1:-1], body=body).encode()


_SIDECAR = """\
<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Image Repo">
 <rdf:RDF xmlns:rdf="{rdf}">
  <rdf:Description rdf:about=""
    xmlns:dc="{dc}"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:repo="{own}">
{body}
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""


def _described(rdf: Any) -> Described:
    captions = [pair for node in _properties(rdf, f"{_DC}description") for pair in _items(node)]
    words = [text for node in _properties(rdf, f"{_DC}subject") for _, text in _items(node)]
    own = [text for node in _properties(rdf, f"{{{_OWN}}}generated") for _, text in _items(node)]
    caption = _preferred([(language, text) for language, text in captions if text])
    keywords = tuple(dict.fromkeys(word for word in words if word))
    return Described(caption, keywords, caption is not None and caption in own)


def _properties(rdf: Any, name: str) -> Iterator[Any]:
    """Yield properties of the photograph itself, not of what they describe in turn."""
    for description in rdf.findall(f"{_RDF}Description"):
        yield from description.findall(name)


def _items(node: Any) -> list[tuple[str, str]]:
    """Return languages and texts of a property: of its container's items, or its own.

    Items within items are none: each would be read again for all that it lies in.
    """
    found = node.findall(f"*/{_RDF}li") or [node]
    return [
        (item.get(_LANGUAGE, "").lower(), collapsed("".join(item.itertext()))) for item in found
    ]


def _preferred(captions: list[tuple[str, str]]) -> str | None:
    for wanted in ("x-default", "en", ""):
        for language, text in captions:
            if language.startswith(wanted):
                return text
    return None


def _container(name: str, kind: str, attributes: str, texts: Iterable[str]) -> str:
    items = "".join(f"<rdf:li{attributes}>{_text(text)}</rdf:li>" for text in texts)
    return f"<{name}><rdf:{kind}>{items}</rdf:{kind}></{name}>" if items else ""


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("", text), quote=False)
