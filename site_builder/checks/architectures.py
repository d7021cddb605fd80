"""Checks of what networks are made of: their layers add up to what the table of costs shows."""

from site_builder.architectures.networks import NOT_RECORDED
from site_builder.checks.base import CannotCheckError, RunCheck
from site_builder.formatting import count
from site_builder.loading import Experiment, Run


class ArchitectureTotals(RunCheck):
    """The layers of a network have its parameters and operations."""

    name = "Architecture totals"
    meaning = (
        "The parameters of all layers that are drawn add up to the model’s own, and so do their "
        "FLOPs: what the table of resources shows is what the drawing is made of."
    )
    holds = "the layers add up to the parameters and FLOPs of the model"

    def problem(self, experiment: Experiment, run: Run) -> str:
        """Add up the layers."""
        made_of = experiment.architectures.of(run.run_id)
        if made_of is None:
            raise CannotCheckError(NOT_RECORDED)
        if run.cost is None:
            raise CannotCheckError(run.record.absent["cost"])
        for field, noun in (("n_parameters", "parameters"), ("flops", "FLOPs")):
            of_model = getattr(run.cost, field)
            if of_model is None:
                raise CannotCheckError(f"{field}: {run.cost.absent[field]}")
            if (of_layers := getattr(made_of, field)) != of_model:
                return f"the layers have {count(of_layers)} {noun}, the model {count(of_model)}"
        return ""
