"""What browser tests read off compare.html."""

from playwright.sync_api import Locator, Page, expect


def run_order(page: Page, table: str) -> list[str]:
    rows = page.locator(f"sortable-table[data-key={table}] tbody tr:not(.none)")
    return rows.evaluate_all("rows => rows.map(row => row.dataset.run)")


def show(page: Page, run_id: str) -> None:
    page.locator(f"sortable-table[data-key=performance] tr[data-run={run_id}] td").first.click()
    expect(page.locator(f"tr[data-run={run_id}] a[aria-current]")).to_have_count(2)
    label, variant = run_id.rsplit("-", 1)
    words = {"none": "no augmentation", "standard": "augmented"}[variant]
    expect(page.locator("[data-part=name]")).to_have_text(f"{label.title()}, {words}")


def heading(page: Page, table: str, column: str) -> Locator:
    return page.locator(f"sortable-table[data-key={table}] th[data-column={column}]")


def shown(page: Page, table: str = "performance") -> list[str]:
    rows = page.locator(f"sortable-table[data-key={table}] tbody tr:not([hidden])")
    return rows.evaluate_all("rows => rows.map(row => row.dataset.run ?? row.dataset.group)")


def wait_until(element: Locator, holds: str) -> None:
    """Wait until a function of an element, as JavaScript, returns true.

    Playwright's own way evaluates text in the page, which its policy refuses.
    """
    element.evaluate(
        f"""async (element) => {{
          const end = performance.now() + 20000;
          while (!({holds})(element)) {{
            if (performance.now() > end) throw new Error("it did not come true in 20 s");
            await new Promise(requestAnimationFrame);
          }}
        }}"""
    )


PICK_SOON = """
addEventListener("DOMContentLoaded", () => requestAnimationFrame(() => setTimeout(() => {
  const link = [...document.querySelectorAll("[data-key=performance] tbody a")].at(-1);
  addEventListener("hashchange", () => {
    if (link.getAttribute("aria-current")) window.pickedAfter = performance.now();
  });
  link.click();
})));
"""
"""Picks a run as soon as the page is drawn with its scripts, and notes when that is answered."""
