"""For which machine a layer's wheels are taken."""

import sys

import pytest

from layers.__main__ import HERE, LAMBDA, Layer, installation, interpreter


def test_lambdas_layer_is_for_lambda_whatever_machine_builds_it() -> None:
    command = " ".join(installation(LAMBDA))
    assert "--python-version 3.13 --python-platform x86_64-manylinux_2_34" in command


def test_this_machines_layer_is_for_the_python_that_runs() -> None:
    command = installation(HERE)
    assert command[command.index("--python") + 1] == sys.executable
    assert not {"--python-version", "--python-platform"} & set(command)


@pytest.mark.parametrize("layer", [HERE, LAMBDA])
def test_nothing_but_locked_wheels_is_taken(layer: Layer) -> None:
    command = " ".join(installation(layer))
    assert "--require-hashes" in command
    assert "--only-binary :all:" in command


def test_what_compiles_is_of_the_layers_version() -> None:
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert interpreter(None) == interpreter(running) == sys.executable
    assert interpreter("3.1") is None
