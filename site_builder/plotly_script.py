"""Plotly's own script, as the policy of the pages lets it run."""

import re

from plotly.offline import get_plotlyjs

# Unless an element of this id is there, the script adds one: a <style> with the rules of Plotly's
# maps. No chart here is a map, and a browser would refuse it and complain.
_MAP_STYLE = re.compile(r'document\.getElementById\("[0-9a-f]{64}"\)')


def plotly_script() -> bytes:
    """Return the script of the installed Plotly without the styles of its maps."""
    return _MAP_STYLE.sub("true", get_plotlyjs()).encode()
