"""architectures.html, read as a reader would: the stored numbers, and a ruler on the drawing."""

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest

from experiments.results.architecture import ARCHITECTURE_FILE
from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from site_builder.architectures.costs import parts, stage_totals
from site_builder.architectures.drawing import draw_network, draw_stage, drawn_shapes
from site_builder.architectures.layers import layer_files, layer_rows, layers_shard
from site_builder.architectures.mapped import mapped_layers
from site_builder.architectures.networks import IMPORTED, NOT_RECORDED, networks
from site_builder.architectures.scale import stage_scale
from site_builder.features.stored import feature_maps
from site_builder.loading import load
from site_builder.naming import run_names
from site_builder.pages import architectures
from site_builder.pages.architectures import ArchitecturesContext, architectures_context
from site_builder.pipeline import site_files
from site_builder.render import render
from tests.architectures import (
    HEAD_PARAMETERS,
    LAYER1_FLOPS,
    LAYER1_PARAMETERS,
    add_architecture,
    made_up_architecture,
)
from tests.feature_maps import add_feature_maps
from tests.made_up import write_made_up_store
from tests.site_builder.changes import fail
from tests.site_builder.pages import PageReader

RUNS = ("alpha-none", "alpha-standard", "beta-none", "beta-standard")
MADE_OF = made_up_architecture("alpha-none", 1_000_000, 250_000_000)


@pytest.fixture
def store(tmp_path: Path) -> ExperimentStore:
    return write_made_up_store(tmp_path / "results")


def context_of(store: ExperimentStore) -> ArchitecturesContext:
    experiment = load(store)
    names = run_names(experiment)
    shown = networks(experiment, names)
    return architectures_context(experiment, names, shown, maps={})


def page_of(context: ArchitecturesContext) -> PageReader:
    return PageReader(render("pages/architectures.html", context).decode())


def test_runs_of_the_same_layers_share_a_drawing(store: ExperimentStore) -> None:
    add_architecture(store, *RUNS[:3])
    # The same model, made for larger images.
    add_architecture(store, "beta-standard", input_px=64)
    experiment = load(store)
    shown = networks(experiment, run_names(experiment))
    assert {network.name: {*network.run_ids} for network in shown} == {
        "Alpha": {*RUNS[:2]},
        "Beta (beta-none)": {"beta-none"},
        "Beta (beta-standard)": {"beta-standard"},
    }
    ranked = [run.run_id for run in experiment.ranked]
    first = [ranked.index(network.key) for network in shown]
    assert first == sorted(first)
    assert all(
        network.run_ids == tuple(run for run in ranked if run in network.run_ids)
        for network in shown
    )


def test_a_store_without_says_so_of_every_run(store: ExperimentStore) -> None:
    context = context_of(store)
    page = page_of(context)
    assert context.networks == ()
    (group,) = context.without
    assert (group.reason, len(group.runs)) == (NOT_RECORDED, 4)
    assert all(f"{name.model} {name.variant}" in page.text for name in group.runs)
    assert "given by the path of its TOML file" in page.text
    assert "bakeoff --experiment made-up --run-experiments" in page.text
    assert not page.tables


def test_imported_and_failed_runs_are_told_apart(store: ExperimentStore) -> None:
    add_architecture(store, "alpha-none")
    fail(store, "beta-standard", "out of memory")
    test = [sample for sample in store.read_samples() if sample.split == Split.TEST]
    targets = np.array([sample.target for sample in test])
    ids = [sample.sample_id for sample in test]
    store.add_predictions(
        run="Elsewhere", sample_ids=ids, targets=targets, probabilities=np.eye(3)[targets]
    )
    context = context_of(store)
    reasons = {group.reason: [name.full for name in group.runs] for group in context.without}
    assert {reason: sorted(runs) for reason, runs in reasons.items()} == {
        NOT_RECORDED: ["Alpha, augmented", "Beta, no augmentation"],
        IMPORTED: ["Elsewhere, imported"],
        "the run failed": ["Beta, augmented"],
    }
    (network,) = context.networks
    assert network.run_ids == "alpha-none"


def test_the_tables_hold_the_stored_numbers(store: ExperimentStore) -> None:
    add_architecture(store, "alpha-none")
    page = page_of(context_of(store))
    stages = page.rows("Stages of Alpha")
    # Of 1,000,000 parameters 994,509 are left for the stem, a quarter, and the block.
    assert [row[1] for row in stages.values()] == ["249\u00a0k", "5.20\u00a0k", "746\u00a0k", "291"]
    assert [row[2] for row in stages.values()] == [
        "25\u00a0%", "0.5\u00a0%", "75\u00a0%", "0.1\u00a0%"
    ]  # fmt: skip
    so_far = [row[3] for row in page.small["Stages of Alpha"][1:]]
    assert so_far == [f"{n}\u00a0% so far" for n in (25, 25, 99, 100)]
    layers = page.rows("Layers of stage 2, layer1")
    assert layers["layer1.0.conv"] == [
        "Conv2d, 3\u00a0×\u00a03, 6\u00a0groups",
        "6\u00a0×\u00a016\u00a0×\u00a016\u00a0→ 24\u00a0×\u00a08\u00a0×\u00a08",
        f"{LAYER1_PARAMETERS:,}",
        "700\u00a0k",
    ]
    assert layers["layer1.0.act"] == ["ReLU", "24\u00a0×\u00a08\u00a0×\u00a08", "0", "0"]
    # The first stage halves: that is said, and only there.
    assert "stride\u00a02" in page.rows("Layers of stage 1, stem")["stem.conv"][0]


def test_totals_are_those_of_compare_html(store: ExperimentStore) -> None:
    add_architecture(store, *RUNS)
    files = dict(site_files(load(store)))
    compare = PageReader(files["compare.html"].decode())
    shown = {
        run_id: dict(network.facts)
        for network in context_of(store).networks
        for run_id in network.run_ids.split()
    }
    assert set(shown) == set(RUNS)
    heading, *rows = compare.tables["Resources"]
    for row, run in zip(rows, load(store).ranked, strict=True):
        for column in ("Parameters", "FLOPs"):
            at = next(i for i, text in enumerate(heading) if text.startswith(column))
            assert row[at].removesuffix("best") == shown[run.run_id][column]


def boxes(path: str) -> list[tuple[float, float, float]]:
    """Return x, width and height of the rectangles of a path."""
    found = re.findall(r"M([\d.]+) 0v-([\d.]+)h([\d.]+)v\2z", path)
    return [(float(x), float(width), float(height)) for x, height, width in found]


def ends(path: str) -> list[tuple[float, float]]:
    """Return start and end of the arcs of a path."""
    found = re.findall(r"M([\d.]+) 0a[\d.]+ [\d.]+ 0 0 0 ([\d.]+) 0", path)
    return [(float(start), float(start) + float(reach)) for start, reach in found]


def test_blocks_are_to_scale() -> None:
    scale = stage_scale([drawn_shapes(MADE_OF)])
    drawing = draw_network(MADE_OF, ["a", "b", "c", "d"], ["", "", "x", ""], scale, 32)
    heights = [float(block.height) for block in drawing.blocks]
    widths = [float(block.width) for block in drawing.blocks]
    sides, channels = (16, 8, 4, 1), (6, 24, 96, 3)
    assert heights == pytest.approx([heights[3] * side**0.5 for side in sides], abs=0.2)
    # The narrowest is drawn wider than to scale; the others are.
    assert widths[:3] == pytest.approx([widths[2] * (n / 96) ** 0.5 for n in channels[:3]], abs=0.2)
    for at, side in drawing.ticks:
        assert float(at) == pytest.approx(-heights[3] * float(side.split("\u00a0")[0]) ** 0.5)
    assert [block.type for block in drawing.blocks] == [
        "convolution", "convolution", "attention", "linear"
    ]  # fmt: skip
    assert [block.address for block in drawing.blocks] == ["", "", "x", ""]


def test_arcs_lead_from_the_layer_before_to_the_join() -> None:
    scale = stage_scale([drawn_shapes(MADE_OF)])
    drawing = draw_network(MADE_OF, [""] * 4, [""] * 4, scale, 32)
    spans = [(float(b.x), float(b.x) + float(b.width)) for b in drawing.blocks]
    by_kind = {arcs.kind: ends(arcs.path) for arcs in drawing.arcs}
    assert set(by_kind) == {"add", "other"}
    ((start, end),) = by_kind["add"]
    # From the one layer of the stem to the last of three layers of the second stage.
    assert start == pytest.approx(sum(spans[0]) / 2, abs=0.1)
    assert end == pytest.approx(spans[1][0] + (spans[1][1] - spans[1][0]) * 5 / 6, abs=0.1)


def test_layers_are_to_scale_with_edges_to_point_at() -> None:
    drawing = draw_stage(MADE_OF, 1)
    edges = [float(edge) for edge in drawing.edges.split()]
    found = {outline.type: boxes(outline.path) for outline in drawing.outlines}
    assert {type_: len(of_type) for type_, of_type in found.items()} == {
        "convolution": 1, "activation": 1, "join": 1
    }  # fmt: skip
    starts = sorted(x for of_type in found.values() for x, *_ in of_type)
    assert edges[:-1] == starts
    assert {height for of_type in found.values() for *_, height in of_type} == {28.3}
    ((start, end),) = (span for arcs in drawing.arcs for span in ends(arcs.path))
    assert start == 0
    assert edges[2] < end < edges[3]


def test_the_widest_network_fits_into_half_a_page() -> None:
    wide = [(3, 224, 224), *[(768, 14, 14)] * 12, (1000, 1, 1)]
    narrow = [(3, 32, 32), (16, 16, 16), (10, 1, 1)]
    both = stage_scale([narrow, wide])
    assert both == stage_scale([wide])
    total = 42 + sum(both.by_root * n**0.5 + both.gap for n, *_ in wide)
    assert total == pytest.approx(552)
    assert stage_scale([narrow]).by_root == 3
    assert stage_scale([]).by_root == 3


def test_shares_of_nothing_are_nothing() -> None:
    assert {part.percent for part in parts([0, 0])} == {"0.0"}
    assert stage_totals(MADE_OF, "flops")[1] == LAYER1_FLOPS
    assert stage_totals(MADE_OF, "n_parameters")[3] == HEAD_PARAMETERS


def test_a_stage_leads_to_the_mapped_layer_that_ends_in_it(store: ExperimentStore) -> None:
    add_architecture(store, *RUNS)
    add_feature_maps(store)
    experiment = load(store)
    files = dict(site_files(experiment))
    links = [href for href, _ in PageReader(files["architectures.html"].decode()).links]
    mapped = [link for link in links if link.startswith("feature-maps.html")]
    assert "feature-maps.html#run=alpha-none&layer=stem.conv" in mapped
    assert "feature-maps.html#run=alpha-none&layer=blocks.2" in mapped
    record = feature_maps(experiment)["alpha-none"]
    # The layer with which a mapped module ends leads there too.
    rows = PageReader(files["architectures.html"].decode()).links
    assert ("feature-maps.html#run=alpha-none&layer=layer1", "layer1.0.add") in rows
    assert mapped_layers(MADE_OF, record) == {0: "stem.conv", 3: "layer1", 5: "blocks.2"}


def test_many_layers_are_fetched_and_say_the_same(
    store: ExperimentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_architecture(store, *RUNS)
    in_page = render("pages/architectures.html", context_of(store))
    assert "data/architectures/alpha-none.js" not in dict(site_files(load(store)))
    monkeypatch.setattr(architectures, "MAX_ROWS", 13)
    files = dict(site_files(load(store)))
    assert len(files["architectures.html"]) < len(in_page)
    assert b"layer1.0.conv" not in files["architectures.html"]
    (network, *_) = networks(load(store), run_names(load(store)))
    name, content = layers_shard(network, {})
    assert files[name] == content
    value = json.loads(content.decode().partition(",")[2].rpartition(")")[0])
    assert [stage["rows"] for stage in value] == [
        [[*vars(row).values()] for row in layer_rows(network.made_of, stage, {})]
        for stage in range(4)
    ]
    assert value[1]["rows"][0][:3] == ["convolution", "", "layer1.0.conv"]
    assert b"stage-drawing" in in_page
    assert b"stage-drawing" not in files["architectures.html"]
    for drawn in (stage["drawing"] for stage in value):
        paths = [each["path"] for each in (*drawn["outlines"], *drawn["arcs"])]
        assert paths
        assert all(f'd="{path}"'.encode() in in_page for path in paths)
        assert f'data-edges="{drawn["edges"]}"'.encode() in in_page


def test_records_are_read_once(store: ExperimentStore) -> None:
    add_architecture(store, *RUNS)
    experiment = load(store)
    first = experiment.architectures.of("alpha-none")
    assert first is not None
    (store.run_folder("alpha-none") / ARCHITECTURE_FILE).unlink()
    assert experiment.architectures.of("alpha-none") is first
    assert "alpha-none" in networks(experiment, run_names(experiment))[0].run_ids


def test_files_hold_every_layer_in_full(store: ExperimentStore) -> None:
    add_architecture(store, "alpha-none")
    (network,) = networks(load(store), run_names(load(store)))
    files = dict(layer_files(network))
    rows = list(csv.DictReader(io.StringIO(files["exports/architecture-alpha-none.csv"].decode())))
    assert [int(row["n_parameters"]) for row in rows] == [
        layer.n_parameters for layer in network.made_of.layers
    ]
    assert rows[0]["layer"] == "backbone.stem.conv"
    assert (rows[0]["stride_vertical"], rows[0]["output_shape"]) == ("2", "6x16x16")
    assert rows[2]["kernel_height"] == ""
    assert "exports/architecture-alpha-none.tex" in files


def test_untraced_networks_say_why_they_have_no_connections(store: ExperimentStore) -> None:
    add_architecture(store, "alpha-none", traced=False)
    context = context_of(store)
    (network,) = context.networks
    assert dict(network.facts)["Skip connections"] == (
        "not known: torch.fx cannot trace it (TraceError)"
    )
    assert network.drawing.arcs == ()
    assert context.arcs == ()
