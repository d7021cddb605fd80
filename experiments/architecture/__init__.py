"""The model as stages and layers, with shapes, costs and connections."""

from experiments.architecture.describe import describe_architecture

__all__ = ["describe_architecture"]
