"""Turn a stored experiment into a static site.

Reads the result store and nothing else of the experiments; importing it never imports torch.
"""

from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
"""The folder that holds `templates/` and `static/`, beside this package."""
