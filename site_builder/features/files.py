"""Every file of the feature maps, but for their page."""

from collections.abc import Iterator, Mapping

from experiments.results.feature_maps import ACTIVATION_FILE, atlas_file, read_picture
from experiments.results.schema import FeatureMaps
from experiments.results.store import ExperimentStore
from site_builder import payloads
from site_builder.explorer.images import Images
from site_builder.features.images import Finder, ids_of
from site_builder.features.shards import layer_shards, run_shard
from site_builder.loading import Experiment
from site_builder.naming import RunName


def picture_address(run_id: str, name: str) -> str:
    """Return where a picture of a run is, from the site's root."""
    return f"assets/feature-maps/{run_id}/{name}"


def feature_files(
    experiment: Experiment,
    names: Mapping[str, RunName],
    images: Images,
    stored: Mapping[str, FeatureMaps],
) -> Iterator[tuple[str, bytes]]:
    """Yield data and pictures: path below the site's root, and content.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.
        images: What the runs said of each test image.
        stored: Feature maps by run.
    """
    if not stored:
        return
    finder = Finder(experiment, images, (name for of in stored.values() for name in ids_of(of)))
    fed = {run.run_id: run.record.preprocessing for run in experiment.runs}
    for run_id, record in stored.items():
        mapped = [finder.find(name, run_id, fed[run_id]) for name in ids_of(record)]
        class_names, drawn = (
            experiment.record.class_names,
            bool(experiment.architectures.of(run_id)),
        )
        index = run_shard(record, names[run_id].full, mapped, class_names, drawn=drawn)
        yield payloads.shard(f"feature-maps/{run_id}/run", index)
        for place, shard in enumerate(layer_shards(record, experiment.store, images)):
            yield payloads.shard(f"feature-maps/{run_id}/{place}", shard)
        yield from _pictures(experiment.store, run_id, record)


def _pictures(
    store: ExperimentStore, run_id: str, record: FeatureMaps
) -> Iterator[tuple[str, bytes]]:
    for atlas in record.atlases:
        address = picture_address(run_id, atlas_file(atlas.sample, atlas.layer))
        yield address, read_picture(store, run_id, atlas.file)
    if record.activation:
        address = picture_address(run_id, ACTIVATION_FILE)
        yield address, read_picture(store, run_id, record.activation.file)
