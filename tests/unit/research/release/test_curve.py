import pytest

from research.release.curve import CurvePoint, curve_section, forecast, learning_curve


def session(minutes: float, score: float, **others: object) -> dict:
    return {"minutes": minutes, "score": score, "shipped": True, **others}


def test_hours_add_up_and_tuned_scores_count_if_all_have_them() -> None:
    sessions = [session(90, 0.5, tuned_score=0.6), session(30, 0.55)]
    assert learning_curve(sessions) == [CurvePoint(1.5, 0.5, True), CurvePoint(2.0, 0.55, True)]
    sessions[1]["tuned_score"] = 0.7
    assert [p.score for p in learning_curve(sessions)] == [0.6, 0.7]


def test_sessions_validated_by_another_metric_give_hours_only() -> None:
    sessions = [
        session(60, 0.9),
        session(60, 0.5, metric="exact"),
        session(30, 0.6, metric="exact"),
    ]
    assert learning_curve(sessions) == [CurvePoint(2.0, 0.5, True), CurvePoint(2.5, 0.6, True)]


def test_a_power_law_is_continued() -> None:
    points = [CurvePoint(h, 1 - 0.5 * h**-0.5, True) for h in (1.0, 2.0, 4.0)]
    assert forecast(points, 12.0) == pytest.approx(1 - 0.5 * 16**-0.5)


def test_no_forecast_from_one_point_or_from_scores_that_fall() -> None:
    assert forecast([CurvePoint(1.0, 0.5, True)], 10.0) is None
    assert forecast([CurvePoint(1.0, 0.5, True), CurvePoint(2.0, 0.4, False)], 10.0) is None
    assert "no forecast" in curve_section([session(60, 0.5)], "hmean")
    assert curve_section([], "hmean") == ""


def test_the_section() -> None:
    text = curve_section([session(60, 0.5), session(60, 0.6, shipped=False)], "hmean")
    assert "| 2.0 | 0.600 | no |" in text
    # Errors fall to four fifths when the hours double: 0.4 * 6**log2(0.8).
    assert "between these 2 points, 10 more hours on such a machine give about 0.78." in text
