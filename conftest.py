"""Python blocks of the Markdown pages are tests: `pytest README.md docs` runs them, in order."""

import os
import tempfile
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE
from importlib.util import find_spec

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser


def in_a_folder_of_its_own(namespace):
    """Let the blocks of a page write files where nobody minds."""
    namespace["home"], namespace["folder"] = os.getcwd(), tempfile.TemporaryDirectory()
    os.chdir(namespace["folder"].name)
    namespace["find_spec"] = find_spec  # for blocks that are skipped without an optional package


def back_home(namespace):
    os.chdir(namespace["home"])
    namespace["folder"].cleanup()


pytest_collect_file = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=ELLIPSIS | NORMALIZE_WHITESPACE),
        SkipParser(),
    ],
    patterns=["*.md"],
    setup=in_a_folder_of_its_own,
    teardown=back_home,
).pytest()
