"""Commands about stored results: `python -m experiments --help` lists them.

Each command is a module with `add_parser`, which names the function to call as `command`.
"""

import argparse
import sys

from rich.console import Console

from experiments import import_command
from experiments.results.errors import BakeoffError

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130


def main(words: list[str]) -> int:
    """Run a command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments",
        description="Commands about stored results; `bakeoff` trains and builds sites.",
        epilog="Exit codes: 0 done; 2 the input is wrong, nothing was changed; 130 interrupted.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    import_command.add_parser(commands)
    arguments = parser.parse_args(words)
    console = Console(stderr=True)
    try:
        arguments.command(arguments, console)
    except BakeoffError as error:
        problem = str(error)
    except ModuleNotFoundError as error:
        problem = f"this needs {error.name}, which is not installed: pip install '.[import]'"
    except OSError as error:
        problem = f"{error.filename or 'a file'}: {error.strerror}; name another file or folder"
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    else:
        return 0
    for line in problem.splitlines():
        console.print(f"error: {line}", markup=False, highlight=False, soft_wrap=True)
    return EXIT_BAD_INPUT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
