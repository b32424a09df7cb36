"""Charts, drawn by the server."""

import pytest

from sepahan_django.admin.kit.charts import Series, bar_chart

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("english")]


def chart(values, **changes):
    series = [Series(kind, kind, row) for kind, row in values.items()]
    count = len(series[0].values)
    options = {"labels": [str(i) for i in range(count)], "show": str, "right_to_left": False, **changes}
    return bar_chart("c", "Title", series, description="", **options)


def test_bars_are_as_high_as_their_values():
    drawn = chart({"sent": [5, 10, 0]})
    heights = [[float(part.height) for part in bar.segments] for bar in drawn.bars]
    assert heights[0][0] * 2 == heights[1][0]
    assert heights[2] == []


def test_parts_of_a_bar_stand_on_each_other():
    (bar,) = chart({"delivered": [3], "failed": [2]}).bars
    lower, upper = bar.segments
    assert float(upper.y) + float(upper.height) == pytest.approx(float(lower.y), abs=0.02)


def test_the_newest_day_is_where_reading_ends():
    left_to_right, right_to_left = chart({"a": [1, 2]}), chart({"a": [1, 2]}, right_to_left=True)
    assert float(left_to_right.bars[0].x) < float(left_to_right.bars[1].x)
    assert float(right_to_left.bars[0].x) > float(right_to_left.bars[1].x)


def test_a_chart_of_nothing_has_no_bars():
    drawn = chart({"sent": [0, 0]})
    assert ([bar.segments for bar in drawn.bars], drawn.levels) == ([[], []], [])
