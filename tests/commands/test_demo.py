"""The demos end with one screen: tables that matter, questions with answers, what to do next."""

import pytest

from amazon_selling_partner.commands import demo


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["seller", "vendor"])
def test_a_demo_ends_with_a_screen(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = demo.SELLER if kind == "seller" else demo.VENDOR
    settings = {"include_pii": True} if kind == "vendor" else {}
    # of options that are given twice the last one counts
    options = (*shown.options, "--orders-per-day", "10", "--days", "40", "--products", "12")
    assert demo.run_demo(shown._replace(options=options), **settings) == 0
    lines = capsys.readouterr().out.splitlines()
    assert 24 <= len(lines) <= 40 and max(map(len, lines)) <= 120
    tables = {line.split()[0] for line in lines if line.startswith("  ")}
    assert set(shown.tables) <= tables
    for question in shown.questions:
        # a heading and at least one row
        answer = lines[lines.index(question) + 1 : lines.index(question) + 3]
        assert all(line.startswith("  ") for line in answer), question
    assert lines[-1].startswith("  your account")
