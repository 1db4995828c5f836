"""What all tests share."""

import re

from hypothesis import settings

import skhpo

settings.register_profile("without deadline", deadline=None)  # no test asserts a time
settings.load_profile("without deadline")
skhpo.logging.set_verbosity(skhpo.logging.WARNING)


def pytest_make_parametrize_id(config, val):
    """Name tests after their values, without addresses: alike in all processes of pytest-xdist."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(val))[:60]
