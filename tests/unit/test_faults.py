"""The page of faults is that of the tests, and no row rests on a fake alone."""

from pathlib import Path

import pytest

from tests.faults import MEMORY, UNPROVEN, page, proofs, rows

ROOT = Path(__file__).parents[2]


def test_the_page_is_made_from_the_tests() -> None:
    told = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    assert told == page(proofs()), "run: python -m tests.faults > docs/faults.md"


def test_no_test_names_a_row_that_is_not_there() -> None:
    assert set(proofs()) <= set(rows())


@pytest.mark.parametrize("row", rows())
def test_a_row_is_proven_and_not_by_a_fake_alone_unless_it_is_said_not_to_be(row: int) -> None:
    is_proven = bool({proof.by for proof in proofs().get(row, ())} - {MEMORY})
    assert is_proven == (row not in UNPROVEN)


def test_a_test_may_prove_rows_by_itself_and_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(
        "import pytest\n"
        "pytestmark = [pytest.mark.stack, pytest.mark.fault(3)]\n"
        "@pytest.mark.fault(1, 2, by='a process')\n"
        "def test_a():\n    pass\n"
    )
    found = {row: [test.by for test in tests] for row, tests in proofs(tmp_path).items()}
    assert found == {1: ["a process"], 2: ["a process"], 3: [MEMORY]}
