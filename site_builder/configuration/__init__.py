"""What the runs of an experiment were asked to do, what they share and where they differ."""
