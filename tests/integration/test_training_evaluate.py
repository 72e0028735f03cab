"""``evaluate`` on a folder that holds nothing but the test split, from the command line."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("pycocoevalcap", reason="scoring needs pycocoevalcap (training extra)")
pytest.importorskip("onnxruntime", reason="the encoder needs onnxruntime")

from captioner.vision.bundle import DEFAULT_BUNDLE

ROOT = Path(__file__).resolve().parents[2]
NAMES = [f"{n}.jpg" for n in range(13)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirteen photographs, the list of the test split, captions; no other list."""
    folder = tmp_path_factory.mktemp("data")
    photographs, texts = folder / "Flicker8k_Dataset", folder / "Flickr8k_text"
    photographs.mkdir()
    texts.mkdir()
    rng = np.random.default_rng(1)
    for name in NAMES:
        coarse = rng.integers(0, 256, (8, 10, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((224, 224)).save(photographs / name)
    said = ["A dog runs .", "The dog is running .", "Grass .", "A brown dog", "A dog outside ."]
    tokens = [f"{name}#{n}\t{text} {name[0]}" for name in NAMES for n, text in enumerate(said)]
    # Captions of photographs that are not here, as the whole token file has them.
    tokens += [f"elsewhere.jpg#{n}\t{text}" for n, text in enumerate(said)]
    (texts / "Flickr8k.token.txt").write_text("\n".join(tokens))
    (texts / "Flickr_8k.testImages.txt").write_text("\n".join(NAMES))
    return folder


def evaluate(data: Path, *more: str, path: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "training", "evaluate", "--data", str(data), *more]
    environment = os.environ | ({"PATH": path} if path else {})
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


TIMES = {"load_s", "ms_p50", "ms_p95", "peak_mb", "others_running"}


def figures(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.fixture(scope="module")
def scored(data: Path) -> dict[str, Any]:
    return figures(evaluate(data, "--split", "test", "--json", path="/nowhere"))


def test_the_split_alone_is_enough_and_json_is_exactly_one_line(scored: dict[str, Any]) -> None:
    assert (scored["split"], scored["photographs"], scored["beam"]) == ("test", 13, 5)
    protocol = {"bleu1", "bleu4", "rouge_l", "cider", "reliability", "needs_review", "auc"}
    ways = {f"{way}_{n}" for way in ("text_to_image", "image_to_text") for n in ("r10", "r1")}
    alike = {f"neighbours_{n}" for n in ("visual", "raw", "random", "best")}
    assert protocol | ways | alike | TIMES | {"quantisation", "bundle_mb"} <= set(scored)


def test_a_machine_without_java_says_that_meteor_was_not_scored(scored: dict[str, Any]) -> None:
    assert scored["meteor"] is None
    assert "no java" in scored["meteor_note"]


def test_the_number_of_processes_changes_nothing_but_the_times(
    data: Path, scored: dict[str, Any]
) -> None:
    alone = evaluate(data, "--split", "test", "--json", "--workers", "1", path="/nowhere")
    again = figures(alone)
    assert {k: v for k, v in again.items() if k not in TIMES} == {
        k: v for k, v in scored.items() if k not in TIMES
    }


def test_the_cost_of_quantisation_is_measured_where_the_float_encoder_is_at_hand(
    data: Path, scored: dict[str, Any], tmp_path: Path
) -> None:
    shutil.copyfile(DEFAULT_BUNDLE / "encoder.onnx", tmp_path / "encoder-float.onnx")
    arguments = ("--split", "test", "--json", "--model", str(tmp_path))
    found = figures(evaluate(data, *arguments, path="/nowhere"))
    # The bundle's own encoder beside itself: nothing was lost.
    assert (found["cider_float32"], found["quantisation_cost"]) == (scored["cider"], 0.0)
    assert found["quantisation"] == "measured on test, beam 5"


def test_the_report_is_one_page_and_says_where_it_is(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the report's curves need matplotlib")
    command = [sys.executable, "-m", "training", "report", "--data", str(data), "--split", "test"]
    page = tmp_path / "page.html"
    done = subprocess.run(
        [*command, "--out", str(page)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"wrote {page}")
    assert "on test: report</title>" in page.read_text()


def test_a_split_that_is_not_there_is_said_so(data: Path) -> None:
    done = evaluate(data, "--split", "dev", "--json")
    assert done.returncode == 2
    assert not done.stdout
    assert "Flickr_8k.devImages.txt" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bundle_that_is_none_is_said_so(data: Path, tmp_path: Path) -> None:
    done = evaluate(data, "--split", "test", "--bundle", str(tmp_path))
    assert done.returncode == 2
    assert "bundle.json is missing" in done.stderr


def test_a_damaged_photograph_is_named(data: Path, tmp_path: Path) -> None:
    torn = tmp_path / "Flicker8k_Dataset"
    torn.mkdir()
    for name in NAMES:
        (torn / name).symlink_to(data / "Flicker8k_Dataset" / name)
    (torn / "7.jpg").unlink()
    (torn / "7.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    (tmp_path / "Flickr8k_text").symlink_to(data / "Flickr8k_text")
    done = evaluate(tmp_path, "--split", "test", "--json")
    assert done.returncode == 2
    assert "damaged photograph 7.jpg" in done.stderr
    assert not done.stdout


@pytest.mark.parametrize("option", [("--beam", "0"), ("--beam", "17"), ("--workers", "0")])
def test_a_beam_or_count_out_of_range_is_refused(data: Path, option: tuple[str, str]) -> None:
    assert evaluate(data, *option).returncode == 2
