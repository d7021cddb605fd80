"""The images that only one of two runs gets right: from a comparison to the pictures."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Built, Watched
from tests.browser.errors_page import NAMES, choice, falls, go, listed, stored

pytestmark = pytest.mark.browser

Open = Callable[[str], Built]
RUN, OTHER = "beta-standard", "gamma-none"
SAID = re.compile(r"right in .* and wrong in ")


def only_right(site: Built, run: str, other: str) -> list[int]:
    truth = stored(site.store)
    return sorted({*truth.wrong(other)} - {*truth.wrong(run)})


def test_the_counts_of_a_comparison_lead_to_as_many_images(
    watched: Watched, open_site: Open
) -> None:
    site = open_site("pictures")
    truth = stored(site.store)
    for run, other in ((RUN, OTHER), (OTHER, RUN)):
        page = watched.open(site, f"compare.html#pins={RUN} {OTHER}")
        wanted = only_right(site, run, other)
        assert wanted
        row = page.get_by_role("row", name=re.compile("^Images only this one gets right"))
        link = row.get_by_role("link").nth([RUN, OTHER].index(run))
        expect(link).to_have_text(f"{len(wanted)}, show the images")
        link.click()
        expect(page).to_have_url(re.compile(rf"errors\.html#view=pair&run={run}&other={other}$"))
        images = listed(page, SAID)
        assert sorted(images) == sorted(truth.named(wanted))
        assert falls([truth.sure(other, truth.keys.index(image)) for image in images])
        assert [
            NAMES.index(name.partition(" ")[0])
            for name in page.locator(".sample-answer.wrong").evaluate_all(
                "all => all.map(one => one.childNodes[2].textContent)"
            )
        ] == [truth.chosen(other, truth.keys.index(image)) for image in images]


def test_the_switch_counts_both_and_leads_to_the_other(watched: Watched, open_site: Open) -> None:
    site = open_site("pictures")
    truth = stored(site.store)
    page = go(watched, site, f"view=pair&run={RUN}&other={OTHER}")
    ours, theirs = only_right(site, RUN, OTHER), only_right(site, OTHER, RUN)
    switch = page.get_by_role("navigation", name="Which of the two runs is right")
    links = switch.get_by_role("link")
    texts = {
        f"Only Beta, augmented right: {len(ours)}",
        f"Only Gamma, no augmentation right: {len(theirs)}",
    }
    expect(links).to_have_count(2)
    assert {*links.all_inner_texts()} == texts
    expect(switch.locator("[aria-current]")).to_have_text(re.compile("^Only Beta"))
    before = links.all_inner_texts()
    switch.get_by_text("Only Gamma").focus()
    page.keyboard.press("Enter")
    expect(switch.locator("[aria-current]")).to_have_text(re.compile("^Only Gamma"))
    expect(switch.locator("[aria-current]")).to_be_focused()
    assert links.all_inner_texts() == before
    assert sorted(listed(page, SAID)) == sorted(truth.named(theirs))
    expect(choice(page, "run")).to_have_value(OTHER)
    expect(choice(page, "other")).to_have_value(RUN)
    page.go_back()
    expect(switch.locator("[aria-current]")).to_have_text(re.compile("^Only Beta"))
    page.locator(".views a", has_text="Lowest margin").click()
    expect(switch).to_be_hidden()
    expect(choice(page, "other")).to_be_hidden()


def test_a_class_and_a_group_narrow_the_pair(watched: Watched, open_site: Open) -> None:
    site = open_site("pictures")
    truth = stored(site.store)
    for part, targets in (("target=1", {1}), ("superclass=0", {1, 2})):
        page = go(watched, site, f"view=pair&run={RUN}&other={OTHER}&{part}")
        wanted = [
            place for place in only_right(site, RUN, OTHER) if truth.targets[place] in targets
        ]
        assert sorted(listed(page, SAID)) == sorted(truth.named(wanted))
        link = page.locator("[data-part=switch] a", has_text="Only Beta")
        expect(link).to_have_text(re.compile(rf": {len(wanted)}$"))


def test_a_run_is_never_paired_with_itself(watched: Watched, open_site: Open) -> None:
    page = go(watched, open_site("pictures"), f"view=pair&run={RUN}&other={RUN}")
    expect(choice(page, "other")).not_to_have_value(RUN)
    choice(page, "other").select_option(OTHER)
    expect(page).to_have_url(re.compile(f"other={OTHER}"))
    assert len(listed(page, SAID)) == len(only_right(open_site("pictures"), RUN, OTHER))


def test_shared_errors_in_the_table_lead_to_the_pair(watched: Watched, open_site: Open) -> None:
    site = open_site("pictures")
    page = go(watched, site, "view=confident")
    page.locator(".agreement tbody tr").nth(1).get_by_role("link").first.click()
    expect(page.locator(".views a[aria-current]")).to_have_text("One of two runs right")
    run, other = (choice(page, key).input_value() for key in ("run", "other"))
    assert len(listed(page, SAID)) == len(only_right(site, run, other))
