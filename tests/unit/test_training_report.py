"""The report stands alone, tells all in words too, and never lands where git would see it."""

import html
import json
import re
from argparse import Namespace
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("matplotlib", reason="the report needs matplotlib (requirements/train.lock)")
pytest.importorskip("jinja2", reason="the report needs jinja2 (requirements/train.lock)")
pytest.importorskip("pycocoevalcap", reason="scoring needs pycocoevalcap (training extra)")

from captioner.vision.labels import Label
from captioner.vision.prediction import Caption, Prediction, Word
from training.confidence import fit, quality
from training.dataset import Split
from training.errors import TrainingError
from training.evaluate import Described, Evaluated
from training.logs import read_log
from training.report import plots
from training.report.ink import alone
from training.report.page import extremes, render, run, spread, tiles
from training.report.plots import Logs, read_logs

STEP = {"size": 64, "train": [0.6, 0.4, 1.2, 50.0], "explained": 0.1, "word_map": 0.05}
STEP |= {"pooled": 0.2, "same_class": 0.3}
DISTILLED = [STEP | {"seen": 1000, "minutes": 1.0}, STEP | {"seen": 2000, "minutes": 2.0}]
SAID = ["a dog <b>runs</b>", "two men", "a girl in red", ""]


def described(folder: Path) -> Described:
    paths, predictions = [], []
    for number, text in enumerate(SAID):
        paths.append(folder / f"{number}.png")
        Image.new("RGB", (20, 10), (60 * number, 90, 30)).save(paths[-1])
        attention = np.full((2, 2), 0.25, np.float32)
        words = tuple(Word(word, -1.0, attention) for word in text.split())
        captions = (Caption(text, words),) if text else ()
        even, probability = np.full(256, 1 / 16, np.float32), 0.1 + 0.2 * number
        labels = (Label("cat", 0.75),) if number else ()
        marks = (probability < 0.4, probability < 0.2)
        predictions.append(Prediction(captions, labels, even, even, probability, *marks))
    captions_of = tuple((f"a {n} dog & co", "two men talk") for n in range(len(SAID)))
    split = Split("dev", tuple(paths), captions_of)
    return Described(split, tuple(predictions), np.zeros((len(SAID), 3), np.float32))


def evaluated(folder: Path) -> Evaluated:
    found = described(folder)
    figures: dict[str, object] = {"bundle": "tiny 1", "split": "dev", "photographs": 4, "beam": 3}
    figures |= {f"bleu{n}": 10.0 * n for n in range(1, 5)}
    figures |= {"rouge_l": 40.0, "cider": 37.38, "meteor": None, "meteor_note": "not scored: why"}
    for way in ("text_to_image", "image_to_text"):
        figures |= {f"{way}_{name}": 9.5 for name in ("r1", "r5", "r10", "median_rank")}
    figures |= {f"neighbours_{name}": 3.0 for name in ("visual", "raw", "random", "best")}
    figures |= {"needs_review": 0.5, "load_s": 0.9, "ms_p50": 31.0}
    figures |= {"ms_p95": 40.0, "peak_mb": 150, "bundle_mb": 14.2, "others_running": 3.0}
    figures |= {"cider_float32": 37.9, "quantisation_cost": 0.52, "quantisation": "bundle.json"}
    judged_by = replace(fit(np.eye(4, 8), found.right), needs_review_below=0.4, withheld_below=0.2)
    told = quality(found.probabilities, found.right, judged_by)
    figures |= told
    agreed = {"same_captions": 0.996, "cosine": 0.9987}
    document = {
        "name": "tiny",
        "encoder": "VGG16",
        "verification": {"against": "it", "photographs": 500, "float32": agreed, "int8": agreed},
        "confidence": judged_by.document() | {"cross_validated": told | {"splits": "dev, other"}},
        "sha256": {"encoder.onnx": "ab" * 32},
    }
    return Evaluated(document, found, figures)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return render(evaluated(tmp_path_factory.mktemp("photographs")), Logs(DISTILLED))


class Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_asks_nobody_for_anything(page: str) -> None:
    for tag, attributes in Elements(page).found:
        assert tag not in {"script", "link", "iframe", "object", "embed"}
        for name in ("src", "href", "xlink:href", "srcset", "data"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/")), (tag, attributes)
    assert all(
        found.startswith(("data:image/", "#")) for found in re.findall(r"url\(([^)]+)", page)
    )
    assert "@import" not in page


def test_every_picture_is_told_in_words(page: str) -> None:
    elements = Elements(page).found
    pictures = [a for tag, a in elements if tag == "svg" or a.get("role") == "img"]
    assert all(picture.get("aria-label") for picture in pictures)
    images = [attributes for tag, attributes in elements if tag == "img"]
    assert images and all("alt" in image for image in images)
    assert any("people wrote: a 0 dog" in (image.get("alt") or "") for image in images)


def test_captions_are_shown_as_text_whatever_is_in_them(page: str) -> None:
    assert "a dog &lt;b&gt;runs&lt;/b&gt;" in page
    assert "<b>runs</b>" not in page
    assert "(nothing usable)" in page


def test_the_page_tells_figures_and_gaps(page: str) -> None:
    for told in ("37.4", "METEOR not scored: why", "-0.52", "3 other threads",
                 "prefers-color-scheme: dark",
                 "No logs of the epochs", "Cross-validated, dev, other",
                 "cat 0.75", "withheld", "99.6 %", "cosine of vectors 0.9987"):  # fmt: skip
        assert told in page, told


def test_a_time_missed_on_a_busy_machine_is_not_held_against_the_bundle() -> None:
    figures = {"load_s": 0.9, "ms_p50": 31.0, "cider": 37.0}
    busy = {tile.name: tile.met for tile in tiles(figures | {"others_running": 3.0})}
    idle = {tile.name: tile.met for tile in tiles(figures | {"others_running": 0.0})}
    assert (busy["Load"], busy["A photograph, p50"], busy["CIDEr"]) == (None, True, False)
    assert (idle["Load"], idle["A photograph, p50"], idle["CIDEr"]) == (False, True, False)


def test_each_word_has_its_mask_of_attention(page: str) -> None:
    words = sum(len(text.split()) for text in SAID)
    assert page.count('class="look p') == words


def test_the_same_gives_the_same_page(page: str, tmp_path: Path) -> None:
    assert render(evaluated(tmp_path), Logs(DISTILLED)) == page


def test_the_grid_is_spread_and_the_extremes_are_the_extremes(tmp_path: Path) -> None:
    found = described(tmp_path)
    assert spread(found, 2) == [0, 3]
    assert spread(found, 9) == [0, 1, 2, 3]
    best, worst = extremes(found, 1)
    assert found.ciders[best[0]] == found.ciders.max()
    assert found.ciders[worst[0]] == found.ciders.min()


def test_the_learning_curve_alone_is_a_drawing_of_its_own() -> None:
    drawn = alone(plots.learning_curve(DISTILLED))
    root = ET.fromstring(drawn)
    assert root.tag.endswith("svg")
    assert "2,000 photographs seen" in str(root.get("aria-label"))
    assert "--series-1" in drawn and "prefers-color-scheme: dark" in drawn
    assert "<image" not in drawn and "http" not in drawn.replace("http://www.w3.org", "")
    assert not re.search(r"#0[a1-3]0\d0\d", drawn), "a stand-in colour was left"


def test_the_learning_curve_names_all_that_is_measured() -> None:
    drawn = alone(plots.learning_curve(DISTILLED))
    for name in (*plots.HELD_OUT.values(), *plots.LOSSES):
        assert html.escape(name, quote=False) in drawn, name


def test_the_learning_curve_tells_what_was_measured_last() -> None:
    unmeasured = {"size": 160, "train": STEP["train"], "seen": 3000}
    drawn = alone(plots.learning_curve([*DISTILLED, unmeasured]))
    told = str(ET.fromstring(drawn).get("aria-label"))
    assert "2,000 photographs seen, 10.0 per cent" in told
    assert "class given to 30.0 per cent" in told


def test_a_continued_distillation_counts_on(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    lines = [{"seen": 10, "minutes": 1}, {"seen": 20, "minutes": 2}, {"seen": 5, "minutes": 1}]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    counted = read_logs(Namespace(distilled=log, model=None, tuned=None)).distilled
    assert [(entry["seen"], entry["minutes"]) for entry in counted] == [(10, 1), (20, 2), (25, 3)]


def test_a_log_that_is_damaged_is_named_with_its_line(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('{"seen": 1}\n{"seen": \n')
    with pytest.raises(TrainingError, match=r"log\.jsonl line 2"):
        read_log(log)


def test_epochs_are_drawn_where_there_are_logs() -> None:
    logs = Logs(
        decoder=[{"epoch": 1, "loss": 5.0, "dev_cider": 20.0}],
        critical=[{"epoch": 1, "dev_cider": 41.5}],
        joint=[{"epoch": 1, "loss": 8.0, "r1": 5.0, "r5": 15.0, "r10": 25.0}],
    )
    assert "dev CIDEr of 41.5" in plots.epochs(logs)


def test_the_prototypes_recipe_and_the_tuning_are_shown_where_their_logs_are(
    tmp_path: Path,
) -> None:
    (tmp_path / "tuning.jsonl").write_text('{"seen": 90, "minutes": 1, "dev_cider": 43.21}\n')
    scores = {"beam": 1, "rouge_l": 36.0, "cider": 24.68} | {f"bleu{n}": 9.0 for n in range(1, 5)}
    (tmp_path / "baseline.json").write_text(json.dumps(scores))
    left = Namespace(distilled=None, model=tmp_path, tuned=tmp_path / "tuning.jsonl")
    logs = read_logs(left)
    page = render(evaluated(tmp_path), logs)
    assert "prototype's recipe" in page and "24.7" in page
    assert "dev CIDEr reaches 43.2" in page


def test_a_page_is_not_written_where_git_would_see_it(tmp_path: Path) -> None:
    seen = Path(__file__).resolve().parents[2] / "docs" / "report.html"
    logs = dict.fromkeys(("distilled", "model", "tuned", "curve"))
    options = Namespace(**logs, out=seen, work=tmp_path)
    with pytest.raises(TrainingError, match="git would see it"):
        run(options)
    assert not seen.exists()
