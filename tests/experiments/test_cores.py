"""Cores are those that a process may use, not all that a machine has."""

import os

import pytest

from experiments.cores import n_cores
from experiments.pixels import one_image_a_thread

by_system = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="this system grants every process all cores"
)


@pytest.fixture
def one_core():
    """Leave this thread one core, as a job scheduler does; those that it starts have no more."""
    granted = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(granted)})
    yield
    os.sched_setaffinity(0, granted)


@by_system
@pytest.mark.usefixtures("one_core")
def test_a_job_that_was_granted_one_core_has_one():
    assert n_cores() == 1


@by_system
@pytest.mark.usefixtures("one_core")
def test_images_are_decoded_by_as_many_threads_as_there_are_cores_for(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 128)
    with one_image_a_thread() as pool:
        assert pool._max_workers == 1


@pytest.mark.parametrize(("counted", "expected"), [(6, 6), (None, 1)])
def test_where_it_is_not_known_what_was_granted_it_is_all(monkeypatch, counted, expected):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: counted)
    assert n_cores() == expected
