"""Turn a stored experiment into a static site.

Reads the result store and nothing else of the experiments; importing it never imports torch.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
# The wheel has them inside the package, a checkout beside it.
SOURCE = _PACKAGE if (_PACKAGE / "templates").is_dir() else _PACKAGE.parent
"""The folder that holds `templates/` and `static/`."""
