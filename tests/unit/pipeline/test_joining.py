"""Ink, ends of words, and what is one word, on pictures drawn by hand."""

from __future__ import annotations

import cv2
import numpy as np

from spotter.decoding.ctc import Decoded
from spotter.pipeline.crop_batching import WordReading
from spotter.pipeline.ink import line_ink, tighten
from spotter.pipeline.join_choice import accepted_joins, joins_read_well, spell, with_joins
from spotter.pipeline.joining import JoinedWord, propose_joins
from spotter.pipeline.word_ends import extend_to_marks
from spotter.structures import TextInstance


def paper(width: int = 400, height: int = 200) -> np.ndarray:
    return np.full((height, width, 3), 230, np.uint8)


def stroke(image: np.ndarray, x: int, y: int, width: int, height: int) -> None:
    """A letter: a frame of ink."""
    cv2.rectangle(image, (x, y), (x + width - 1, y + height - 1), (20, 20, 20), 2)


def box(x: float, y: float, w: float, h: float) -> TextInstance:
    corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], np.float32)
    return TextInstance(corners, detection_score=0.9)


def test_ink_and_tightening() -> None:
    image = paper()
    for x in (40, 100, 160):
        stroke(image, x, 50, 20, 24)
    ink = line_ink(image, box(34, 46, 152, 32).polygon)
    assert ink is not None
    # 24 columns for 32 pixels of height.
    spans = [(round(a / 0.75) + 34, round(b / 0.75) + 34) for a, b in ink.runs()]
    np.testing.assert_allclose(spans, [(40, 60), (100, 120), (160, 180)], atol=2)
    assert line_ink(image, box(200, 100, 100, 30).polygon) is None
    crop = np.ascontiguousarray(image[46:78, 34:186])
    tight = tighten(crop)
    # Two spaces of 40 pixels become about five each.
    assert abs(tight.shape[1] - (152 - 2 * 35)) <= 4
    assert tighten(crop[:, :20]).shape == (32, 20, 3)


def letters(image: np.ndarray, x: int, y: int, step: int, count: int) -> list[TextInstance]:
    words = []
    for index in range(count):
        stroke(image, x + step * index, y, 20, 24)
        words.append(box(x + step * index - 4, y - 4, 28, 32))
    return words


def test_letterspaced_capitals_are_one_word() -> None:
    image = paper()
    words = letters(image, 30, 40, 40, 4) + letters(image, 240, 40, 40, 3)
    joined = propose_joins(image, words)
    assert [(each.members, each.spaced) for each in joined] == [
        ([0, 1, 2, 3], True),
        ([4, 5, 6], True),
    ]
    np.testing.assert_allclose(joined[0].word.polygon[[0, 2], 0], [27, 173], atol=5)


def test_vertical_capitals_are_one_word_and_columns_of_a_table_are_not() -> None:
    image = paper(400, 300)
    column = [box(100, 20 + 45 * i, 28, 32) for i in range(5)]
    [joined] = propose_joins(image, column)
    assert (joined.members, joined.vertical) == ([0, 1, 2, 3, 4], True)
    np.testing.assert_allclose(np.ptp(joined.word.polygon, axis=0), (28, 212))
    table = column + [box(200, 20 + 45 * i, 28, 32) for i in range(5)]
    assert propose_joins(image, table) == []


def test_pieces_without_a_space_between_them_are_one_word() -> None:
    image = paper()
    for x in (40, 64, 88, 112, 136, 160):
        stroke(image, x, 50, 20, 24)
    # The cut between the third and the fourth letter leaves no more than between any two.
    near = [box(36, 46, 74, 32), box(110, 46, 74, 32)]
    [joined] = propose_joins(image, near)
    assert joined.members == [0, 1]
    assert (joined.spaced, joined.vertical) == (False, False)
    np.testing.assert_allclose(joined.word.polygon[[0, 2]], [(36, 46), (184, 78)], atol=0.1)
    # A space of half of the height parts words, however near their boxes come.
    spaced = paper()
    for x in (40, 64, 88, 124, 148, 172):
        stroke(spaced, x, 50, 20, 24)
    assert propose_joins(spaced, [box(36, 46, 78, 32), box(118, 46, 78, 32)]) == []


def test_letterspaced_pieces_of_several_letters_are_one_word() -> None:
    image = paper()
    for x in range(30, 310, 40):
        stroke(image, x, 40, 20, 24)
    # The second box begins within the last letter of the first.
    [joined] = propose_joins(image, [box(26, 36, 112, 32), box(120, 36, 156, 32)])
    assert (joined.members, joined.spaced, joined.shared) == ([0, 1], True, 1)


def test_boxes_that_share_a_character_are_one_word_unless_the_ink_has_a_space() -> None:
    image = paper()
    for x in (40, 64, 88, 112, 136, 160):
        stroke(image, x, 50, 20, 24)
    overlapping = [box(36, 46, 98, 32), box(110, 46, 74, 32)]
    [joined] = propose_joins(image, overlapping)
    assert (joined.members, joined.shared) == ([0, 1], 1)
    spaced = paper()
    for x in (40, 64, 100, 136, 160):
        stroke(spaced, x, 50, 20, 24)
    assert propose_joins(spaced, [box(36, 46, 88, 32), box(96, 46, 88, 32)]) == []


def test_a_mark_that_no_piece_holds_does_not_part_them() -> None:
    image = paper()
    for x in (40, 64, 98, 122):
        stroke(image, x, 50, 20, 24)
    cv2.rectangle(image, (88, 67), (94, 73), (20, 20, 20), -1)
    pieces = [box(36, 46, 50, 32), box(95, 46, 51, 32)]
    assert [each.members for each in propose_joins(image, pieces)] == [[0, 1]]
    image[60:, 86:97] = 230
    assert propose_joins(image, pieces) == []


def test_outlines_reach_to_a_mark_and_not_to_a_word() -> None:
    image = paper()
    for x in (60, 84, 108):
        stroke(image, x, 50, 20, 24)
    cv2.rectangle(image, (132, 70), (134, 73), (20, 20, 20), -1)
    cv2.rectangle(image, (48, 61), (55, 63), (20, 20, 20), -1)
    [word] = extend_to_marks(image, [box(58, 46, 72, 32)])
    left, right = word.polygon[:, 0].min(), word.polygon[:, 0].max()
    assert 43 <= left <= 48
    assert 135 <= right <= 140
    # What is another word's is not taken.
    neighbour = box(131, 46, 60, 32)
    kept = extend_to_marks(image, [box(58, 46, 72, 32), neighbour])
    assert kept[0].polygon[:, 0].max() == 130
    assert kept[0].polygon[:, 0].min() < 48
    # Nothing there, nothing moved; and ink that goes on is no mark.
    cv2.rectangle(image, (132, 50), (300, 73), (20, 20, 20), -1)
    assert extend_to_marks(image, [box(58, 46, 72, 32)])[0].polygon[:, 0].max() == 130


def test_a_whole_counts_where_it_reads_as_well() -> None:
    pieces = [Decoded("info@", [], 0.8), Decoded("example", [], 0.9)]
    assert joins_read_well(Decoded("info@example", [], 0.75), pieces)
    # It agrees with its pieces, and is less sure.
    assert joins_read_well(Decoded("info@.example", [], 0.3), pieces)
    assert not joins_read_well(Decoded("into@exampel", [], 0.6), pieces)
    assert not joins_read_well(Decoded("example", [], 1.0), pieces)
    assert not joins_read_well(Decoded("", [], 0.0), pieces)
    # A character that stands in both counts once.
    pieces = [Decoded("info@ex.", [], 0.8), Decoded(".org", [], 0.9)]
    assert joins_read_well(Decoded("info@ex.org", [], 0.75), pieces, shared=1)
    assert not joins_read_well(Decoded("info@ex.org", [], 0.75), pieces)
    assert not joins_read_well(Decoded("info@exorg", [], 0.75), pieces, shared=1)
    # What is hardly read is no better than a piece that is read well beside one that is not.
    pieces = [Decoded("VEX4", [], 0.08), Decoded("MATCH", [], 0.96)]
    assert not joins_read_well(Decoded("MEX&MATCH", [], 0.08), pieces)
    assert joins_read_well(Decoded("MIX&MATCH", [], 0.3), pieces)


def resolve_joins(
    words: list[TextInstance],
    readings: list[WordReading],
    joined: list[JoinedWord],
    whole: list[WordReading],
) -> tuple[list[TextInstance], list[WordReading]]:
    pairs = list(zip(joined, whole, strict=True))
    return with_joins(words, readings, accepted_joins(words, readings, pairs))


def test_wholes_take_the_place_of_their_pieces() -> None:
    words = [box(0, 0, 50, 20), box(50, 0, 50, 20), box(200, 0, 50, 20)]
    read = [WordReading(text, [], 0.8) for text in ("ab", "cd", "ef")]
    joined = [JoinedWord([0, 1], box(0, 0, 100, 20))]
    kept, readings = resolve_joins(words, read, joined, [WordReading("ab.cd", [], 0.5)])
    assert [reading.text for reading in readings] == ["ab.cd", "ef"]
    assert kept[0] is joined[0].word
    # As sure as both pieces, which it agrees with.
    assert readings[0].score == np.float64(0.8 * 0.8)
    # Another reading, less sure; and letters alone, which may be two words.
    for text in ("x.xxx", "abcd"):
        kept, readings = resolve_joins(words, read, joined, [WordReading(text, [], 0.5)])
        assert [reading.text for reading in readings] == ["ab", "cd", "ef"]
    assert spell([Decoded(c, [], 0.5) for c in "HOT"]).text == "HOT"  # type: ignore[union-attr]
    assert spell(read) is None


def test_letters_alone_are_one_word_where_the_pieces_are_as_near_as_their_letters() -> None:
    words = [box(0, 0, 50, 20), box(50, 0, 50, 20)]
    read = [WordReading(text, [], 0.8) for text in ("BR", "EVARD")]
    whole = box(0, 0, 100, 20)
    parts = [WordReading("BR", [], 0.9), WordReading("EVARD", [], 0.9)]

    def joins(join: JoinedWord, text: str = "BREVARD", score: float = 0.9, **more: list) -> bool:
        kept, _ = resolve_joins(words, read, [join], [WordReading(text, [], score, **more)])
        return kept == [whole]

    even = JoinedWord([0, 1], whole, even=True)
    shared, touching = (JoinedWord([0, 1], whole, overlaps=(much,)) for much in (0.3, 0.1))
    assert joins(even)
    assert joins(shared)
    assert joins(touching)
    assert not joins(JoinedWord([0, 1], whole, overlaps=(0.0,)))
    assert not joins(even, score=0.45)
    assert not joins(even, text="BRVARD")
    # The recognizer sees a space.
    assert not joins(even, parts=parts)


def test_letters_that_stand_in_both_pieces_count_once() -> None:
    words, whole = [box(0, 0, 50, 20), box(40, 0, 50, 20)], box(0, 0, 90, 20)

    def joins(pieces: tuple[str, str], text: str, overlap: float) -> bool:
        read = [WordReading(piece, [], 0.8) for piece in pieces]
        join = JoinedWord([0, 1], whole, overlaps=(overlap,))
        return resolve_joins(words, read, [join], [WordReading(text, [], 0.9)])[0] == [whole]

    assert joins(("EMPL", "LOYMENT"), "EMPLOYMENT", 0.1)
    assert joins(("COLLE", "LECTION"), "COLLECTION", 0.5)
    assert joins(("Colle", "lection"), "COLLECTION", 0.5)
    # Where the boxes hold one letter at most, two are missing in the whole.
    assert not joins(("COLLE", "LECTION"), "COLLECTION", 0.1)
    assert not joins(("EMPL", "ROYMENT"), "EMPLOYMENT", 0.1)
    assert joins(("EMPL", "ROYMENT"), "EMPLOYMENT", 0.3)


def test_what_is_between_the_spaces_is_joined() -> None:
    words = [box(0, 0, 90, 20), box(100, 0, 60, 20), box(155, 0, 20, 20)]
    read = [WordReading(text, [], 0.9) for text in ("ATHER", "HOUS", "E")]
    join = JoinedWord([0, 1, 2], box(0, 0, 175, 20), overlaps=(-0.5, 0.25))

    def parts(*texts: str, score: float = 0.95) -> list[str]:
        found = [
            WordReading(text, [], score, outline=box(50 * i, 0, 40, 20).polygon)
            for i, text in enumerate(texts)
        ]
        whole = WordReading("".join(texts), [], score, parts=found)
        kept, readings = resolve_joins(words, read, [join], [whole])
        assert len(kept) == len(readings)
        return [reading.text for reading in readings]

    assert parts("ATHER", "HOUSE") == ["HOUSE", "ATHER"]
    assert parts("ATHER", "HOUSE", score=0.45) == ["ATHER", "HOUS", "E"]
    # Spaces within pieces, or more of them than there are seams.
    assert parts("ATH", "ERHOUSE") == ["ATHER", "HOUS", "E"]
    assert parts("ATHER", "HO", "U", "SE") == ["ATHER", "HOUS", "E"]


def test_evenly_spaced_pieces_are_proposed() -> None:
    image = paper()
    for x in range(40, 196, 26):
        stroke(image, x, 50, 20, 24)
    # Six pixels between all letters, which is more than parts words that are set closely.
    pieces = [box(38, 46, 50, 32), box(90, 46, 102, 32)]
    [joined] = propose_joins(image, pieces)
    assert (joined.members, joined.even, joined.spaced) == ([0, 1], True, False)
    parted = paper()
    for x in (40, 66, 98, 124, 150, 176):
        stroke(parted, x, 50, 20, 24)
    assert propose_joins(parted, [box(38, 46, 50, 32), box(96, 46, 102, 32)]) == []


def test_a_column_that_the_detector_has_cut_is_one_word() -> None:
    image = paper(400, 300)
    tall, last = box(100, 20, 28, 167), box(100, 200, 28, 32)
    [joined] = propose_joins(image, [last, tall])
    assert (joined.members, joined.vertical) == ([1, 0], True)
    np.testing.assert_allclose(np.ptp(joined.word.polygon, axis=0), (28, 212))
    # A character of another size, beside the column or far below it is none of its.
    for other in (box(90, 200, 80, 90), box(130, 200, 28, 32), box(100, 260, 28, 32)):
        assert propose_joins(image, [tall, other]) == []
