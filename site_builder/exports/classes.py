"""The tables of the pages of the classes as files."""

from experiments.results.schema import Split
from site_builder.exports.files import Files, Records, Value, table_files, with_detail
from site_builder.pages.classes.index import ClassesContext, most_taken
from site_builder.pages.classes.material import Material, Named
from site_builder.pages.classes.runs import RunsTable
from site_builder.pages.run.classes import most_taken_for

_HEADER: list[Value] = [
    "run", "model", "variant", "recall", "recall_low", "recall_high", "precision", "f1", "n_right",
    "n_images", "taken_for", "n_taken_for",
]  # fmt: skip


def class_files(material: Material, shown: RunsTable, target: int) -> Files:
    """Yield the runs on one class: all of them in CSV, those of the page in LaTeX.

    Args:
        material: What the page is made from.
        shown: What it shows of the runs.
        target: The class.
    """
    records: Records = [_HEADER, *(_record(material, each, target) for each in material.runs)]
    heading = ["Run", "Recall, %", "Precision, %", "F1, %", "Right"]
    texts = [
        [row.name.full,
         *(with_detail(cell.value.text, cell.value.interval) for cell in row.scores),
         row.right.value.text]
        for row in shown.rows
    ]  # fmt: skip
    yield from table_files(f"classes/{target}", records, [heading, *texts])


def _record(material: Material, of: Named, target: int) -> list[Value]:
    run, names = of.run, material.experiment.record.class_names
    recall, most = run.scores.recall_of(target), most_taken_for(run, target)
    return [
        run.run_id, of.name.model, of.name.variant,
        recall.value, *(recall.interval or (None, None)),
        run.scores.precision_of(target).value, run.scores.f1_of(target).value,
        int(run.counts.hits[target]), int(run.counts.support[target]),
        *((names[most[0]], most[1]) if most else (None, None)),
    ]  # fmt: skip


def all_classes_files(material: Material, shown: ClassesContext) -> Files:
    """Yield the table of all classes.

    Args:
        material: What the page is made from.
        shown: What it shows.
    """
    records: Records = [[
        "class", "superclass", "n_images", "mean_recall", "lowest_recall", "highest_recall",
        "n_never_right", "taken_for", "share_taken_for",
    ]]  # fmt: skip
    records += [_class_record(material, row.target) for row in shown.classes]
    heading = ["Class", "Images", "Mean recall, %", "Lowest, %", "Highest, %", "Never right"]
    texts = [
        [row.name, row.images.value.text, *(cell.value.text for cell in row.recalls),
         row.never.value.text]
        for row in shown.classes
    ]  # fmt: skip
    yield from table_files("classes", records, [heading, *texts])


def _class_record(material: Material, target: int) -> list[Value]:
    record, saw = material.experiment.record, material.saw(target)
    recalls = material.recalls[saw, target].tolist()
    most = most_taken(material, target)
    return [
        record.class_names[target], record.superclasses[target] if record.superclasses else None,
        record.splits[Split.TEST].class_counts[target],
        *((float(material.mean_recall[target]), recalls[0], recalls[-1])
          if recalls else (None, None, None)),
        int(material.n_all_wrong[target]) if material.images.answers else None,
        *((record.class_names[most[0]], most[2]) if most else (None, None)),
    ]  # fmt: skip
