"""What the benchmarks of peers and of the cold start print."""

from benchmarks.cold_start.__main__ import told
from benchmarks.peers.__main__ import table


def test_a_peers_figures_stand_beside_ours_with_their_ratio() -> None:
    found = {"ours": {"image, p95 ms": 2.0}, "peer": {"image, p95 ms": 5.0}}
    _, row = table(found).splitlines()
    assert row.split()[3:] == ["2.0", "1.00x", "5.0", "2.50x"]


def test_steps_are_medians_and_import_and_first_answer_are_summed_run_by_run() -> None:
    runs = [{"import": (own, own), "first answer": (100 - own, 0.0)} for own in (10.0, 20.0, 60.0)]
    lines = told(runs).splitlines()
    assert lines[1].split() == ["import", "20", "20"]
    assert lines[-1].split() == ["import", "+", "first", "answer", "100", "20"]
