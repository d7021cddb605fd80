"""`python -m bakeoff` is the command `bakeoff`."""

import sys

from bakeoff.command import entry_point

sys.exit(entry_point())
