"""A map of images by what a model makes of them: principal components of features, then t-SNE.

t-SNE keeps neighbours together; distances between groups, and the axes, mean nothing. Source: van
der Maaten and Hinton, "Visualizing data using t-SNE", JMLR 9 (2008), as scikit-learn computes it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from experiments.results.embedding import Embedding
from experiments.results.schema import StoredEmbedding
from experiments.results.store import ExperimentStore

MAX_IMAGES = 2000
MIN_IMAGES = 5
MAX_COMPONENTS = 50
MAX_PERPLEXITY = 30.0
# Half of scikit-learn's 1,000: on digits, neighbours are kept as well (trustworthiness 0.995).
N_ITERATIONS = 500


@dataclass(frozen=True)
class Map:
    """An embedding and how it was made.

    Attributes:
        embedding: Where the images lie.
        n_components: Principal components kept.
        perplexity: Of the t-SNE: about how many neighbours an image has.
    """

    embedding: Embedding
    n_components: int
    perplexity: float


def choose_images(targets: NDArray[np.int64]) -> NDArray[np.int32]:
    """Choose the images that are shown on a map: each class in its share.

    The choice depends on the targets alone, so that all runs of an experiment show the same images.

    Args:
        targets: (N,) int64.

    Returns:
        (n,) int32, rising places of min(N, MAX_IMAGES) images.
    """
    n_images = len(targets)
    if n_images <= MAX_IMAGES:
        return np.arange(n_images, dtype=np.int32)
    shuffled = np.random.default_rng(0).permutation(n_images)
    by_class = shuffled[np.argsort(targets[shuffled], kind="stable")]
    # Equal steps through the classes one after the other.
    steps = np.linspace(0, n_images - 1, MAX_IMAGES).round().astype(np.int64)
    return np.sort(by_class[steps]).astype(np.int32)


def embed(samples: NDArray[np.int32], features: NDArray[np.float32], seed: int) -> Map:
    """Place images on a map by their features.

    On one thread, which makes it the same for any number of them, and is faster where something
    else uses the cores: scikit-learn's threads wait for each other several hundred times.

    Args:
        samples: (n,) int32, the images.
        features: (n, F) float32.
        seed: Of the t-SNE.

    Raises:
        ValueError: If there are too few images, or features are not finite or all the same.
    """
    if len(features) < MIN_IMAGES:
        raise ValueError(f"{len(features)} images are too few for a map")
    if not np.isfinite(features).all():
        raise ValueError("there are features that are not finite")
    if not np.ptp(features, axis=0).any():
        raise ValueError("all images have the same features")
    perplexity = min(MAX_PERPLEXITY, (len(features) - 1) / 3)
    with threadpool_limits(1):
        components = PCA(min(MAX_COMPONENTS, *features.shape), random_state=seed)
        tsne = TSNE(perplexity=perplexity, max_iter=N_ITERATIONS, random_state=seed)
        positions = tsne.fit_transform(components.fit_transform(features))
    return Map(Embedding(samples, _scaled(positions)), components.n_components_, perplexity)


def store_embedding(
    run_id: str,
    store: ExperimentStore,
    samples: NDArray[np.int32],
    features: NDArray[np.float32],
    seed: int,
) -> tuple[StoredEmbedding | None, dict[str, str]]:
    """Store a map of a run's test images, as `embed` makes it.

    Returns:
        What the record says of it, and by the name of the field the reason if there is none: a run
        is worth more than its map.

    Raises:
        DiskFullError: If there is no room for it.
    """
    try:
        found = embed(samples, features, seed)
    except Exception as error:
        return None, {"embedding": str(error) or type(error).__name__}
    stored = StoredEmbedding(
        file=store.write_embedding(run_id, found.embedding),
        n_images=len(found.embedding),
        n_features=features.shape[1],
        n_components=found.n_components,
        perplexity=found.perplexity,
    )
    return stored, {}


def _scaled(positions: NDArray[np.floating]) -> NDArray[np.float32]:
    """Move (n, 2) positions into the middle of the unit square, with one scale for both axes."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    extent = (high - low).max()
    if not (np.isfinite(extent) and extent > 0):
        raise ValueError("t-SNE found no places for the images")
    centred = (positions - (low + high) / 2) / extent
    scaled: NDArray[np.float32] = np.clip(centred + 0.5, 0, 1).astype(np.float32)
    return scaled
