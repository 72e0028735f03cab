"""The command line explains itself without TensorFlow and names what is wrong."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from training import options
from training.__main__ import main

ROOT = Path(__file__).resolve().parents[2]


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


def test_the_documentation_has_the_defaults() -> None:
    said = options.parser().parse_args(
        ["train", "--encoder", "vgg16", "--out", "model", "--data", "flickr8k"]
    )
    text = (ROOT / "docs" / "training.md").read_text()
    for names, defaults in re.findall(r"^\| (`--[^|]*) \| ([^|]+?) \|", text, re.M):
        for name, default in zip(
            re.findall(r"`--([a-z-]+)", names), defaults.split(", "), strict=True
        ):
            held = getattr(said, name.replace("-", "_"))
            in_words = {None: "none", False: "off"}.get(held, held)
            if name != "epochs":  # as many as the recipe has
                assert default == in_words or float(default) == held, name
