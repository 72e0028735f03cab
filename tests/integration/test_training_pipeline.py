"""From photographs to a bundle that captions: every step once, on what the test paints."""

import importlib
import importlib.util
import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from captioner.vision import bundle, words
from captioner.vision.beam import WIDTH
from training.__main__ import main
from training.arrays import read_arrays

for package in ("tensorflow", "onnx", "pycocoevalcap"):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"needs {package} (requirements/train.lock)", allow_module_level=True)

from tests.teachers import left_in  # noqa: E402

pytestmark = [pytest.mark.training, pytest.mark.slow]

COLOURS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (30, 60, 220)}


def paint(path: Path, colour: str, shape: str, rng: np.random.Generator) -> None:
    canvas = Image.fromarray(rng.integers(150, 180, (96, 128, 3), dtype=np.uint8))
    x, y = (int(v) for v in rng.integers(5, 50, 2))
    draw = ImageDraw.Draw(canvas)
    figure = draw.ellipse if shape == "ball" else draw.rectangle
    figure((x, y, x + 40, y + 40), fill=COLOURS[colour])
    canvas.save(path)


def data_set(folder: Path) -> Path:
    rng = np.random.default_rng(3)
    photographs, texts = folder / "Flicker8k_Dataset", folder / "Flickr8k_text"
    photographs.mkdir(parents=True)
    texts.mkdir()
    tokens = []
    for split, count in (("train", 24), ("dev", 6)):
        names = [f"{split}{n}.jpg" for n in range(count)]
        (texts / f"Flickr_8k.{split}Images.txt").write_text("\n".join(names))
        for n, name in enumerate(names):
            colour, shape = [*COLOURS][n % 3], ("ball", "box")[n % 2]
            paint(photographs / name, colour, shape, rng)
            tokens += [f"{name}#{i}\tA {colour} {shape} on the grey floor ." for i in range(5)]
    (texts / "Flickr8k.token.txt").write_text("\n".join(tokens))
    return folder


def run(*arguments: object) -> None:
    assert main([str(argument) for argument in arguments]) == 0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that the pipeline leaves behind."""
    folder = tmp_path_factory.mktemp("training")
    data, teachers = data_set(folder / "data"), left_in(folder / "teachers")
    shared = ("--data", data, "--work", folder / "work")
    student = folder / "student.npz"
    run("prepare", *shared)
    distil = ("distil", *shared, "--teachers", teachers, "--batch", 8, "--sizes", "1:64")
    run(*distil, "--minutes", 0.1, "--out", student)
    run(*distil, "--minutes", 0.02, "--out", student, "--init", student)
    train = ("train", *shared, "--encoder", student, "--side", 64, "--views", 2)
    run(*train, "--epochs", 2, "--critical-epochs", 1, "--out", folder / "parts")
    run(
        "export", *shared, "--model", folder / "parts", "--out", folder / "bundle", "--version", "1"
    )
    run("words", *shared, "--bundle", folder / "bundle")
    return folder


def test_the_bundle_captions_a_photograph(made: Path) -> None:
    model = bundle.load(made / "bundle")
    photograph = np.asarray(Image.open(made / "data" / "Flicker8k_Dataset" / "dev0.jpg"))
    prediction = model.describe(photograph)
    assert prediction.captions
    known = {"a", *COLOURS, "ball", "box", "on", "the", "grey", "floor"}
    assert set(prediction.captions[0].text.split()) <= known


def test_the_bundle_says_where_it_comes_from_and_how_good_it_is(made: Path) -> None:
    document = json.loads((made / "bundle" / "bundle.json").read_text())
    assert {"name", "version", "encoder", "data", "commit", "command", "metrics"} <= set(document)
    assert "CC BY 4.0" in document["credit"]
    assert {"bleu4", "cider", "text_to_image_r10"} <= set(document["metrics"])


def test_the_text_side_loads_alone_and_agrees(made: Path) -> None:
    query = "a red ball"
    alone = words.load(made / "bundle").encode(query)
    assert np.array_equal(alone, bundle.load(made / "bundle").encode_text(query))


def test_the_word_head_comes_with_the_bundle_and_tells_words_by_pictures(made: Path) -> None:
    model, texts = bundle.load(made / "bundle"), words.load(made / "bundle")
    likely = texts.likely(["balls"])
    assert likely is not None and likely.words == ("ball",)
    photographs = sorted((made / "data" / "Flicker8k_Dataset").glob("*.jpg"))
    looks = np.stack([model.embed(np.asarray(Image.open(path)))[0] for path in photographs])
    assert likely.probabilities(looks).shape == (len(photographs), 1)
    assert texts.likely(["xylophone"]) is None


def test_distillation_logs_held_out_figures_and_goes_on_from_its_weights(made: Path) -> None:
    lines = [json.loads(line) for line in (made / "student.jsonl").read_text().splitlines()]
    assert len(lines) == 2
    wanted = {"seen", "explained", "pooled", "same_class", "word_map"}
    assert all(wanted <= set(line) for line in lines)


def test_the_weights_are_plain_named_half_floats(made: Path) -> None:
    with np.load(made / "student.npz") as arrays:
        assert arrays["block1_conv1/kernel"].shape == (3, 3, 3, 4)
        assert {arrays[name].dtype for name in arrays.files} == {np.dtype(np.float16)}


def test_one_checkpoint_an_epoch_is_kept(made: Path) -> None:
    kept = sorted(path.name for path in (made / "parts").glob("decoder-*.npz"))
    assert kept == ["decoder-01.npz", "decoder-02.npz"]


def test_evaluate_prints_one_line_of_json(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--data", made / "data", "--split", "dev", "--bundle", made / "bundle", "--json")
    run("evaluate", *arguments)
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["photographs"] == 6
    assert found["beam"] == WIDTH


def test_export_says_how_far_the_bundle_is_from_the_trained_model(made: Path) -> None:
    document = json.loads((made / "bundle" / "bundle.json").read_text())
    exported = document["verification"]["float32"]
    assert document["verification"]["photographs"] == 6
    assert exported["map_max"] < 1e-3
    assert exported["same_captions"] >= 0.98
    assert {"map_mean", "vector_max", "cosine"} <= set(document["verification"]["int8"])


def test_export_ships_what_quantisation_allows(made: Path) -> None:
    document = json.loads((made / "bundle" / "bundle.json").read_text())
    cost = document["quantisation"]
    assert cost["cost"] == pytest.approx(cost["cider_float32"] - cost["cider_int8"], abs=0.01)
    assert cost["shipped"] in ("int8", "float32")
    file = {"int8": "encoder.onnx", "float32": "encoder-float.onnx"}[cost["shipped"]]
    shipped = (made / "bundle" / "encoder.onnx").read_bytes()
    assert shipped == (made / "parts" / file).read_bytes()


def test_a_bundle_that_is_not_the_trained_model_is_refused_and_the_old_one_stays(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts, out = tmp_path / "parts", tmp_path / "bundle"
    shutil.copytree(made / "parts", parts)
    shutil.copytree(made / "bundle", out)
    with np.load(parts / "encoder.npz") as kept:
        arrays = {name: kept[name] for name in kept.files}
    arrays["block5_conv3/bias"] = arrays["block5_conv3/bias"] + 1
    np.savez(parts / "encoder.npz", **arrays)
    shared = ("--data", made / "data", "--work", made / "work")
    arguments = ("export", *shared, "--model", parts, "--out", out, "--version", "2")
    assert main([str(argument) for argument in arguments]) == 2
    assert "differs from the TensorFlow model" in capsys.readouterr().err
    assert bundle.load(out).version == "1"


def test_the_baseline_keeps_each_epoch_and_chooses_the_least_validation_loss(made: Path) -> None:
    shared = ("--data", made / "data", "--work", made / "work", "--encoder", made / "student.npz")
    out = made / "baseline"
    arguments = ("--side", 64, "--views", 1, "--recipe", "baseline", "--epochs", 3, "--out", out)
    run("train", *shared, *arguments)
    found = json.loads((out / "baseline.json").read_text())
    assert len(list(out.glob("baseline-*.npz"))) == len(found["val_loss"]) == 3
    assert found["epoch"] == 1 + int(np.argmin(found["val_loss"]))
    assert {"bleu1", "bleu4", "cider"} <= set(found)


def test_another_encoder_is_trained_and_exported_alike(made: Path) -> None:
    shared = ("--data", made / "data", "--work", made / "work")
    settings = ("--side", 64, "--views", 2, "--epochs", 2, "--critical-epochs", 1)
    weights = made / "teachers" / "efficientnet-lite2.npz"
    other = ("--encoder", "efficientnet-lite2", "--weights", weights, *settings)
    parts, out = made / "on-teacher", made / "teacher-bundle"
    run("train", *shared, *other, "--out", parts)
    run("export", *shared, "--model", parts, "--out", out, "--version", "1")
    assert bundle.load(out).name == "efficientnet-lite2"


def test_tuning_leaves_an_encoder_and_a_decoder_to_go_on_from(made: Path) -> None:
    shared = ("--data", made / "data", "--work", made / "work")
    out, settings = made / "tuned", ("--minutes", 0.05, "--rate", 1e-3)
    given = ("--encoder", made / "student.npz", "--model", made / "parts", "--out", out)
    run("tune", *shared, "--teachers", made / "teachers", *given, *settings)
    entry = json.loads((out / "tuning.jsonl").read_text().splitlines()[-1])
    assert entry["seen"] >= 24
    assert len(entry["losses"]) == 5
    with np.load(made / "student.npz") as before, np.load(out / "encoder.npz") as after:
        assert set(before.files) == set(after.files)
        assert np.array_equal(before["block3_conv1/kernel"], after["block3_conv1/kernel"])
        assert not np.array_equal(before["block4_conv1/kernel"], after["block4_conv1/kernel"])
    made_on = ("--encoder", out / "encoder.npz", "--decoder", out / "decoder.npz", "--side", 64)
    run("train", *shared, *made_on, "--critical-epochs", 0, "--out", made / "again")
    assert (made / "again" / "decoder.npz").is_file()


def test_tuning_that_was_stopped_goes_on_and_keeps_the_best(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = ("--data", made / "data", "--work", made / "work", "--teachers", made / "teachers")
    given = ("--encoder", made / "student.npz", "--model", made / "parts", "--out", tmp_path)
    asked = ["tune", *shared, *given, "--minutes", 0.05, "--resume"]
    arguments = [str(argument) for argument in asked]

    step = importlib.import_module("training.tune")
    tune: Callable[..., bool] = step.tune

    def stopped(*given: Any, **more: Any) -> bool:
        os.kill(os.getpid(), signal.SIGTERM)
        return tune(*given, **more)

    with monkeypatch.context() as patched:
        patched.setattr(step, "tune", stopped)
        assert main(arguments) == 128 + signal.SIGTERM
    assert not (tmp_path / "tuning.jsonl").exists()
    assert (tmp_path / "tuning.state.npz").is_file()
    assert main(arguments) == 0
    lines = (tmp_path / "tuning.jsonl").read_text().splitlines()
    kept = (tmp_path / "encoder.npz").read_bytes()
    assert main(arguments) == 0
    assert (tmp_path / "tuning.jsonl").read_text().splitlines() == lines
    assert (tmp_path / "encoder.npz").read_bytes() == kept


def test_prepare_names_a_damaged_photograph_and_stops(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(made / "data", tmp_path / "data")
    torn = tmp_path / "data" / "Flicker8k_Dataset" / "dev1.jpg"
    torn.write_bytes(torn.read_bytes()[:400])
    shared = ["--data", str(tmp_path / "data"), "--work", str(tmp_path / "work")]
    assert main(["prepare", *shared]) == 2
    assert "training prepare: damaged photograph dev1.jpg" in capsys.readouterr().err


def test_training_begins_from_the_mean_of_several_decoders(made: Path, tmp_path: Path) -> None:
    parts = made / "parts"
    files = [parts / f"decoder-0{epoch}.npz" for epoch in (1, 2)]
    shared = ("--data", made / "data", "--work", made / "work", "--encoder", made / "student.npz")
    given = ("--side", 64, "--views", 1, "--critical-epochs", 0, "--out", tmp_path)
    run("train", *shared, *given, "--decoder", *files)
    first, second = (read_arrays(file)["output_bias"] for file in files)
    found = read_arrays(tmp_path / "decoder.npz")["output_bias"]
    assert np.allclose(found, (first + second) / 2, atol=1e-6)


def test_projections_are_trained_anew_for_another_encoder_only(made: Path) -> None:
    parts = made / "parts"
    source, vectors = parts / "vectors.source", parts / "vectors.npz"
    before = vectors.stat().st_mtime_ns
    shared = ("--data", made / "data", "--work", made / "work", "--encoder", made / "student.npz")
    again = ("--side", 64, "--decoder", parts / "decoder-01.npz", "--critical-epochs", 0)
    run("train", *shared, *again, "--views", 2, "--out", parts)
    assert vectors.stat().st_mtime_ns == before
    source.write_text("another encoder")
    run("train", *shared, *again, "--views", 2, "--out", parts)
    assert vectors.stat().st_mtime_ns > before
