import pytest

from experiments.results.errors import OutputError
from site_builder import sizes
from site_builder.output import write_site
from site_builder.sizes import Sizes, measure, refuse_too_large


def test_every_file_is_counted_and_the_largest_are_named(tmp_path):
    for name, n_bytes in {"a.html": 10, "data/b.js": 3000, "data/c.js": 30, "d.css": 20}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(bytes(n_bytes))
    found = measure(tmp_path)
    assert found == Sizes(4, 3060, (("data/b.js", 3000), ("data/c.js", 30), ("d.css", 20)))
    assert str(found).replace("\xa0", " ") == (
        "4 files, 3.06 kB; the largest: data/b.js 3.00 kB, data/c.js 30 B, d.css 20 B"
    )


@pytest.mark.parametrize(
    ("n_bytes", "largest", "fits"),
    [
        (1_000_000_000, 100_000_000, True),
        (1_000_000_001, 100_000_000, False),
        (200_000_000, 100_000_001, False),
    ],
)
def test_the_limits_are_those_of_github_pages(n_bytes, largest, fits):
    found = Sizes(20, n_bytes, (("assets/big.js", largest),))
    if fits:
        refuse_too_large(found)
    else:
        with pytest.raises(OutputError, match=r"too large for GitHub Pages.*assets/big\.js"):
            refuse_too_large(found)


def test_a_site_too_large_leaves_the_old_one(tmp_path, monkeypatch):
    site = tmp_path / "site"
    write_site(site, [("index.html", b"old")])
    monkeypatch.setattr(sizes, "MAX_FILE_BYTES", 99)
    with pytest.raises(OutputError, match="too large"):
        write_site(site, [("index.html", bytes(100))])
    assert (site / "index.html").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
