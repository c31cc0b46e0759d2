"""The table of all pages."""

from __future__ import annotations

from spotter.evaluation.report import markdown_table


def test_numbers_line_up_to_the_right() -> None:
    table = markdown_table(["a", "b"], [["x", "1"]])
    assert table == "| a | b |\n| --- | ---: |\n| x | 1 |\n"


def test_bars_inside_a_cell_do_not_end_it() -> None:
    assert markdown_table(["a"], [["x|y"]]).endswith("| x\\|y |\n")
