"""Addresses of what a sentence or a table leads to, from the site's root.

`static/js/matrix-words.js` writes that of a cell's images in the same way, and
`static/js/runs-comparison.js` that of two runs.
"""

ARCHITECTURES = "architectures.html"
CHECKS = "checks.html"
CLASSES = "classes/index.html"
COMPARE = "compare.html"
CONFIGURATION = "configuration.html"
CURVES = "curves.html"
ERRORS = "errors.html"
FEATURE_MAPS = "feature-maps.html"
FORMULAS = "formulas.html"
INDEX = "index.html"
NOT_FOUND = "404.html"
PIPELINE = "pipeline/index.html"
RANKING = f"{INDEX}#ranking"


def matrix(run_id: str) -> str:
    """Return where a run's confusion matrix is, beside the tables of all runs."""
    return f"{COMPARE}#run={run_id}"


def run_page(run_id: str) -> str:
    """Return the page of a run."""
    return f"runs/{run_id}.html"


def class_page(target: int) -> str:
    """Return the page of a class, by its index: a name may be no name of a file."""
    return f"classes/{target}.html"


def images_of_class(target: int, run_id: str = "") -> str:
    """Return where the images of a class are, by its index; as a run sees them, if one is given."""
    run = f"&run={run_id}" if run_id else ""
    return f"{ERRORS}#view=class{run}&target={target}"


def image(target: int, rank: int) -> str:
    """Return where a test image is, by its class and its place there."""
    return f"{images_of_class(target)}&image={target}.{rank}"


def mistakes_of_class(run_id: str, target: int) -> str:
    """Return where the images of a class are that a run gets wrong."""
    return f"{ERRORS}#view=confident&run={run_id}&target={target}"


def all_wrong_of_class(target: int) -> str:
    """Return where the images of a class are that all runs get wrong."""
    return f"{ERRORS}#view=all-wrong&target={target}"


def disagreements_of_class(target: int) -> str:
    """Return where the images of a class are that runs give different classes."""
    return f"{ERRORS}#view=disagree&target={target}"


def images_of_cell(run_id: str, target: int, prediction: int) -> str:
    """Return where the images of one class are that a run took for another, by their indices."""
    return f"{ERRORS}#view=cell&run={run_id}&target={target}&prediction={prediction}"


def images_of_pair(right_id: str, wrong_id: str) -> str:
    """Return where the images are that one run gets right and another wrong."""
    return f"{ERRORS}#view=pair&run={right_id}&other={wrong_id}"


def feature_maps(run_id: str, layer: str) -> str:
    """Return where a run's feature maps of a layer are, by its place in the backbone."""
    return f"{FEATURE_MAPS}#run={run_id}&layer={layer}"
