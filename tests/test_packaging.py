"""What is built for the package index: the wheel, the sdist, and the README that it shows."""

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import skhpo

ROOT = Path(skhpo.__file__).resolve().parent.parent
MODULES = sorted(file.relative_to(ROOT).as_posix() for file in (ROOT / "skhpo").rglob("*.py"))
DATA = [
    file.relative_to(ROOT).as_posix()
    for kind in ("*.jinja", "priors/data/*.npz")
    for file in (ROOT / "skhpo").rglob(kind)
]
PAGES = re.compile(r"\]\(([^)]+)\)|(?:src|href)=\"([^\"]+)\"")
BUILT = {"cache", "_build", "auto_examples", "generated", "backreferences"}
BUILT |= {"results", "data", "runs", "stack"}  # written by examples/projects; none is in git
OURS = re.compile(
    r"https://(?:github\.com/skhpo/skhpo/(?:blob|tree)|raw\.githubusercontent\.com/skhpo/skhpo)"
    r"/main/([^#]+)"
)

pytestmark = pytest.mark.xdist_group("packaging")  # built once


def read_project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def links():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return ["".join(found) for found in PAGES.findall(text)]


@pytest.fixture(scope="session")
def dist(tmp_path_factory):
    """The folder with the wheel and the sdist, built from a copy of the source tree."""
    pytest.importorskip("build")
    copy = tmp_path_factory.mktemp("build") / "skhpo"
    left_out = shutil.ignore_patterns(
        ".venv*", ".git", "*_cache", "cache", ".hypothesis", "build", "_build", "dist", "*.egg-info"
    )
    shutil.copytree(ROOT, copy, ignore=left_out)
    (copy / "notes.txt").write_text("mine", encoding="utf-8")
    (copy / "tests" / "test_packaging.pyc").write_bytes(b"")
    command = [sys.executable, "-m", "build", "--outdir", str(copy / "dist"), str(copy)]
    outcome = subprocess.run(command, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stdout[-2000:] + outcome.stderr[-2000:]
    return copy / "dist"


@pytest.fixture(scope="session")
def installed(dist, tmp_path_factory):
    """The ``bin`` of a new environment with the wheel, beside the packages that tests have."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "others.pth").write_text(f"{Path(pytest.__file__).parent.parent}\n", encoding="utf-8")
    (wheel,) = dist.glob("*.whl")
    install = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install"]
    subprocess.run([*install, "--quiet", "--no-deps", "--no-index", wheel], check=True)
    return folder / "bin"


def run(command, cwd):
    """What a command prints, run in a folder and without the source tree on its path."""
    outcome = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env={})
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout


# ------------------------------------------------------------------------- what is declared


def test_each_link_of_the_readme_is_absolute():
    assert [link for link in links() if not link.startswith("https://")] == []


def test_each_file_that_the_readme_links_to_is_there():
    paths = [OURS.match(link)[1] for link in links() if OURS.match(link)]
    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_project_names_its_addresses():
    expected = {"Homepage", "Documentation", "Repository", "Changelog", "Issues"}
    assert read_project()["urls"].keys() == expected


def test_each_extra_that_code_examples_and_docs_name_is_declared():
    text = "".join(
        file.read_text(encoding="utf-8")
        for folder in ("skhpo", "examples", "docs")
        for file in (ROOT / folder).rglob("*.*")
        if file.suffix in (".py", ".md")
    )
    named = set(re.findall(r"(?:skhpo|['\"]\.)\[([a-z]+)\]['\"]", text))
    named |= set(re.findall(r"missing_extra\([^)]*, \"([a-z]+)\"\)", text))
    assert {"plot", "boosting", "dashboard", "dataframe"} <= named
    assert named <= read_project()["optional-dependencies"].keys()


# ---------------------------------------------------------------------------- what is built


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_nothing_else(dist):
    (wheel,) = dist.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    ours = sorted(name for name in names if ".dist-info/" not in name)
    assert ours == sorted([*MODULES, *DATA, "skhpo/py.typed"])


@pytest.mark.slow
def test_the_wheel_carries_the_licence(dist):
    (wheel,) = dist.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["skhpo", "tests", "docs", "examples", "benchmarks", ".ci"])
def test_the_sdist_holds_each_file_of(folder, dist):
    (sdist,) = dist.glob("*.tar.gz")
    packed = {name.partition("/")[2] for name in tarfile.open(sdist).getnames()}
    suffixes = {".py", ".md", ".png", ".txt", ".typed", ".csv", ".json"}
    here = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / folder).rglob("*")
        if file.suffix in suffixes and not BUILT.intersection(file.parts)
    }
    assert here
    assert here - packed == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "conftest.py", ".ci/run"]
)
def test_the_sdist_holds(name, dist):
    (sdist,) = dist.glob("*.tar.gz")
    assert name in {path.partition("/")[2] for path in tarfile.open(sdist).getnames()}


@pytest.mark.slow
def test_the_sdist_holds_no_compiled_files_and_nothing_that_merely_lies_about(dist):
    (sdist,) = dist.glob("*.tar.gz")
    names = tarfile.open(sdist).getnames()
    strange = re.compile(r"\.py[cod]$|__pycache__|notes\.txt|benchmarks/cache/")
    assert [name for name in names if strange.search(name)] == []


@pytest.mark.slow
def test_the_index_can_show_what_is_built(dist):
    pytest.importorskip("twine")
    check = [sys.executable, "-m", "twine", "check", "--strict", *dist.iterdir()]
    outcome = subprocess.run(check, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stdout


# ------------------------------------------------------------------------ what is installed


@pytest.mark.slow
def test_each_public_module_can_be_imported_from_the_installed_wheel(installed, tmp_path):
    code = (
        "import importlib, pkgutil, skhpo\n"
        "names = [m.name for m in pkgutil.walk_packages(skhpo.__path__, 'skhpo.')]\n"
        "public = [name for name in names if '._' not in name and '__main__' not in name]\n"
        "modules = [importlib.import_module(name) for name in public]\n"
        "lacking = [n for m in modules for n in getattr(m, '__all__', ()) if not hasattr(m, n)]\n"
        "print(skhpo.__file__, len(public), lacking)"
    )
    where, n_modules, lacking = run([installed / "python", "-c", code], tmp_path).split(maxsplit=2)
    assert Path(where).is_relative_to(installed.parent)
    assert int(n_modules) > 10
    assert lacking.strip() == "[]"


@pytest.mark.slow
def test_the_command_of_the_installed_wheel_runs(installed, tmp_path):
    assert "studies" in run([installed / "skhpo", "--help"], tmp_path)
