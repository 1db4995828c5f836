"""A database is named by the path of a file or by a URL, the same wherever one is wanted."""

import contextlib
import pickle
import sqlite3

import pytest
from click.testing import CliRunner
from sklearn.datasets import load_iris
from sklearn.svm import SVC

import skhpo
from skhpo import TPESearchCV
from skhpo.cli import main
from skhpo.storages import RDBStorage


def test_a_path_is_the_same_database_for_a_study_a_search_and_the_command_line(tmp_path):
    X, y = load_iris(return_X_y=True)
    path = tmp_path / "search.db"
    skhpo.create_study(storage=path, study_name="study").add_trial(skhpo.create_trial(value=1.0))
    TPESearchCV(SVC(), {"C": [1.0, 2.0]}, storage=str(path), study_name="search", cv=2).fit(X, y)
    assert skhpo.get_all_study_names(f"sqlite:///{path}") == ["study", "search"]
    assert skhpo.load_study(study_name="study", storage=str(path)).best_value == 1.0
    shown = CliRunner().invoke(main, ["studies", str(path)])
    assert shown.exit_code == 0
    assert "search" in shown.output


def test_a_path_may_be_relative(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    skhpo.create_study(storage="study.sqlite3", study_name="mine")
    assert (tmp_path / "study.sqlite3").is_file()
    assert skhpo.get_all_study_names("study.sqlite3") == ["mine"]


def test_a_storage_made_of_a_path_survives_a_pickle(tmp_path):
    storage = RDBStorage(tmp_path / "study.db")
    skhpo.create_study(storage=storage, study_name="mine")
    assert skhpo.get_all_study_names(pickle.loads(pickle.dumps(storage))) == ["mine"]


def test_a_file_that_exists_needs_no_suffix(tmp_path):
    skhpo.create_study(storage=f"sqlite:///{tmp_path / 'study'}", study_name="mine")
    assert skhpo.get_all_study_names(tmp_path / "study") == ["mine"]


@pytest.mark.parametrize("text", ["serach", ":memory:", "sqlite:/study.db", "sqlite:study.db", ""])
def test_what_is_neither_a_path_nor_a_url_makes_no_file(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="must be the path of an SQLite file"):
        skhpo.create_study(storage=text)
    with pytest.raises(ValueError, match="path of an SQLite file"):
        TPESearchCV(SVC(), {"C": [1.0]}, storage=text).fit([[0.0], [1.0]] * 5, [0, 1] * 5)
    assert CliRunner().invoke(main, ["studies", text]).exit_code != 0
    assert list(tmp_path.iterdir()) == []


def test_the_version_of_the_tables_may_stand_in_the_url(tmp_path):
    storage = RDBStorage(f"sqlite:///{tmp_path}/studies-{{SCHEMA_VERSION}}.db")
    assert (tmp_path / "studies-12.db").exists()
    assert storage.engine.url.database == str(tmp_path / "studies-12.db")


def test_the_size_of_a_pool_does_not_matter_in_memory():
    settings = {"pool_size": 5, "max_overflow": 2, "pool_timeout": 10}
    storage = RDBStorage("sqlite:///:memory:", engine_kwargs=settings)
    skhpo.create_study(storage=storage, study_name="first")
    assert storage.get_study_id_from_name("first") == 1
    assert storage.engine_kwargs == settings


def test_what_a_storage_was_made_with_can_be_asked_also_of_a_copy(tmp_path):
    settings = {"pool_size": 3}
    storage = RDBStorage(tmp_path / "a.db", settings, skip_compatibility_check=True)
    for one in (storage, pickle.loads(pickle.dumps(storage))):
        assert one.engine_kwargs == settings
        assert one.skip_compatibility_check is True


def test_the_versions_of_the_tables_can_be_asked(tmp_path):
    storage = RDBStorage(tmp_path / "a.db")
    assert storage.get_current_version() == storage.get_head_version() == "v3.2.0.a"
    assert storage.get_all_versions() == ["v3.2.0.a"]
    storage.upgrade()  # there is nothing to do


def test_older_tables_are_not_upgraded_here_but_the_way_is_told(tmp_path):
    RDBStorage(tmp_path / "a.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v3.0.0.d'")
        connection.commit()
    storage = RDBStorage(tmp_path / "a.db", skip_compatibility_check=True)
    assert storage.get_current_version() == "v3.0.0.d"
    with pytest.raises(RuntimeError, match="optuna storage upgrade"):
        storage.upgrade()


def test_a_version_of_tables_that_are_not_there_is_an_error(tmp_path):
    storage = RDBStorage(tmp_path / "a.db", skip_compatibility_check=True, skip_table_creation=True)
    with pytest.raises(RuntimeError, match="no tables"):
        storage.get_current_version()
