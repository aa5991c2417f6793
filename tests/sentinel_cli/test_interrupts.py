import os
import signal

import pytest

from sentinel_cli.interrupts import interrupt_waits


def test_an_interrupt_comes_after_the_block_and_not_in_it() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), interrupt_waits():  # noqa: PT012
        os.kill(os.getpid(), signal.SIGINT)
        done.append("after the signal")
    assert done == ["after the signal"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_an_interrupt_nothing_is_changed() -> None:
    with interrupt_waits():
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
