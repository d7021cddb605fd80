"""Made-up feature maps for a made-up store: each tile is one grey, so that a test can tell it."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from experiments.results.feature_maps import (
    ACTIVATION_FILE,
    atlas_file,
    write_feature_maps,
    write_picture,
    write_top_images,
)
from experiments.results.predictions import Predictions
from experiments.results.schema import (
    ActivationMap,
    ActivationMaps,
    Atlas,
    ChannelNumbers,
    ExplainedSample,
    FeatureMaps,
    MappedLayer,
    Split,
    StoredFile,
)
from experiments.results.store import ExperimentStore

N_SAMPLES = 4
N_MISTAKES = 3
N_TOP = 5
MAP_SHAPE = (4, 4)
NO_ACTIVATION = "its last layer has no height and width"


def _layer(
    name: str, kind: str, shape: tuple[int, int, int], shown: range, n_columns: int
) -> MappedLayer:
    return MappedLayer(
        name=name,
        kind=kind,
        shape=shape,
        from_tokens=kind == "Block",
        dtype="float32",
        shown=list(shown),
        tile_px=shape[1],
        n_columns=n_columns,
    )


LAYERS = (
    _layer("stem.conv", "Conv2d", (6, 16, 16), range(6), 3),
    _layer("layer1", "BasicBlock", (24, 8, 8), range(24), 8),
    _layer("blocks.2", "Block", (96, 4, 4), range(1, 96, 5), 8),
)


def add_feature_maps(store: ExperimentStore) -> None:
    """Give every run of a store maps of the same test images, the first two of them mistakes.

    The last run has no activation maps and no top images; the one before has attention rollout.
    """
    record = store.read_experiment()
    said = [store.read_predictions(store.read_run(run_id), Split.TEST) for run_id in record.run_ids]
    n_right = np.sum([of.predicted == of.targets for of in said], axis=0)
    places = np.argsort(n_right, kind="stable")
    chosen = [*places[: N_SAMPLES // 2], *places[-(N_SAMPLES - N_SAMPLES // 2) :]]
    ids = [str(said[0].sample_ids[place]) for place in chosen]
    explained = [
        ExplainedSample(sample_id=name, why="mistake" if nth < N_SAMPLES // 2 else "class")
        for nth, name in enumerate(ids)
    ]
    changes = {"explained": explained}
    store.write_experiment(record.model_copy(update=changes), store.read_samples())
    for seed, (run_id, of) in enumerate(zip(record.run_ids, said, strict=True)):
        left = len(record.run_ids) - seed
        method = {1: None, 2: "attention rollout"}.get(left, "grad-cam")
        write_feature_maps(store, _Maker(store, run_id, of, ids, seed).record(method))


def grey_of(sample: int, layer: int, channel: int) -> int:
    """Return the grey of a channel's tile, in [0, 255]."""
    return (40 * sample + 90 * layer + 37 * channel) % 256


def grey_of_map(place: int) -> int:
    """Return the grey of an activation map, in [0, 255]."""
    return (50 + 60 * place) % 256


@dataclass
class _Maker:
    """Writes the pictures of one run and its record."""

    store: ExperimentStore
    run_id: str
    said: Predictions
    ids: list[str]
    seed: int

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    def record(self, method: str | None) -> FeatureMaps:
        absent = {}
        if method is None:
            absent = {"activation": NO_ACTIVATION, "top_images": "made up: not counted"}
        return FeatureMaps(
            absent=absent,
            run_id=self.run_id,
            samples=self.ids,
            layers=list(LAYERS),
            atlases=[
                self.atlas(sample, layer)
                for sample in range(len(self.ids))
                for layer in range(len(LAYERS))
            ],
            top_images=self.top_images() if method else None,
            activation=self.activation(method) if method else None,
        )

    def atlas(self, sample: int, layer: int) -> Atlas:
        of = LAYERS[layer]
        greys = [grey_of(sample, layer, channel) for channel in of.shown]
        content = tiles(greys, of.tile_px, of.n_columns)
        name = atlas_file(sample, layer)
        return Atlas(
            sample=sample,
            layer=layer,
            file=write_picture(self.store, self.run_id, name, content),
            channels=self.numbers(len(of.shown)),
        )

    def numbers(self, n: int) -> ChannelNumbers:
        values = np.sort(self.rng.normal(scale=3, size=(n, 5)), axis=1)
        zeros = self.rng.uniform(size=n)
        zeros[0] = 0
        similarity: list[float | None] = self.rng.uniform(-1, 1, size=n).tolist()
        similarity[n // 2] = None
        return ChannelNumbers(
            minimum=values[:, 0].tolist(),
            low=values[:, 1].tolist(),
            mean=values[:, 2].tolist(),
            high=values[:, 3].tolist(),
            maximum=values[:, 4].tolist(),
            variance=(self.rng.lognormal(sigma=6, size=n)).tolist(),
            zeros=zeros.tolist(),
            similarity=similarity,
        )

    def top_images(self) -> StoredFile:
        n_images = len(self.said)
        layers = [
            np.stack([self.rng.permutation(n_images)[:N_TOP] for _ in range(of.shape[0])])
            for of in LAYERS
        ]
        arrays: list[NDArray[np.int32]] = [layer.astype(np.int32) for layer in layers]
        return write_top_images(self.store, self.run_id, arrays, [of.name for of in LAYERS], [])

    def activation(self, method: str) -> ActivationMaps:
        maps = list(self.maps(per_class=method == "grad-cam"))
        content = tiles([grey_of_map(place) for place in range(len(maps))], MAP_SHAPE[0], 4)
        return ActivationMaps(
            method=method,
            layer="layer1",
            shape=MAP_SHAPE,
            n_columns=4,
            file=write_picture(self.store, self.run_id, ACTIVATION_FILE, content),
            maps=maps,
        )

    def maps(self, *, per_class: bool) -> list[ActivationMap]:
        """Of the samples, then of the most confident mistakes; of both classes if they differ."""
        assert self.said.top_probabilities is not None
        ids = self.said.sample_ids.tolist()
        wrong = np.flatnonzero(self.said.predicted != self.said.targets)
        surest = wrong[np.argsort(-self.said.top_probabilities[wrong, 0], kind="stable")]
        mistakes = [place for place in surest if ids[place] not in self.ids][:N_MISTAKES]
        maps = []
        for place in [*map(ids.index, self.ids), *mistakes]:
            classes = {"prediction": int(self.said.predicted[place])}
            if per_class and self.said.targets[place] != classes["prediction"]:
                classes["target"] = int(self.said.targets[place])
            for of, index in classes.items():
                maps.append(ActivationMap(sample_id=ids[place], class_index=index, of=of))
        return maps


def tiles(greys: list[int], side_px: int, n_columns: int) -> bytes:
    """Return a picture of plain tiles, row by row, as lossless WebP."""
    n_rows = -(-len(greys) // n_columns)
    picture = np.zeros((n_rows * side_px, n_columns * side_px), np.uint8)
    for place, grey in enumerate(greys):
        row, column = divmod(place, n_columns)
        picture[row * side_px : (row + 1) * side_px, column * side_px : (column + 1) * side_px] = (
            grey
        )
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "WEBP", lossless=True)
    return content.getvalue()
