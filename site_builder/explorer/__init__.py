"""What the page of errors shows: which images each run gets wrong, and how alike the runs are."""
