"""The Content-Security-Policy in a browser: the site obeys it, what is injected does not run."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Built, Watched

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]


def test_every_page_and_plotly_itself_obey_it(watched: Watched, open_site: Open) -> None:
    # `watched` fails on a console error, which each refusal is.
    site = open_site("mapped")
    for path in sorted(site.folder.rglob("*.html")):
        page = watched.open(site, path.relative_to(site.folder).as_posix())
        if path.name == "compare.html":
            figure = page.locator("plotly-figure").first
            figure.locator("[data-part=explore]").click()
            expect(figure.locator(".main-svg").first).to_be_visible(timeout=30_000)
            # Plotly's own rules, from the <style> that it fills, are in force.
            expect(figure.locator(".main-svg").first).to_have_css("overflow", "hidden")


@pytest.mark.parametrize(
    "injected",
    [
        "<script>document.title = 'run'</script>",
        "<img src=x onerror=\"document.title = 'run'\">",
        "<script src=\"data:text/javascript,document.title = 'run'\"></script>",
        "<style>:root { --injected: 1 }</style><base href='https://example.org/'>",
    ],
)
def test_what_is_injected_is_refused(browser: Browser, open_site: Open, injected: str) -> None:
    site = open_site("shapes")
    html = (site.folder / "index.html").read_text(encoding="utf-8")
    written = site.folder / "injected.html"
    written.write_text(html.replace("<main", f"{injected}<main", 1), encoding="utf-8")
    page = browser.new_page()
    refusals: list[str] = []
    page.on("console", lambda message: refusals.append(message.text))
    try:
        page.goto(f"{site.root}/injected.html")
        page.locator("theme-toggle button").wait_for()
    finally:
        # Other tests open all pages of this site.
        written.unlink()
    assert page.title().startswith("Summary")
    style = "getComputedStyle(document.documentElement).getPropertyValue('--injected')"
    assert page.evaluate(style) == ""
    assert page.evaluate("document.baseURI").startswith(site.root)
    assert any("Content Security Policy" in text for text in refusals)
    page.close()
