"""What a batch changed comes back from its bytes as it went in."""

from hypothesis import given

from chalicelib.search import Document
from chalicelib.search.embedded import delta
from chalicelib.search.embedded.entries import entries_of
from tests.corpora import corpora


@given(corpora())
def test_entries_come_back_as_they_were(documents: list[Document]) -> None:
    entries, failed = entries_of(documents)
    assert failed == ()
    assert delta.decoded(delta.encoded(entries)) == tuple(entries)


@given(corpora(), corpora())
def test_of_merged_parts_the_newest_entry_of_a_document_stands(
    earlier: list[Document], later: list[Document]
) -> None:
    parts = [entries_of(earlier)[0], entries_of(later)[0]]
    merged = delta.merged(parts)
    expected = {entry.image_id: entry for part in parts for entry in part}
    assert {entry.image_id: entry for entry in merged} == expected
    assert len(merged) == len(expected)
