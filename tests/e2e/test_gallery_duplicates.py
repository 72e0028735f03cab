"""The gallery adds a photograph once, whatever its file is called."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.deployed import DeployedStack

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.slow]
HERE = '#grid .tile[data-state="captioned"], #grid .tile[data-state="needs_review"]'


def count(stack: DeployedStack) -> int:
    with stack.client() as client:
        total: int = client.get("stats").json()["total"]
        return total


def unlike_any_other(path: Path, kind: str) -> Path:
    from PIL import Image

    Image.effect_noise((320, 240), 60).convert("RGB").save(path, kind)
    return path


def test_a_photograph_that_is_there_is_said_to_be_and_shown(
    page: Page, stack: DeployedStack, tmp_path: Path
) -> None:
    before = count(stack)
    file = unlike_any_other(tmp_path / "noise.jpg", "JPEG")
    page.locator("#files").set_input_files(file)
    expect(page.locator("#status")).to_contain_text("noise.jpg: ")
    expect(page.locator(HERE).first).to_be_visible()
    first = page.locator(HERE).first.get_attribute("data-id")
    again = file.rename(tmp_path / "the same.jpg")
    page.locator("#files").set_input_files(again)
    expect(page.locator("#status")).to_contain_text("the same.jpg is already there")
    expect(page.locator(f'#grid .tile[data-id="{first}"]')).to_have_count(1)
    expect(page.locator("#grid .tile").first).to_have_attribute("data-id", str(first))
    assert count(stack) == before + 1


@pytest.mark.parametrize(("name", "kind"), [("IMG_0001", "JPEG"), ("scan.dat", "TIFF")])
def test_a_file_is_what_its_first_bytes_say(
    page: Page, stack: DeployedStack, tmp_path: Path, name: str, kind: str
) -> None:
    before = count(stack)
    page.locator("#files").set_input_files(unlike_any_other(tmp_path / name, kind))
    expect(page.locator("#status")).to_contain_text(f"{name}: ")
    assert count(stack) == before + 1


def test_where_browsers_compute_no_checksum_a_photograph_is_added_all_the_same(
    page: Page, stack: DeployedStack, tmp_path: Path
) -> None:
    before = count(stack)
    page.evaluate("Object.defineProperty(crypto, 'subtle', { value: undefined })")
    page.locator("#files").set_input_files(unlike_any_other(tmp_path / "noise.png", "PNG"))
    expect(page.locator("#status")).to_contain_text("noise.png: ")
    assert count(stack) == before + 1
