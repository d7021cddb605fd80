"""The options of the command."""

import argparse
from pathlib import Path

from experiments.config import shipped_experiments
from site_builder.publish import BRANCH, DEFAULT_REMOTE

DEFAULT_EXPERIMENT = "digits"
DEFAULT_PORT = 8000
_OF_RUNS = ("models", "runs", "force", "data_dir", "weights_dir", "ray_address", "no_site")
_OF_SITE = ("serve", "export", "publish", "summary", "compare_with")


def parse_arguments(words: list[str]) -> argparse.Namespace:
    """Parse the command line; exits with code 2 where it makes no sense."""
    parser = argparse.ArgumentParser(
        description=(
            "Build the static site of an experiment from its stored results. With "
            "--run-experiments, train and evaluate first whatever the store does not hold yet."
        ),
        epilog=(
            "Exit codes: 0 done; 1 a run failed (the site says why); 2 the input is wrong, nothing "
            "was changed; 3 stored numbers that must agree do not, the site is as it was; 130 "
            "interrupted, the same command goes on where it stopped."
        ),
    )
    what = parser.add_argument_group("what")
    what.add_argument(
        "--experiment",
        metavar="NAME_OR_TOML",
        help=(
            f"a shipped experiment ({', '.join(shipped_experiments())}), a stored one, or the path "
            "of a TOML file (default: every stored one, behind a page that lists them; what is run "
            f"is {DEFAULT_EXPERIMENT})"
        ),
    )
    what.add_argument(
        "--run-experiments",
        action="store_true",
        help="run what is missing in the store before building; needs the extra 'train'",
    )
    what.add_argument(
        "--models",
        nargs="+",
        metavar="MODEL",
        help="run only these models of the experiment",
    )
    what.add_argument(
        "--runs",
        nargs="+",
        metavar="RUN",
        help="run only these of the experiment, by their ids: resnet18-none, resnet18-none-seed1",
    )
    what.add_argument(
        "--force",
        action="store_true",
        help="run again what is stored already, replacing it",
    )
    where = parser.add_argument_group("where")
    where.add_argument(
        "--results",
        type=Path,
        default=Path("results"),
        metavar="DIR",
        help="the result store (default: results)",
    )
    where.add_argument(
        "--output",
        type=Path,
        default=Path("site"),
        metavar="DIR",
        help="where the site goes; an older site there is replaced (default: site)",
    )
    where.add_argument(
        "--export",
        type=Path,
        metavar="DIR",
        help="also write every table to this folder, as CSV and LaTeX",
    )
    where.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="where the dataset lies, instead of what the experiment says",
    )
    where.add_argument(
        "--weights-dir",
        type=Path,
        metavar="DIR",
        help="where <model>.safetensors files lie, instead of what the experiment says",
    )
    how = parser.add_argument_group("how")
    how.add_argument(
        "--device",
        choices=["auto", "cpu", "cuda"],
        default="auto",
        help="where models run; auto takes a GPU if there is one (default: auto)",
    )
    how.add_argument(
        "--launcher",
        choices=["local", "ray"],
        default="local",
        help=(
            "what does the runs: local, a process for each, one on each GPU at once; ray, tasks of "
            "a Ray on this machine or a cluster, which needs the extra 'ray' (default: local)"
        ),
    )
    how.add_argument(
        "--ray-address",
        metavar="ADDRESS",
        help="a Ray cluster, such as auto or ray://head:10001 (default: RAY_ADDRESS, or a new Ray)",
    )
    how.add_argument(
        "--no-site",
        action="store_true",
        help="run only; a later call builds the site, as one job of many has no need to",
    )
    how.add_argument(
        "--serve",
        nargs="?",
        type=int,
        const=DEFAULT_PORT,
        metavar="PORT",
        help=(
            "serve the site on this machine after building it, build it again when results, "
            f"templates or static files change, and reload its pages (default port: {DEFAULT_PORT})"
        ),
    )
    how.add_argument(
        "--compare-with",
        type=Path,
        metavar="OLD_RESULTS",
        help=(
            "mark what changed since the results in this folder: new, better, worse, not "
            "separated, same"
        ),
    )
    how.add_argument(
        "--summary",
        action="store_true",
        help="print the tables as Markdown on standard output, for a job summary or a comment",
    )
    how.add_argument(
        "--base-url",
        default="",
        metavar="URL",
        help="address where the site will be: adds canonical addresses and a sitemap",
    )
    how.add_argument(
        "--publish",
        nargs="?",
        const=DEFAULT_REMOTE,
        metavar="REMOTE",
        help=(
            f"push the site to the branch {BRANCH} of this remote of the git repository around the "
            f"current folder, whose files and branches stay as they are (default: {DEFAULT_REMOTE})"
        ),
    )
    how.add_argument(
        "--strict",
        action="store_true",
        help="refuse to build a site that lacks a planned run",
    )
    how.add_argument(
        "--allow-inconsistent",
        action="store_true",
        help="build the site although numbers that must agree do not, and say so on every page",
    )
    arguments = parser.parse_args(words)
    if not arguments.run_experiments:
        for option in _OF_RUNS:
            if getattr(arguments, option):
                parser.error(f"--{option.replace('_', '-')} needs --run-experiments")
    if arguments.ray_address and arguments.launcher != "ray":
        parser.error("--ray-address needs --launcher ray")
    if arguments.no_site:
        for option in _OF_SITE:
            if getattr(arguments, option) not in (None, False):
                parser.error(
                    f"--{option.replace('_', '-')} needs the site that --no-site leaves out"
                )
    return arguments
