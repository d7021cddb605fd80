"""The command `bakeoff`, from a checkout.

python build.py                                  build the site of what is stored in results/
python build.py --run-experiments                run what is missing of digits, then build
python build.py --experiment oxford-pets --run-experiments --serve
"""

import sys

from bakeoff.command import entry_point

if __name__ == "__main__":
    sys.exit(entry_point())
