"""Produce results: from a configuration to records in the result store.

Importing this package, or `experiments.results`, does not import torch.
"""
