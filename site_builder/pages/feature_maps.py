"""feature-maps.html: what the layers of each model make of a few test images."""

from collections.abc import Mapping
from dataclasses import dataclass

from experiments.results.feature_maps import ACTIVATION_FILE, atlas_file
from experiments.results.schema import ActivationMaps, FeatureMaps
from site_builder import addresses, formatting
from site_builder.explorer.images import Images
from site_builder.features.colormaps import Colormap, colormaps
from site_builder.features.files import picture_address
from site_builder.features.images import Finder
from site_builder.features.numbers import channel_texts
from site_builder.features.shapes import Step, steps
from site_builder.features.stored import NOT_MADE, without_feature_maps
from site_builder.loading import Experiment
from site_builder.naming import RunName
from site_builder.pages.lacking import Lacking, by_reason, making
from site_builder.pages.matrix import Choice
from site_builder.pages.run.command import Command
from site_builder.pages.site import Site, site_context

ADDRESS = addresses.FEATURE_MAPS
_ORDERS = (
    ("index", "Index"),
    ("mean", "Mean"),
    ("variance", "Variance"),
    ("zeros", "Share of zeros"),
    ("similarity", "Similarity to the activation map"),
)
_METHODS = {
    "grad-cam": "Grad-CAM, for a class",
    "attention rollout": "attention rollout, the same for every class",
}


@dataclass(frozen=True)
class Channel:
    """Numbers of one channel, as text."""

    channel: str
    minimum: str
    maximum: str
    mean: str
    variance: str
    zeros: str
    similarity: str
    low: str
    high: str


@dataclass(frozen=True)
class Still:
    """What is shown until the scripts run: one layer of one model on one image.

    Attributes:
        picture: Address of the atlas.
        width: Its width, px.
        height: Its height, px.
        title: Which model and layer it is.
        image: Which image it is of.
        channels: Numbers of its channels.
    """

    picture: str
    width: int
    height: int
    title: str
    image: str
    channels: tuple[Channel, ...]


@dataclass(frozen=True)
class Activation:
    """The class-activation maps of one model.

    Attributes:
        method: How they were made, and whether they are for a class.
        layer: From what.
        n_maps: How many there are.
        picture: Address of the picture that holds them.
        reason: Why there are none; empty where there are.
    """

    method: str
    layer: str
    n_maps: str
    picture: str
    reason: str


@dataclass(frozen=True)
class MappedRun:
    """What there is of one run."""

    run_id: str
    name: RunName
    activation: Activation


@dataclass(frozen=True)
class MappedNetwork:
    """The layers of one or more runs.

    Attributes:
        run_id: The best of the runs.
        name: What the runs have in common.
        runs: How many they are.
        steps: The layers.
    """

    run_id: str
    name: str
    runs: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class FeatureMapsContext:
    """What `pages/feature-maps.html` shows.

    Attributes:
        site: The frame of the page.
        summary: What was mapped, in a sentence.
        runs: The runs that have feature maps, best first.
        networks: Their layers, those of runs that have the same once.
        still: What is shown until the scripts run; None if nothing was mapped.
        orders: Orders of the channels to choose from.
        colormaps: Colours to choose from.
        without: Other runs, by the reason why they have none.
        command: How those are made that can be; None if none can.
    """

    site: Site
    summary: str
    runs: tuple[MappedRun, ...]
    networks: tuple[MappedNetwork, ...]
    still: Still | None
    orders: tuple[Choice, ...]
    colormaps: tuple[Colormap, ...]
    without: tuple[Lacking, ...]
    command: Command | None


def feature_maps_context(
    experiment: Experiment,
    names: Mapping[str, RunName],
    images: Images,
    stored: Mapping[str, FeatureMaps],
) -> FeatureMapsContext:
    """Return what the page shows.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.
        images: What the runs said of each test image.
        stored: Feature maps by run, best run first.
    """
    without = without_feature_maps(experiment, stored)
    lacking = any(reason == NOT_MADE for _, reason in without)
    return FeatureMapsContext(
        site=site_context(experiment, ADDRESS),
        summary=_summary(stored),
        runs=tuple(
            MappedRun(run_id, names[run_id], _activation(record))
            for run_id, record in stored.items()
        ),
        networks=_networks(names, stored),
        still=_still(experiment, names, images, next(iter(stored.values()))) if stored else None,
        orders=tuple(Choice(*order) for order in _ORDERS),
        colormaps=colormaps(),
        without=by_reason(without, names),
        command=making(experiment.record.name) if lacking or not (stored or without) else None,
    )


def _networks(
    names: Mapping[str, RunName], stored: Mapping[str, FeatureMaps]
) -> tuple[MappedNetwork, ...]:
    alike: dict[tuple[str, tuple[Step, ...]], list[str]] = {}
    for run_id, record in stored.items():
        alike.setdefault((names[run_id].model, steps(record.layers)), []).append(run_id)
    return tuple(
        MappedNetwork(run_ids[0], model, formatting.count_of(len(run_ids), "run"), layers)
        for (model, layers), run_ids in alike.items()
    )


def _summary(stored: Mapping[str, FeatureMaps]) -> str:
    if not stored:
        return "No run has feature maps."
    n_images = len({name for record in stored.values() for name in record.samples})
    return (
        f"{formatting.count_of(n_images, 'test image')}, followed through the layers of "
        f"{formatting.count_of(len(stored), 'trained model')}: each small picture is one channel "
        "of one layer, bright where it responds."
    )


def _still(
    experiment: Experiment,
    names: Mapping[str, RunName],
    images: Images,
    record: FeatureMaps,
) -> Still:
    layer, atlas = record.layers[0], record.atlases[0]
    finder = Finder(experiment, images, record.samples[:1])
    image = finder.find(record.samples[0], record.run_id, None)
    n_rows = -(-len(layer.shown) // layer.n_columns)
    columns = channel_texts(atlas.channels)
    return Still(
        picture=picture_address(record.run_id, atlas_file(atlas.sample, atlas.layer)),
        width=layer.n_columns * layer.tile_px,
        height=n_rows * layer.tile_px,
        title=f"{names[record.run_id].full}: {layer.name}, {formatting.shape(layer.shape)}",
        image=f"Test image of “{image.target}” ({image.sample_id})",
        channels=tuple(
            Channel(formatting.count(channel), *texts)
            for channel, *texts in zip(layer.shown, *columns.values(), strict=True)
        ),
    )


def _activation(record: FeatureMaps) -> Activation:
    if record.activation is None:
        return Activation("", "", "", "", record.absent["activation"])
    return _described(record.activation, record.run_id)


def _described(activation: ActivationMaps, run_id: str) -> Activation:
    return Activation(
        method=_METHODS[activation.method],
        layer=activation.layer,
        n_maps=formatting.count_of(len(activation.maps), "map"),
        picture=picture_address(run_id, ACTIVATION_FILE),
        reason="",
    )
