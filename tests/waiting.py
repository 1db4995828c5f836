"""Waiting in tests: for what happens, not for so long."""

import time


def eventually(condition, seconds=60):
    """Wait until a condition holds, and return what it gave; fail the test if it never does."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "what was waited for never came"
        time.sleep(0.01)
    return found
