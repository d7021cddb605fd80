"""A small made-up store, written once; tests that change it write their own."""

from pathlib import Path

import pytest

from experiments.results.store import ExperimentStore
from site_builder.loading import Experiment, load
from site_builder.pipeline import build_site
from tests.made_up import write_made_up_store
from tests.walkthrough import write_walked_store


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> ExperimentStore:
    return write_made_up_store(tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="session")
def experiment(store: ExperimentStore) -> Experiment:
    return load(store)


@pytest.fixture(scope="session")
def walked_store(tmp_path_factory: pytest.TempPathFactory) -> ExperimentStore:
    """A store with all that the pages of the pipeline show."""
    return write_walked_store(tmp_path_factory.mktemp("walked"))


@pytest.fixture(scope="session")
def walked_site(walked_store: ExperimentStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("walked-site")
    build_site(walked_store, folder)
    return folder
