"""What ``make deploy`` asks for before it begins."""

from infra.preflight import REQUIREMENTS, Requirement, missing


def test_only_what_is_missing_is_told_and_in_order() -> None:
    here = Requirement("here", lambda: True, "nothing")
    first = Requirement("first", lambda: False, "get it")
    second = Requirement("second", lambda: False, "get that")
    assert missing((first, here, second)) == [first, second]


def test_docker_node_credentials_and_the_bootstrap_are_asked_for() -> None:
    assert [r.name for r in REQUIREMENTS] == [
        "Docker",
        "Node with npx",
        "AWS credentials",
        "a bootstrapped account",
    ]
    assert all(requirement.remedy for requirement in REQUIREMENTS)
