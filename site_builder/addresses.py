"""Addresses of what a sentence or a table leads to, from the site's root.

`static/js/matrix-words.js` writes that of a cell's images in the same way.
"""

COMPARE = "compare.html"
ERRORS = "errors.html"


def matrix(run_id: str) -> str:
    """Return where a run's confusion matrix is, beside the tables of all runs."""
    return f"{COMPARE}#run={run_id}"


def run_page(run_id: str) -> str:
    """Return the page of a run."""
    return f"runs/{run_id}.html"


def images_of_class(target: int) -> str:
    """Return where the images of a class are, by its index."""
    return f"{ERRORS}#view=class&target={target}"


def images_of_cell(run_id: str, target: int, prediction: int) -> str:
    """Return where the images of one class are that a run took for another, by their indices."""
    return f"{ERRORS}#view=cell&run={run_id}&target={target}&prediction={prediction}"
