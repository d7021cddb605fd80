"""The pages of the pipeline: how an image becomes a class, shown on this experiment."""
