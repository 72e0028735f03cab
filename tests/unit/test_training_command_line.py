"""The command line explains itself without TensorFlow and names what is wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

from training.__main__ import main


@pytest.mark.parametrize("step", ["prepare", "distil", "train", "evaluate", "report", "export"])
def test_each_step_has_help(step: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([step, "--help"])
    assert end.value.code == 0
    assert "--data" in capsys.readouterr().out


def test_help_imports_no_tensorflow() -> None:
    program = (
        "import sys, training.__main__ as m\n"
        "try: m.main(['--help'])\nexcept SystemExit: pass\n"
        "sys.exit('tensorflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)


@pytest.mark.parametrize("sizes", ["0.5", "a:b", "1:100", "1:-32"])
def test_sizes_that_the_network_cannot_take_are_refused(sizes: str) -> None:
    distil = ["distil", "--data", "d", "--teachers", "t", "--minutes", "1", "--out", "o"]
    with pytest.raises(SystemExit):
        main([*distil, "--sizes", sizes])


def test_missing_data_is_a_message_not_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pycocoevalcap", reason="scoring needs pycocoevalcap (training extra)")
    assert main(["evaluate", "--data", str(tmp_path)]) == 2
    assert "missing file" in capsys.readouterr().err
