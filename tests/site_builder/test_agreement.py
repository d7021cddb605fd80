"""The cells of the agreement table as a reader sees them, against scikit-learn and by hand."""

import re
from itertools import combinations
from pathlib import Path

import pytest
from sklearn.metrics import cohen_kappa_score

from experiments.results.schema import Split
from experiments.results.store import ExperimentStore
from site_builder.pipeline import build_site
from tests.pictures import write_illustrated_store
from tests.site_builder.pages import PageReader

N_RUNS = 6


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ExperimentStore:
    return write_illustrated_store(tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def page(store: ExperimentStore, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("site")
    build_site(store, folder)
    return (folder / "errors.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def shown(page: str) -> list[list[str]]:
    """The rows of the table without headings, the cells of the runs alone."""
    heading, *rows = PageReader(page).tables["Agreement between runs"]
    assert heading == ["Run", *map(str, range(1, N_RUNS + 1))]
    return [row[1:] for row in rows]


@pytest.fixture(scope="module")
def said(page: str, store: ExperimentStore) -> list[tuple[list[int], list[int]]]:
    """Targets and predictions of each run, in the order of the rows."""
    rows = PageReader(page).tables["Agreement between runs"][1:]
    by_name = {}
    for run_id in store.read_experiment().run_ids:
        run = store.read_run(run_id)
        variant = "no augmentation" if run.config.augmentation == "none" else "augmented"
        found = store.read_predictions(run, Split.TEST)
        by_name[run.config.label, variant] = (
            found.targets.tolist(),
            found.top_classes[:, 0].tolist(),
        )
    names = [re.fullmatch(r"\d(Alpha|Beta|Gamma)(.+)", row[0]) for row in rows]
    assert all(names)
    return [by_name[name[1], name[2]] for name in names if name]


def test_above_the_diagonal_is_kappa(
    shown: list[list[str]], said: list[tuple[list[int], list[int]]]
) -> None:
    for row, column in combinations(range(N_RUNS), 2):
        kappa = cohen_kappa_score(said[row][1], said[column][1])
        assert shown[row][column] == f"{kappa:.3f}"
    assert [shown[place][place] for place in range(N_RUNS)] == [""] * N_RUNS


def test_below_it_is_the_share_of_common_errors(
    page: str, shown: list[list[str]], said: list[tuple[list[int], list[int]]]
) -> None:
    wrong = [
        {place for place, of in enumerate(targets) if chosen[place] != of}
        for targets, chosen in said
    ]
    for row, column in combinations(range(N_RUNS), 2):
        both, either = len(wrong[row] & wrong[column]), len(wrong[row] | wrong[column])
        assert 0 < both < either
        share, sign = shown[column][row].replace("\u00a0", " ").split(" ")
        assert sign == "%"
        assert int(share) == pytest.approx(100 * both / either, abs=0.5)
        words = f"{both} of {either} images that either gets wrong"
        assert words in page.replace("\u00a0", " ").replace("&nbsp;", " ")


def test_a_cell_worked_out_by_hand(
    shown: list[list[str]], said: list[tuple[list[int], list[int]]]
) -> None:
    (targets, first), (_, second) = said[:2]
    n = len(targets)
    alike = sum(a == b for a, b in zip(first, second, strict=True)) / n
    by_chance = sum(first.count(of) * second.count(of) for of in range(3)) / n**2
    assert float(shown[0][1]) == pytest.approx((alike - by_chance) / (1 - by_chance), abs=0.0005)
