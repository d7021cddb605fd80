"""The workflow that comes of following docs/publishing.md is one that GitHub would run."""

import shlex
from pathlib import Path

import yaml

from bakeoff.arguments import parse_arguments

ROOT = Path(__file__).parents[1]


def test_stored_results_are_published_by_the_steps_of_the_guide() -> None:
    guide = (ROOT / "docs" / "publishing.md").read_text(encoding="utf-8")
    before, _, after = guide.partition("```yaml\n")
    # What the guide says to replace, and what with.
    assert before.rstrip().endswith("from `make site` up to\n`actions/upload-artifact`:")
    steps = after.partition("```")[0]
    workflow = (ROOT / ".github" / "workflows" / "pages.yml").read_text(encoding="utf-8")
    first = workflow.index("      - run: make site\n")
    last = workflow.index("      - uses: actions/upload-artifact@")
    made = yaml.safe_load(workflow[:first] + steps + workflow[last:])["jobs"]["build"]["steps"]
    assert all(("run" in step) != ("uses" in step) for step in made)
    assert len([step for step in made if "run" in step]) == 2
    (build,) = (step for step in made if step.get("run", "").startswith("bakeoff "))
    words = shlex.split(build["run"])
    arguments = parse_arguments(words[1 : words.index(">>")])
    assert str(arguments.results) == "results"
    # The address is that of a step before it, and the site lies where the next ones look.
    assert build["env"] == {"BASE_URL": "${{ steps.pages.outputs.base_url }}"}
    assert arguments.base_url == "$BASE_URL"
    assert "pages" in [step.get("id") for step in made[: made.index(build)]]
    assert [step["with"]["path"] for step in made[made.index(build) + 1 :]] == ["site", "site"]
    assert str(arguments.output) == "site"
