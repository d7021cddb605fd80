"""Tables of text as files: the images that were left out, and the checks."""

from collections.abc import Sequence

from experiments.results.schema import UnreadableImage
from site_builder.checks import Group
from site_builder.exports.files import Files, Records, table_files


def left_out_files(images: Sequence[UnreadableImage]) -> Files:
    """Yield all images that could not be read, with the reasons; none where there are none."""
    if images:
        rows = [[image.path, image.reason] for image in images]
        yield from table_files("left-out", [["file", "reason"], *rows], n_texts=2)


def checks_files(groups: Sequence[Group]) -> Files:
    """Yield every check with what it found."""
    records: Records = [["of", "check", "result", "found", "details"]]
    for group in groups:
        for result in group.results:
            finding = result.finding
            details = "; ".join(finding.details)
            records.append(
                [group.title, result.rule.name, finding.status.value, finding.found, details]
            )
    yield from table_files("checks", records, n_texts=5)
