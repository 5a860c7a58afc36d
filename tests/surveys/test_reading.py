"""Headers of delimited files, in the forms that releases have them."""

from __future__ import annotations

import pytest

from lcscale.surveys.reading import header_of, suffix


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n", (["a", "b"], 1)),
        ("# made by hand\n# twice\na,b\n1,2\n", (["a", "b"], 3)),
        ("#Name, Date\nx,2020\n1,2\n", (["Name", "Date"], 1)),
        ('a ,"b, c", d\r\n1,2,3\r\n', (["a", "b, c", "d"], 1)),
        ("# a, b\nx,y\n1,2\n", (["x", "y"], 2)),
        ("a\n1\n", (["a"], 1)),
    ],
)
def test_header(tmp_path, text, expected):
    (tmp_path / "t.csv").write_text(text)
    assert header_of(str(tmp_path / "t.csv"), ",") == expected


def test_suffix_without_that_of_the_compression():
    assert suffix("/x/A.CSV.GZ") == ".csv"
    assert suffix("a.parquet") == ".parquet"
    assert suffix("a.gz") == ""
