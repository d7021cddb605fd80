"""What rules say of how the runs learned, as a file."""

from site_builder.curves.diagnoses import diagnoses_of
from site_builder.exports.files import Files, Records, table_files
from site_builder.loading import Experiment
from site_builder.naming import RunName


def diagnoses_files(experiment: Experiment, names: dict[str, RunName]) -> Files:
    """Yield the diagnoses of all runs, best run first."""
    records: Records = [["run", "model", "variant", "diagnosis", "rests_on"]]
    shown = [["Run", "Diagnosis", "Rests on"]]
    for run in experiment.ranked:
        name = names[run.run_id]
        for found in diagnoses_of(experiment, run):
            records.append([run.run_id, name.model, name.variant, found.label, found.text])
            shown.append([name.full, found.label, found.text])
    yield from table_files("diagnoses", records, shown, n_texts=3)
