"""The sites of several experiments in one: each in a folder of its own, behind a page of all."""

from collections.abc import Sequence
from pathlib import Path

from experiments.results.store import ExperimentStore
from site_builder.output import Files, check_output, write_site
from site_builder.pages import experiments, not_found
from site_builder.pipeline import build_site, site_files
from site_builder.prepared import Prepared
from site_builder.publication import HOST_FILES, Publication, sitemap
from site_builder.render import render


def build_sites(
    stores: Sequence[ExperimentStore],
    output: Path,
    *,
    strict: bool = False,
    allow_inconsistent: bool = False,
    base_url: str = "",
    compare_with: Path | None = None,
) -> tuple[Prepared, ...]:
    """Build the site of one experiment, or of several with a page that lists them.

    Args:
        stores: The experiments to show, at least one.
        output: As in `build_site`; of several, each goes into the folder of its name.
        strict: As in `build_site`.
        allow_inconsistent: As in `build_site`.
        base_url: As in `build_site`.
        compare_with: As in `build_site`.

    Returns:
        As `build_site`, of each.

    Raises:
        BakeoffError: As `build_site`.
    """
    if len(stores) == 1:
        site = build_site(
            stores[0],
            output,
            strict=strict,
            allow_inconsistent=allow_inconsistent,
            base_url=base_url,
            compare_with=compare_with,
        )
        return (site,)
    check_output(output)
    sites: dict[str, Prepared] = {}
    for store in stores:
        place = Publication(base_url and f"{base_url}{store.name}/", among_others=True)
        sites[store.name] = Prepared.of(
            store,
            place,
            site_files,
            strict=strict,
            allow_inconsistent=allow_inconsistent,
            compare_with=compare_with,
        )

    def files() -> Files:
        yield from _front_files(sites, Publication(base_url))
        for name, site in sites.items():
            yield from _below(name, site.files())

    def last_files(folder: Path) -> Files:
        for name, site in sites.items():
            yield from _below(name, site.last_files(folder / name))
        yield from _front_files(sites, Publication(base_url))
        yield from sitemap(base_url, folder)

    write_site(output, files(), last_files)
    return tuple(sites.values())


def _front_files(sites: dict[str, Prepared], place: Publication) -> Files:
    """Yield the page of all, and what a host looks for beside it.

    Written again at the end: only then is known which checks failed.
    """
    context = experiments.experiments_context(
        {name: site.experiment for name, site in sites.items()}, place
    )
    yield experiments.ADDRESS, render("pages/experiments.html", context)
    lost = not_found.not_found_context(context.site, place.path)
    yield not_found.ADDRESS, render("pages/404.html", lost)
    yield from HOST_FILES


def _below(folder: str, files: Files) -> Files:
    for name, content in files:
        yield f"{folder}/{name}", content
