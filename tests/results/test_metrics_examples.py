"""The examples in the docstrings of all metrics are right."""

import doctest
import importlib
import pkgutil

import pytest

from experiments.results import metrics

MODULES = [found.name for found in pkgutil.iter_modules(metrics.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(f"{metrics.__name__}.{name}"))
    assert outcome.attempted > 0
    assert outcome.failed == 0
