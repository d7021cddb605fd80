"""A small made-up store, written once; tests that change it write their own."""

import pytest

from experiments.results.store import ExperimentStore
from site_builder.loading import Experiment, load
from tests.made_up import write_made_up_store


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> ExperimentStore:
    return write_made_up_store(tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="session")
def experiment(store: ExperimentStore) -> Experiment:
    return load(store)
