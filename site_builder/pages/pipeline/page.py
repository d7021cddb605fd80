"""What a page of the pipeline is, what it reads, and what all of them share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.results.schema import Architecture, FeatureMaps, Teaching, Walkthrough
from site_builder.comparisons import Comparisons
from site_builder.loading import Experiment, Run
from site_builder.naming import RunName
from site_builder.pages.matrix import Choice
from site_builder.pages.pipeline.values import Values
from site_builder.pages.site import Link, Site

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FOLDER = "pipeline"


@dataclass(frozen=True)
class Model:
    """A finished run, with what is stored of its network.

    Attributes:
        run: The run.
        name: What it is called.
        architecture: Its layers; None where they are not stored.
        maps: What its layers see; None where that is not stored.
        walkthrough: One test image followed through it; None where that is not stored.
    """

    run: Run
    name: RunName
    architecture: Architecture | None
    maps: FeatureMaps | None
    walkthrough: Walkthrough | None


@dataclass(frozen=True)
class Material:
    """What the pages are made from.

    Attributes:
        experiment: What is stored.
        names: Run id to name, of every stored run.
        comparisons: The paired tests of its finished runs.
        models: Its finished runs, best first.
        teaching: Colours of its images, and what augmentation does to one; None if not stored.
    """

    experiment: Experiment
    names: Mapping[str, RunName]
    comparisons: Comparisons
    models: tuple[Model, ...]
    teaching: Teaching | None

    @property
    def first(self) -> Model | None:
        """The model that pages begin with: the best that was walked through, or else the best."""
        walked = (model for model in self.models if model.walkthrough)
        return next(walked, self.models[0] if self.models else None)


@dataclass(frozen=True)
class ModelGroup:
    """The runs of one model, to choose from."""

    model: str
    runs: tuple[Choice, ...]


@dataclass(frozen=True)
class ModelChoice:
    """Whose numbers a page begins with, and whose it can show instead.

    Attributes:
        run_id: The run that it begins with.
        run_ids: All that can be chosen, apart by spaces.
        groups: The same by model, the model of the best run first.
    """

    run_id: str
    run_ids: str
    groups: tuple[ModelGroup, ...]


@dataclass(frozen=True)
class Frame:
    """What every page of the pipeline has around its own content.

    Attributes:
        pages: All of them in reading order, addresses from the site's root.
        previous: The page before; None on the first.
        following: The page after; None on the last.
        choice: The models to choose from; None if no run has finished.
        shown: Values of the one that the page begins with, by name; None if there is none.
        everyone: Name and values of every model, best first.
    """

    pages: tuple[Link, ...]
    previous: Link | None
    following: Link | None
    choice: ModelChoice | None
    shown: Values | None
    everyone: tuple[tuple[RunName, Values], ...]


@dataclass(frozen=True)
class Page:
    """A page of the pipeline.

    Attributes:
        name: Its name in addresses, in `templates/pages/pipeline/`, and before its values.
        title: Its title for people.
        values: Returns what it says of one model.
        context: Returns what its template shows; the fields `site` and `frame` are as given.
    """

    name: str
    title: str
    values: Callable[[Material, Model], Values]
    context: Callable[[Material, Site, Frame], "DataclassInstance"]

    @property
    def address(self) -> str:
        """Where it is, from the site's root."""
        return f"{FOLDER}/{self.name}.html"

    @property
    def template(self) -> str:
        """Its template."""
        return f"pages/{self.address}"


def model_choice(material: Material) -> ModelChoice | None:
    """Return the models to choose from; None if no run has finished."""
    if material.first is None:
        return None
    groups: dict[str, list[Choice]] = {}
    for model in material.models:
        groups.setdefault(model.name.model, []).append(Choice(model.run.run_id, model.name.full))
    return ModelChoice(
        run_id=material.first.run.run_id,
        run_ids=" ".join(model.run.run_id for model in material.models),
        groups=tuple(ModelGroup(model, tuple(runs)) for model, runs in groups.items()),
    )


def frame_of(
    pages: tuple[Page, ...],
    page: Page,
    material: Material,
    values: Mapping[str, Values],
) -> Frame:
    """Return what a page has around its content.

    Args:
        pages: All of them in reading order.
        page: One of them.
        material: What they are made from.
        values: Values of every model, by run.
    """
    links = tuple(Link(other.address, other.title, other is page) for other in pages)
    place = pages.index(page)
    choice = model_choice(material)
    return Frame(
        pages=links,
        previous=links[place - 1] if place else None,
        following=links[place + 1] if place + 1 < len(links) else None,
        choice=choice,
        shown=values[choice.run_id] if choice else None,
        everyone=tuple((model.name, values[model.run.run_id]) for model in material.models),
    )
