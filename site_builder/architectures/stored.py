"""What the runs are made of, read from the store once for the whole build."""

from experiments.results.architecture import has_architecture, read_architecture
from experiments.results.schema import Architecture
from experiments.results.store import ExperimentStore


class StoredArchitectures:
    """The architectures of an experiment, each read when it is first asked for.

    Args:
        store: Where they are.
    """

    def __init__(self, store: ExperimentStore) -> None:
        self._store = store
        self._known: dict[str, Architecture | None] = {}

    def of(self, run_id: str) -> Architecture | None:
        """Return what a run is made of; None where that is not recorded.

        Raises:
            StoreError: If the record is damaged.
        """
        if run_id not in self._known:
            recorded = has_architecture(self._store, run_id)
            self._known[run_id] = read_architecture(self._store, run_id) if recorded else None
        return self._known[run_id]
