"""The table that `make mutants` ends with."""

import json
from pathlib import Path

from tests.mutants import table


def test_the_table_tells_which_share_of_the_tried_changes_was_noticed(tmp_path: Path) -> None:
    codes = {"a": 0, "b": 1, "c": 33, "d": -24, "not tried": None}
    told = tmp_path / "chalicelib" / "events.py.meta"
    told.parent.mkdir()
    told.write_text(json.dumps({"exit_code_by_key": codes}))
    told.with_name("untried.py.meta").write_text(json.dumps({"exit_code_by_key": {"a": None}}))
    _, line = table(tmp_path).splitlines()
    assert line.split() == ["chalicelib/events.py", "4", "2", "50.0%"]
