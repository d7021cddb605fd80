"""A page's context and its template agree, both ways: nothing is missing, nothing is unused."""

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping

import pytest
from jinja2 import meta, nodes

from site_builder.pages.architectures import ArchitecturesContext
from site_builder.pages.checks import ChecksContext
from site_builder.pages.classes.index import ClassesContext
from site_builder.pages.classes.page import ClassContext
from site_builder.pages.compare import CompareContext
from site_builder.pages.configuration import ConfigurationContext
from site_builder.pages.curves import CurvesContext
from site_builder.pages.errors import ErrorsContext
from site_builder.pages.experiments import ExperimentsContext
from site_builder.pages.feature_maps import FeatureMapsContext
from site_builder.pages.formulas import FormulasContext
from site_builder.pages.index import IndexContext
from site_builder.pages.not_found import NotFoundContext
from site_builder.pages.pipeline.backbone import BackboneContext
from site_builder.pages.pipeline.head import HeadContext
from site_builder.pages.pipeline.index import PipelineContext
from site_builder.pages.pipeline.input import InputContext
from site_builder.pages.pipeline.preprocessing import PreprocessingContext
from site_builder.pages.pipeline.results import ResultsContext
from site_builder.pages.run.page import RunContext
from site_builder.render import environment

PAGES = [
    ("pages/index.html", IndexContext),
    ("pages/compare.html", CompareContext),
    ("pages/errors.html", ErrorsContext),
    ("pages/feature-maps.html", FeatureMapsContext),
    ("pages/architectures.html", ArchitecturesContext),
    ("pages/run.html", RunContext),
    ("pages/class.html", ClassContext),
    ("pages/classes.html", ClassesContext),
    ("pages/curves.html", CurvesContext),
    ("pages/formulas.html", FormulasContext),
    ("pages/configuration.html", ConfigurationContext),
    ("pages/pipeline/index.html", PipelineContext),
    ("pages/pipeline/input.html", InputContext),
    ("pages/pipeline/preprocessing.html", PreprocessingContext),
    ("pages/pipeline/backbone.html", BackboneContext),
    ("pages/pipeline/head.html", HeadContext),
    ("pages/pipeline/results.html", ResultsContext),
    ("pages/checks.html", ChecksContext),
    ("pages/experiments.html", ExperimentsContext),
    ("pages/404.html", NotFoundContext),
]


def syntax_trees(template: str) -> Iterator[nodes.Template]:
    """Yield the tree of a template and of every template that it extends or imports."""
    env = environment()
    assert env.loader is not None
    tree = env.parse(env.loader.get_source(env, template)[0])
    yield tree
    for other in meta.find_referenced_templates(tree):
        assert other is not None
        yield from syntax_trees(other)


def classes_in(kind: object) -> Iterator[type]:
    """Yield the dataclasses that a context is made of."""
    if dataclasses.is_dataclass(kind):
        assert isinstance(kind, type)
        yield kind
        for hint in typing.get_type_hints(kind).values():
            yield from classes_in(hint)
    elif typing.get_origin(kind) in (tuple, Mapping, types.UnionType, typing.Union):
        for part in typing.get_args(kind):
            yield from classes_in(part)


@pytest.mark.parametrize(("template", "context"), PAGES)
def test_variables_are_the_fields(template: str, context: type) -> None:
    trees = list(syntax_trees(template))
    used = set().union(*map(meta.find_undeclared_variables, trees))
    # Jinja2 counts a macro that is imported outside a block and used inside it.
    macros = {
        name for tree in trees for node in tree.find_all(nodes.FromImport) for name in node.names
    }
    assert used - macros == {field.name for field in dataclasses.fields(context)}


def test_attributes_are_the_fields_of_the_parts() -> None:
    asked = {
        node.attr
        for template, _ in PAGES
        for tree in syntax_trees(template)
        for node in tree.find_all(nodes.Getattr)
    } - {"first", "index0"}  # of `loop`
    parts = {part for _, context in PAGES for part in classes_in(context)}
    given = {
        name
        for part in parts - {context for _, context in PAGES}
        for name in [*(field.name for field in dataclasses.fields(part)), *properties(part)]
    }
    assert asked == given


def properties(part: type) -> list[str]:
    return [name for name, value in vars(part).items() if isinstance(value, property)]


@pytest.mark.parametrize(("template", "context"), PAGES)
def test_every_field_is_documented(template: str, context: type) -> None:
    assert context.__doc__ is not None
    for field in dataclasses.fields(context):
        assert f"        {field.name}: " in f"    {context.__doc__}", field.name
