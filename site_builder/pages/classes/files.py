"""Every file about the classes: their pages, the page of all of them, and the tables as files."""

from collections.abc import Iterator

from site_builder import addresses
from site_builder.explorer.images import Images
from site_builder.exports.classes import all_classes_files, class_files
from site_builder.loading import Experiment
from site_builder.naming import RunName
from site_builder.pages.classes import index
from site_builder.pages.classes.material import Material
from site_builder.pages.classes.page import class_context
from site_builder.render import render


def classes_files(
    experiment: Experiment, names: dict[str, RunName], images: Images
) -> Iterator[tuple[str, bytes]]:
    """Yield every file: path below the site's root, and content.

    Args:
        experiment: What is stored.
        names: Run id to name, of every stored run.
        images: What the runs said of each test image.
    """
    material = Material(experiment, names, images)
    context = index.classes_context(material)
    yield index.ADDRESS, render("pages/classes.html", context)
    yield from all_classes_files(material, context)
    class_names = experiment.record.class_names
    order = [(addresses.class_page(target), name) for target, name in enumerate(class_names)]
    # One at a time: a thousand of them at once would take much memory.
    for target, (address, _) in enumerate(order):
        page = class_context(material, target, order)
        yield address, render("pages/class.html", page)
        if page.runs:
            yield from class_files(material, page.runs, target)
