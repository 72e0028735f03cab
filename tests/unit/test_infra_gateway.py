"""What API Gateway answers itself."""

import json

from infra.gateway import gateway_responses


def test_an_authorizer_that_could_not_find_out_is_to_be_asked_again() -> None:
    for kind in ("AUTHORIZER_FAILURE", "AUTHORIZER_CONFIGURATION_ERROR"):
        response = gateway_responses(())[kind]
        headers = response["ResponseParameters"]["Headers"]
        assert (response["StatusCode"], headers["Retry-After"]) == (503, "'5'")
        assert json.loads(response["ResponseTemplates"]["application/json"])["status"] == 503


def test_only_what_may_be_tried_again_says_when() -> None:
    for response in gateway_responses(()).values():
        headers = response["ResponseParameters"]["Headers"]
        assert ("Retry-After" in headers) == (response["StatusCode"] in {429, 503, 504})


def test_a_page_elsewhere_may_read_what_is_refused_and_when_to_try_again() -> None:
    for origins, readers in ((["https://a.example"], "https://a.example"), (["a", "b"], "*")):
        for response in gateway_responses(origins).values():
            headers = response["ResponseParameters"]["Headers"]
            assert headers["Access-Control-Allow-Origin"] == f"'{readers}'"
            assert "Retry-After" in headers["Access-Control-Expose-Headers"]
