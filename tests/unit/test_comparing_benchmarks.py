"""What the benchmarks of peers and of the cold start print."""

from benchmarks.cold_start.__main__ import told
from benchmarks.peers.__main__ import KINDS, Figures, table
from benchmarks.peers.measuring import Speed


def figures(milliseconds: float, totals: frozenset[str]) -> Figures:
    speed = Speed(dict.fromkeys(KINDS, milliseconds), totals, 1_000, 2_000_000)
    return Figures(speed, recall=50.0)


def test_a_peers_figures_stand_beside_ours_with_their_ratio() -> None:
    found = {"ours": figures(2, frozenset(KINDS)), "peer": figures(5, frozenset(KINDS))}
    (row,) = (line for line in table(found, 10).splitlines() if line.startswith("image, p95"))
    assert row.split()[3:] == ["2.0", "1.00x", "5.0", "2.50x"]


def test_bytes_are_shared_out_over_the_photographs() -> None:
    (row,) = (
        line
        for line in table({"ours": figures(2, frozenset(KINDS))}, 10).splitlines()
        if line.startswith("bytes")
    )
    assert row.split()[3:] == ["100.0", "1.00x"]


def test_an_engine_that_does_not_count_is_named() -> None:
    told_of = table({"peer": figures(5, frozenset({"text"}))}, 10)
    assert told_of.endswith("peer does not say how many match: image, fused")


def test_steps_are_medians_and_import_and_first_answer_are_summed_run_by_run() -> None:
    runs = [{"import": (own, own), "first answer": (100 - own, 0.0)} for own in (10.0, 20.0, 60.0)]
    lines = told(runs).splitlines()
    assert lines[1].split() == ["import", "20", "20"]
    assert lines[-1].split() == ["import", "+", "first", "answer", "100", "20"]
