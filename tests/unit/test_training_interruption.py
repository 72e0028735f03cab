"""SIGTERM ends a step at once, or once it has kept its state."""

import os
import signal

import pytest

from training.interruption import Interrupted, Interruption


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_sigterm_ends_what_has_nothing_to_keep() -> None:
    with pytest.raises(Interrupted), Interruption().noticed():
        terminate()


def test_no_handler_of_failures_takes_it_for_one() -> None:
    assert not issubclass(Interrupted, Exception)


def test_while_deferred_it_is_only_noted_until_it_is_obeyed() -> None:
    with Interruption().noticed() as interruption:
        with interruption.deferred():
            terminate()
            assert interruption.asked
        with pytest.raises(Interrupted):
            interruption.obey()


def test_nobody_is_interrupted_who_was_not_asked() -> None:
    with Interruption().noticed() as interruption:
        interruption.obey()


def test_what_listened_before_listens_again() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interruption().noticed():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
