"""Configuration of the documentation. `make docs` builds it; docs/_ext holds what is our own."""

import os
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

import public_names  # noqa: E402

import skhpo  # noqa: E402

project = "skhpo"
author = "The skhpo developers"
copyright = author
version = release = skhpo.__version__

extensions = [
    "docstrings",
    "myst_parser",
    "numpydoc",
    "public_names",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_codeautolink",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_ext", "_templates", "auto_examples/*.ipynb", "**/README.txt"]
templates_path = ["_templates"]
nitpicky = True
# Types of other packages, and words of numpydoc's type descriptions. Inventories of other projects
# would need the network, so references to them are plain text.
nitpick_ignore_regex = [
    ("py:.*", r"(numpy|scipy|sklearn|sqlalchemy|matplotlib|joblib|optuna|pandas|logging)\..*"),
    ("py:.*", r"(abc|enum|collections|typing|datetime)\..*"),
]

# -- Pages

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

# -- API reference

autosummary_generate = True
autosummary_ignore_module_all = False
autosummary_context = {"members_of": public_names.members_of}
autodoc_typehints = "none"
autodoc_member_order = "bysource"
toc_object_entries_show_parents = "hide"
python_maximum_signature_line_length = 88
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# -- Links from code to the reference

codeautolink_concat_default = True
codeautolink_disable_link_titles = True  # they would name private modules
# The gallery (whose blocks are in "Python") links its code itself.
codeautolink_custom_blocks = {"Python": lambda source: (source, "")}
suppress_warnings = [
    "codeautolink.match_block",  # a docstring's `# doctest: +SKIP` is not shown
    "config.cache",  # functions in this file cannot be cached: each build reads all pages
]

# -- Copied code: without prompts and output

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# -- Gallery

NOT_EXECUTED = "demo|parallel_backends|pytorch_pruning|resume_and_share"

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": rf"/(?!{NOT_EXECUTED})\w+\.py$",
    "backreferences_dir": "api/backreferences",
    "doc_module": ("skhpo",),
    "within_subsection_order": "gallery_order.by_topic",
    "default_thumb_file": str(HERE / "_static" / "thumbnail.png"),
    "download_all_examples": True,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "plot_gallery": os.environ.get("SKHPO_EXAMPLES", "1") == "1",  # whether to run them
    "abort_on_example_error": False,
    "min_reported_time": 0,
    "capture_repr": (),
}
warnings.filterwarnings("ignore", message="Matplotlib is currently using agg", category=UserWarning)

# -- HTML

html_title = "skhpo"
html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["skhpo.css"]
html_favicon = "_static/favicon.svg"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {
        "image_light": "_static/logo.svg",
        "image_dark": "_static/logo_dark.svg",
        "alt_text": "skhpo: to the first page",
    },
    "icon_links": [
        {
            "name": "GitHub",
            "url": "https://github.com/skhpo/skhpo",
            "icon": "fa-brands fa-github",
        },
    ],
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": [], "quickstart": [], "auto_examples/index": []}
