"""What formulas.html shows: each formula, and the same one with a run's own numbers in it."""
