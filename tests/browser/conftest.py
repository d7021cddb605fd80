"""A real Chromium, and sites built once for all browser tests."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console

from experiments.config import ExperimentConfig
from experiments.experiment import run_experiment
from experiments.progress import PlainProgress
from experiments.results.store import ExperimentStore
from experiments.surroundings import Surroundings
from site_builder.pipeline import build_site
from site_builder.serve import HOST, open_server
from tests.architectures import add_architecture
from tests.beasts import write_beasts
from tests.ensure_chromium import find
from tests.feature_maps import add_feature_maps
from tests.imports import import_all_kinds
from tests.made_up import write_made_up_store
from tests.pictures import write_illustrated_store, write_store_of_kinds
from tests.walkthrough import write_walked_store

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
HOSTILE = ("<img src=x onerror=alert(1)>", "__proto__", "constructor")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find()
    assert path, "no Chromium: run python tests/ensure_chromium.py"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield chromium
        chromium.close()


@dataclass
class Built:
    """A store, its site, and where the site is opened: on disk, or below /user/repo/."""

    store: ExperimentStore
    folder: Path
    root: str


def on_disk(store: ExperimentStore, folder: Path) -> Built:
    """Return a site that is already there, to be opened from the disk."""
    return Built(store, folder, folder.as_uri())


def build(store: ExperimentStore, folder: Path) -> Built:
    """Build the site of a store, to be opened from the disk."""
    build_site(store, folder)
    return on_disk(store, folder)


def train_on_digits(
    folder: Path, models: tuple[str, ...], n_epochs: int, **changes: object
) -> ExperimentStore:
    """Train timm's smallest networks on real images.

    Args:
        folder: Where the store and the cache go.
        models: Names of the networks.
        n_epochs: How long each is trained, at most.
        changes: Other parts of the configuration.
    """
    config = ExperimentConfig.model_validate(
        {
            "name": "digits",
            "title": "Digits",
            "question": "Which digits are taken for which?",
            "strategy": "scratch",
            "dataset": {"source": "digits"},
            "training": {"batch_size": 64, "max_epochs": n_epochs},
            "preprocessing": {"input_size": 32, "crop_fraction": 1.0},
            "models": [{"name": model} for model in models],
        }
        | changes
    )
    around = Surroundings(
        device=torch.device("cpu"),
        cache=folder / "cache",
        weights_dir=None,
        progress=PlainProgress(Console(quiet=True)),
        now=lambda: datetime.now(UTC),
    )
    store = ExperimentStore(folder / "results" / "digits")
    run_experiment(config, store, around, downloads=Path("no downloads"))
    return store


@pytest.fixture(scope="session")
def real_digits(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The site of three small networks that have seen real images for three epochs."""
    folder = tmp_path_factory.mktemp("digits")
    store = train_on_digits(folder, ("test_vit", "test_resnet", "test_convnext"), 3)
    return build(store, folder / "site")


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The site of imported runs alone, from a file of every kind."""
    folder = tmp_path_factory.mktemp("imports")
    store = import_all_kinds(folder)
    return build(store, folder / "site")


@pytest.fixture(scope="session")
def beasts(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The site of nine classes in three superclasses, opened from disk."""
    folder = tmp_path_factory.mktemp("beasts")
    return build(write_beasts(folder), folder / "site")


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The site of two models with three seeds each, with and without augmentation."""
    folder = tmp_path_factory.mktemp("seeded")
    store = write_made_up_store(folder, training_seeds=(0, 1, 2), models=("vgg16", "resnet18"))
    return build(store, folder / "site")


@pytest.fixture(scope="session")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The site of models that an image was followed through.

    All layers are stored but those of the last run; one network gets larger images.
    """
    folder = tmp_path_factory.mktemp("walked")
    store = write_walked_store(folder)
    runs = store.read_experiment().run_ids
    add_architecture(store, *runs[:-1])
    add_architecture(store, runs[1], input_px=64)
    return build(store, folder / "site")


def relabel(store: ExperimentStore, run_id: str, label: str) -> None:
    run = store.read_run(run_id)
    config = run.config.model_copy(update={"label": label})
    store.write_run(run.model_copy(update={"config": config}))


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[ExperimentStore, Path]]:
    stores = tmp_path_factory.mktemp("stores")
    served = tmp_path_factory.mktemp("served")
    pages = {
        "shapes": write_made_up_store(stores, name="shapes", models=("alpha", "beta", "gamma")),
        "many-classes": write_made_up_store(
            stores,
            name="many-classes",
            class_names=tuple(f"class {index}" for index in range(80)),
            n_images=400,
        ),
        "hostile": write_made_up_store(stores, name="hostile", class_names=HOSTILE),
        "pictures": write_illustrated_store(stores),
    }
    pages["kinds"] = write_store_of_kinds(stores)
    pages["mapped"] = write_illustrated_store(stores / "mapped")
    add_feature_maps(pages["mapped"])
    relabel(pages["hostile"], "alpha-none", HOSTILE[0])
    found = {}
    for name, store in pages.items():
        folder = served / "user" / "repo" / name
        build_site(store, folder)
        found[name] = (store, folder)
    (served / "index.html").write_text("not the site")
    return found


@pytest.fixture(scope="session")
def address(sites: dict[str, tuple[ExperimentStore, Path]]) -> Iterator[str]:
    """Serve the folder above /user/repo/, as a host of project pages does."""
    top = next(iter(sites.values()))[1].parents[2]
    with open_server(top, 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://{HOST}:{server.server_port}/user/repo"
        server.shutdown()
        thread.join()


@pytest.fixture(params=["file", "http"])
def open_site(
    request: pytest.FixtureRequest, sites: dict[str, tuple[ExperimentStore, Path]], address: str
) -> Callable[[str], Built]:
    def find(name: str) -> Built:
        store, folder = sites[name]
        root = folder.as_uri() if request.param == "file" else f"{address}/{name}"
        return Built(store, folder, root)

    return find


ONCE = pytest.mark.parametrize("open_site", ["http"], indirect=True)
"""For what takes long and cannot depend on where a page comes from."""


@dataclass
class Watched:
    """A page, and everything it did that a page of ours must not do."""

    page: Page
    misdeeds: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, site: Built, page: str) -> Page:
        """Open a page and wait until its scripts have done what they do by themselves."""
        self.root = site.root
        self.page.goto(f"{site.root}/{page}")
        self.page.locator("theme-toggle button").wait_for()
        if page.startswith("compare"):
            # It is drawn when it comes near the window.
            self.page.locator("confusion-matrix").evaluate("matrix => matrix.scrollIntoView()")
            self.page.locator("confusion-matrix .cursor-layer").first.wait_for(state="attached")
            self.page.evaluate("scrollTo(0, 0)")
        return self.page


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """A page that fails the test on a console error, a dialog, or a request off the site."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    seen = Watched(context.new_page())
    seen.page.on(
        "console", lambda message: message.type == "error" and seen.misdeeds.append(message.text)
    )
    seen.page.on("pageerror", lambda error: seen.misdeeds.append(str(error)))
    seen.page.on("dialog", lambda dialog: (seen.misdeeds.append(dialog.message), dialog.dismiss()))
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    yield seen
    context.close()
    off = [url for url in seen.requests if not url.startswith((seen.root, "data:", "blob:"))]
    assert seen.misdeeds == []
    assert off == []
