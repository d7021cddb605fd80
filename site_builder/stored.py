"""Records of the runs that a build needs more than once, read from the store once."""

from collections.abc import Callable
from typing import Generic, TypeVar

from experiments.results.store import ExperimentStore

R = TypeVar("R")


class StoredRecords(Generic[R]):
    """Records of one kind, a run's read when it is first asked for.

    Args:
        store: Where they are.
        has: Tells whether a run has one.
        read: Reads that of a run.
    """

    def __init__(
        self,
        store: ExperimentStore,
        has: Callable[[ExperimentStore, str], bool],
        read: Callable[[ExperimentStore, str], R],
    ) -> None:
        self._store, self._has, self._read = store, has, read
        self._known: dict[str, R | None] = {}

    def of(self, run_id: str) -> R | None:
        """Return the record of a run; None where it has none.

        Raises:
            StoreError: If the record is damaged.
        """
        if run_id not in self._known:
            has = self._has(self._store, run_id)
            self._known[run_id] = self._read(self._store, run_id) if has else None
        return self._known[run_id]
