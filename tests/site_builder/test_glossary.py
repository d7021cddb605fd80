"""The glossary: every term is explained, sourced, listed, and reached from where it is used."""

import re
from pathlib import Path

import pytest

from site_builder.comparisons import compare_runs
from site_builder.formulas.numbers import SECTIONS
from site_builder.glossary import TERMS, find
from site_builder.loading import Experiment
from site_builder.naming import run_names
from site_builder.pages.formulas import formulas_context
from site_builder.render import environment, render
from tests.site_builder.pages import PageReader

WANTED = """
accuracy, precision, recall, F1, macro average, micro average, weighted average, top-k accuracy,
confusion matrix, logits, softmax, probability, backbone, head, frozen, fine-tuning, feature map,
channel, stride, pooling, epoch, batch, learning rate, weight decay, early stopping, augmentation,
normalisation, FLOPs, MACs, parameters, latency, throughput, calibration, confidence interval,
McNemar test, Holm’s correction, bootstrap, seed, split, stratified, class-activation map,
embedding, t-SNE, Pareto front
"""


def used(call: str) -> str:
    template = '{% from "partials/glossary.html" import term %}' + call
    return environment().from_string(template).render()


@pytest.fixture(scope="module")
def page(experiment: Experiment) -> str:
    context = formulas_context(experiment, run_names(experiment), compare_runs(experiment))
    return render("pages/formulas.html", context).decode()


def test_the_terms_that_pages_need_are_there() -> None:
    wanted = {" ".join(name.split()) for name in WANTED.split(",")}
    assert wanted <= {term.name for term in TERMS}


def test_a_term_is_defined_once_in_a_sentence_or_two_with_a_source() -> None:
    assert len({term.key for term in TERMS}) == len({term.name for term in TERMS}) == len(TERMS)
    for term in TERMS:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", term.key)
        assert term.definition.endswith(".")
        assert 1 <= len(re.findall(r"[.!?](?: |$)", term.definition)) <= 2, term.key
        assert term.reference.address.startswith("https://")


def test_the_page_lists_every_term_and_leads_to_its_formula(page: str) -> None:
    read = PageReader(page)
    ids = re.findall(r'id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    for term in TERMS:
        assert f"term-{term.key}" in ids
        assert term.definition in read.text
        if term.formula:
            assert (f"#{term.formula}", "Formula") in read.links
    fragments = {href[1:] for href, _ in read.links if href.startswith("#")}
    assert fragments <= set(ids)
    assert {formula.key for section in SECTIONS for formula in section.formulas} <= fragments


def test_the_macro_leads_to_the_term_and_holds_its_definition() -> None:
    made = used('{{ term("logits", "../") }}')
    assert made == (
        '<glossary-term><a href="../formulas.html#term-logits">logits</a>'
        f'<span role="tooltip" hidden>{find("logits").definition}</span></glossary-term>'
    )


def test_every_term_is_explained_where_some_page_uses_it(walked_site: Path) -> None:
    found = {
        key
        for page in walked_site.rglob("*.html")
        for key in re.findall(
            r'<glossary-term><a href="(?:\.\./)*formulas\.html#term-([a-z0-9-]+)"',
            page.read_text(encoding="utf-8"),
        )
    }
    assert {term.key for term in TERMS} == found


def test_the_text_of_the_macro_is_text() -> None:
    made = used('{{ term("logits", "", "<b>The</b> logits") }}')
    assert ">&lt;b&gt;The&lt;/b&gt; logits</a>" in made


def test_an_unknown_term_stops_the_build() -> None:
    with pytest.raises(KeyError, match="logit"):
        used('{{ term("logit", "") }}')
