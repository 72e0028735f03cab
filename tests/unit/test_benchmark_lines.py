"""What one benchmark writes, the plot of all engines reads."""

from pathlib import Path

import pytest

from benchmarks.search.timing import Row, append, read, table, timed


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    rows = [
        Row("embedded", 10_000, "text", 3.0, 9.0, 1.0, 2.0, 800.0),
        Row("embedded", 10_000, "text, all facets", 1.0, 3.0, 1.0, 3.0),
    ]
    append(tmp_path / "lines", "embedded", 10_000, rows, {"publish_ms": 4.0})
    return tmp_path / "lines"


def test_lines_of_any_engine_are_read_and_the_last_counts(lines: Path) -> None:
    append(lines, "opensearch", 1_000_000, [Row("opensearch", 1_000_000, "text", 6, 11, 5, 9)], {})
    append(lines, "embedded", 10_000, [Row("embedded", 10_000, "text", 3.0, 9.0, 1.0, 4.0)], {})
    found = read(lines)
    assert found["text"] == {
        "embedded": {10_000: 4.0},
        "prototype": {10_000: 800.0},
        "opensearch": {1_000_000: 9},
    }
    assert "image" not in found


def test_the_plot_is_drawn_of_whatever_there_is(lines: Path) -> None:
    pytest.importorskip("matplotlib", reason="the plot needs matplotlib (requirements/train.lock)")
    from benchmarks.plot import drawn

    assert drawn(read(lines)).startswith("<svg")


def test_a_table_says_the_ratio_to_the_prototype(lines: Path) -> None:
    text = table([Row("embedded", 10_000, "text", 3.0, 9.0, 1.0, 2.0, 800.0)])
    assert text.endswith("800     800x")


def test_times_are_of_every_turn() -> None:
    turns: list[int] = []
    median, high, own_median, own_high = timed(turns.append, 5)
    assert turns == [0, 1, 2, 3, 4]
    assert 0 <= median <= high
    assert 0 <= own_median <= own_high
