"""What models are made of, for runs that were stored before that was recorded."""

import torch

from experiments.architecture.describe import describe_architecture
from experiments.explain.rebuild import rebuild_classifier
from experiments.results.architecture import has_architecture, write_architecture
from experiments.results.errors import DiskFullError
from experiments.results.store import ExperimentStore
from experiments.surroundings import Surroundings


def describe_missing(store: ExperimentStore, around: Surroundings) -> None:
    """Describe the models of finished runs that lack it, rebuilt from their stored weights.

    Where one cannot be rebuilt, that is said, and the next call tries again.

    Raises:
        DiskFullError: If there is no room for a file.
    """
    experiment = store.read_experiment()
    for run_id in experiment.run_ids:
        if not store.has_run(run_id) or has_architecture(store, run_id):
            continue
        record = store.read_run(run_id)
        if record.weights is None or record.preprocessing is None:
            continue
        try:
            model = rebuild_classifier(store, record, len(experiment.class_names), around.device)
            side = record.preprocessing.input_size
            image = torch.zeros(1, 3, side, side, device=around.device)
            write_architecture(store, describe_architecture(run_id, model, image))
        except DiskFullError:
            raise  # and the others would fail likewise
        except Exception as error:  # a run is worth more than its drawing
            what = str(error) or type(error).__name__
            around.progress.say(f"note: no architecture of {run_id}: {what}")
