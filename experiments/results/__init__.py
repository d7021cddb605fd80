"""The contract between experiments and the site: records, the store, and metrics on predictions.

This is the only package that both sides import, and it never imports torch.
"""
