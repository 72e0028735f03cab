"""When and where photographs were taken, through the deployed stack."""

import io

import httpx
import pytest
from PIL import Image

from tests.deployed import DeployedStack, eventually
from tests.integration.test_stack_pipeline import settled, upload
from tests.phone import photograph_of_a_phone

pytestmark = pytest.mark.stack


def found(client: httpx.Client, **parameters: str) -> list[str]:
    answer = client.get("/search", params=parameters)
    assert answer.status_code == 200, answer.text
    return [hit["image"]["id"] for hit in answer.json()["hits"]]


def test_a_phones_photograph_is_found_by_its_day_and_tells_nobody_where_it_was_taken(
    stack: DeployedStack,
) -> None:
    with stack.client() as client:
        image_id = upload(client, "phone.jpg", photograph_of_a_phone("olive"))
        image = settled(client, image_id)
        assert (image["taken_at"], image["camera"]) == ("2024-05-01T13:20:00", "Apple iPhone 15")
        assert (image["orientation"], image["width"], image["height"]) == (6, 20, 30)
        assert image["position"] is None
        assert (
            "position"
            not in stack.aws("dynamodb").get_item(
                TableName=stack.facts["table"], Key={"image_id": {"S": image_id}}
            )["Item"]
        )
        shown = Image.open(io.BytesIO(httpx.get(image["links"]["display"]).content))
        assert not shown.getexif() and not {"exif", "xmp"} & shown.info.keys()
        day = {"taken_from": "2024-05-01", "taken_to": "2024-05-01", "sort": "taken"}
        eventually(lambda: found(client, **day) == [image_id], within=30, because=lambda: "lag")
        assert image_id not in found(client, taken_to="2024-04-30")
