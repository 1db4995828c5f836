"""What all tests share."""

import re

from hypothesis import settings

import skhpo

# No test asserts a time. Examples differ from run to run, so a few dozen each time suffice.
settings.register_profile("ours", deadline=None, max_examples=25)
settings.load_profile("ours")
skhpo.logging.set_verbosity(skhpo.logging.WARNING)


def pytest_make_parametrize_id(config, val):
    """Name tests after their values, without addresses: alike in all processes of pytest-xdist."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(val))[:60]
