"""Every file of the pipeline's pages: the pages, and what they fetch when a model is chosen."""

from collections.abc import Iterator, Mapping

from experiments.results.schema import FeatureMaps
from experiments.results.teaching import has_teaching, read_teaching
from site_builder import payloads
from site_builder.checks.walkthroughs import sound_walkthrough
from site_builder.comparisons import Comparisons
from site_builder.loading import Experiment, Run
from site_builder.naming import RunName
from site_builder.pages.pipeline import backbone, head, index, preprocessing, results
from site_builder.pages.pipeline import input as input_page
from site_builder.pages.pipeline.edges import edge_files
from site_builder.pages.pipeline.page import FOLDER, Material, Model, Page, frame_of
from site_builder.pages.pipeline.pictures import picture_files
from site_builder.pages.pipeline.values import merged, shard
from site_builder.pages.site import site_context
from site_builder.render import render

PAGES: tuple[Page, ...] = (
    index.PAGE,
    input_page.PAGE,
    preprocessing.PAGE,
    backbone.PAGE,
    head.PAGE,
    results.PAGE,
)


def pipeline_files(material: Material) -> Iterator[tuple[str, bytes]]:
    """Yield every file: path below the site's root, and content."""
    values = {
        model.run.run_id: merged((page.name, page.values(material, model)) for page in PAGES)
        for model in material.models
    }
    for page in PAGES:
        site = site_context(material.experiment, page.address, page.title)
        frame = frame_of(PAGES, page, material, values)
        yield page.address, render(page.template, page.context(material, site, frame))
    for run_id, of_run in values.items():
        yield payloads.shard(f"{FOLDER}/{run_id}", shard(of_run))
    yield from picture_files(material)
    yield from edge_files(material)


def material_of(
    experiment: Experiment,
    names: Mapping[str, RunName],
    comparisons: Comparisons,
    maps: Mapping[str, FeatureMaps],
) -> Material:
    """Return what the pages are made from.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.
        comparisons: The paired tests of its finished runs.
        maps: Feature maps by run.
    """
    store = experiment.store
    return Material(
        experiment=experiment,
        names=names,
        comparisons=comparisons,
        models=tuple(
            _model(experiment, run, names[run.run_id], maps.get(run.run_id))
            for run in experiment.ranked
        ),
        teaching=read_teaching(store) if has_teaching(store) else None,
    )


def _model(experiment: Experiment, run: Run, name: RunName, maps: FeatureMaps | None) -> Model:
    return Model(
        run=run,
        name=name,
        architecture=experiment.architectures.of(run.run_id),
        maps=maps,
        walkthrough=sound_walkthrough(experiment, run.run_id),
    )
