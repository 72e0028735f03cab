"""Captions that nobody wrote: what cameras, phones and programs put into every file by themselves.

Collected by those who show such captions:
https://github.com/inaturalist/inaturalist/issues/1323,
https://github.com/photoprism/photoprism/pull/5078 and
https://github.com/photoprism/photoprism/blob/develop/internal/meta/sanitize.go
"""

import re

_FORMS = re.compile(
    r"(?i:sony dsc|samsung(?: camera pictures)?|my beautiful picture|hellomoto|default|screenshot)"
    # Modes of Huawei's and Honor's cameras.
    r"|(?i:bsh|btf|btfhdr|btfmdn|burst|cof|_cuva|dav|edf|fbt|frem|frontbhdp|hdr|hdrpl|mde|mde_soft)"
    r"|(?i:mon|nor|oznor|oznorwo|qrf|rhdr|rpt|sdr_hdrb|smart)"
    r"|(?:[A-Z]{2,} )?(?i:digital (?:still |game )?camera)"  # OLYMPUS, KODAK, MEDION, …
    r"|MOULTRIE DIGITAL GAME CAMERA|<[^<>]*>|DCIM\\\S*"
    r"|(?i:created (?:by|with) .*)"
    r"|(?i:\S+\.(?:jpe?g|heic|png|tiff?|dng|arw|cr[23]|nef))"  # a file's name
    r"|&&keyword&&.*"  # where a Motorola was
    r"|(?i:oplus_\d+)|filter: .*|\{.*\}|[^\W\d_]*: 0;.*"  # what phones note for themselves
)


def is_automatic(text: str) -> bool:
    """Return whether a text, in one line, is none of a person's: also one without any letter."""
    has_letters = any(sign.isalpha() for sign in text)
    return not has_letters or _FORMS.fullmatch(text) is not None
