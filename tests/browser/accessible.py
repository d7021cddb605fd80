"""What axe finds wrong on a page, folded parts included."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect


def check_accessible(page: Page, context: str | None = None) -> None:
    """Fail on whatever axe finds, with every part of the page unfolded.

    Args:
        page: An open page; it stays unfolded.
        context: Selector of the part to look at; the whole page if None.
    """
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    # What is loaded on unfolding is asked for in the next task.
    page.evaluate("new Promise((done) => setTimeout(done, 0))")
    expect(page.locator("architecture-layers tbody:not(:has(tr))")).to_have_count(0)
    # Preloading makes axe ask for stylesheets in a way that file:// refuses.
    results = Axe().run(page, context=context, options={"preload": False})
    assert results.violations_count == 0, f"{page.url}: {results.generate_report()}"
