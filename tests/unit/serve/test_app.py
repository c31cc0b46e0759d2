"""The HTTP service: answers, formats, limits, errors, counts."""

from __future__ import annotations

import io
import json
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from spotter.pipeline.spotter import SceneTextSpotter
from spotter.pipeline.word_recognizer import WordRecognizer
from tests.unit.pipeline.networks import photo, written
from tests.unit.serve.conftest import encoded

for name in ("fastapi", "httpx", "prometheus_client", "python_multipart"):
    pytest.importorskip(name)

TWO_WORDS = encoded(photo(320, 200, [(40, 30, 90, 24), (40, 110, 70, 24)]))
ONE_WORD = encoded(photo(200, 100, [(40, 30, 90, 24)], seed=1))


def send(*files: tuple[str, bytes]) -> list[tuple[str, tuple[str, bytes]]]:
    return [("files", file) for file in files]


def test_words_are_those_of_the_spotter(client: Any, networks: dict[str, Any]) -> None:
    answer = client.post("/v1/spot", files=send(("two.png", TWO_WORDS), ("one.png", ONE_WORD)))
    assert answer.status_code == 200
    expected = SceneTextSpotter(**networks).spot([TWO_WORDS, ONE_WORD])
    results = answer.json()["results"]
    for name, result, direct in zip(("two.png", "one.png"), results, expected, strict=True):
        assert result.pop("paragraphs")
        assert result.pop("text") == direct.text
        assert result == {**direct.to_dict(), "image": name}
    assert [len(result["instances"]) for result in results] == [2, 1]
    assert (results[0]["width"], results[0]["height"]) == (320, 200)
    assert "page" not in results[0]


def test_paragraphs_and_text_name_the_words(client: Any) -> None:
    (result,) = client.post("/v1/spot", files=send(("a.png", TWO_WORDS))).json()["results"]
    places = [index for lines in result["paragraphs"] for line in lines for index in line]
    assert sorted(places) == [0, 1]
    texts = [word["text"] for word in result["instances"]]
    assert result["text"].split() == [texts[index] for index in places]


def test_answers_have_the_type_that_the_document_tells(client: Any) -> None:
    from spotter.serve.schemas import Health, ReadAnswer, SpotAnswer

    SpotAnswer.model_validate(client.post("/v1/spot", files=send(("a.png", TWO_WORDS))).json())
    ReadAnswer.model_validate(client.post("/v1/read", files=send(("a.png", ONE_WORD))).json())
    Health.model_validate(client.get("/healthz").json())
    document = client.get("/openapi.json").json()
    about = document["components"]["schemas"]["Word"]["properties"]["score"]["description"]
    assert about == "square root of detection_score, times recognition_score"
    assert {"/v1/spot", "/v1/read", "/healthz", "/metrics"} == set(document["paths"])
    shown = client.get("/docs").text
    assert "POST /v1/spot" in shown
    assert "json, hocr, alto, text, picture" in shown
    # The page of the document, like every other, asks for nothing from elsewhere.
    assert "http" not in shown.replace("http://HOST:PORT", "").replace("HTTP", "")


def test_least_score(client: Any) -> None:
    (result,) = client.post("/v1/spot", files=send(("a.png", TWO_WORDS))).json()["results"]
    low, high = sorted(word["score"] for word in result["instances"])
    assert low < high
    answer = client.post(f"/v1/spot?min_score={high - 1e-4}", files=send(("a.png", TWO_WORDS)))
    (result,) = answer.json()["results"]
    assert [word["score"] for word in result["instances"]] == [high]
    assert result["paragraphs"] == [[[0]]]


def test_formats(client: Any) -> None:
    def get(form: str, *files: tuple[str, bytes]) -> Any:
        return client.post(f"/v1/spot?format={form}", files=send(*files))

    two = ("two.png", TWO_WORDS)
    (result,) = get("json", two).json()["results"]
    texts = {word["text"] for word in result["instances"]}
    hocr = get("hocr", two, ("one.png", ONE_WORD))
    assert hocr.headers["content-type"].startswith("application/xhtml+xml")
    root = ElementTree.fromstring(hocr.text.partition("?>")[2].partition(">")[2] or hocr.text)
    kinds = [element.get("class") for element in root.iter()]
    assert (kinds.count("ocr_page"), kinds.count("ocrx_word")) == (2, 3)
    alto = get("alto", two)
    strings = [
        each.get("CONTENT")
        for each in ElementTree.fromstring(alto.content).iter()
        if each.tag.endswith("}String")
    ]
    assert set(strings) == texts
    assert set(get("text", two).text.split()) == texts
    picture = get("picture", two)
    assert picture.headers["content-type"] == "image/jpeg"
    drawn = np.asarray(Image.open(io.BytesIO(picture.content)).convert("RGB"))
    assert drawn.shape == (200, 320, 3)
    # Outlines have colours, the photo is nearly grey.
    assert np.ptp(drawn.astype(int), axis=2).max() > 100
    both = get("picture", two, two)
    assert (both.status_code, both.json()["error"]) == (422, "format=picture is for one file")
    assert get("pdf", two).status_code == 422


def drawn(client: Any, data: bytes, more: str = "") -> np.ndarray:
    """The picture that is answered, RGB (H, W, 3)."""
    answer = client.post(f"/v1/spot?format=picture{more}", files=send(("a", data)))
    assert answer.status_code == 200
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")).astype(int)


def test_pictures_show_the_words_of_the_least_score(client: Any) -> None:
    assert np.ptp(drawn(client, TWO_WORDS), axis=2).max() > 100
    assert np.ptp(drawn(client, TWO_WORDS, "&min_score=1"), axis=2).max() < 50


def test_pictures_that_jpeg_cannot_hold_are_reduced(client: Any) -> None:
    from spotter.io.images import fit_jpeg

    picture = encoded(np.zeros((1, 70_000, 3), np.uint8))
    assert drawn(client, picture).shape == (1, 65_500, 3)
    for size, expected in (((131_000, 4), (65_500, 2)), ((2, 65_500), (2, 65_500))):
        reduced = fit_jpeg(np.full((*size, 3), 7, np.uint8))
        assert reduced.shape == (*expected, 3)
        assert (reduced == 7).all()


def test_a_file_that_cannot_be_read_does_not_spoil_the_others(client: Any) -> None:
    files = send(("no.png", b"not a picture"), ("one.png", ONE_WORD))
    answer = client.post("/v1/spot", files=files)
    assert answer.status_code == 200
    bad, good = answer.json()["results"]
    assert bad["error"] == "no.png: not an image, or of a format that cannot be read"
    assert (good["error"], len(good["instances"])) == (None, 1)
    alone = client.post("/v1/spot?format=hocr", files=send(("no.png", b"not a picture")))
    assert (alone.status_code, alone.json()["error"]) == (422, bad["error"])


def test_pages(client: Any) -> None:
    frames = [Image.fromarray(photo(90 + 10 * n, 60, [(20, 20, 50, 18)])) for n in range(5)]
    stream = io.BytesIO()
    frames[0].save(stream, "TIFF", save_all=True, append_images=frames[1:])
    answer = client.post("/v1/spot", files=send(("a.tif", stream.getvalue()), ("b.png", ONE_WORD)))
    results = answer.json()["results"]
    assert [(each["image"], each.get("page"), each["width"]) for each in results] == [
        ("a.tif", 1, 90),
        ("a.tif", 2, 100),
        ("a.tif", 3, 110),
        ("a.tif", 4, 0),
        ("b.png", None, 200),
    ]
    assert "pages from 4 on are not read" in results[3]["error"]
    assert [len(each["instances"]) for each in results] == [1, 1, 1, 0, 1]


def test_a_document_whose_time_is_up_is_left_between_pages(networks: dict[str, Any]) -> None:
    import asyncio

    from spotter.serve.batching import DeadlineError, Job
    from spotter.serve.engine import Engine, Spotted, Upload
    from spotter.serve.settings import ServerSettings

    frames = [Image.fromarray(photo(90, 60, [(20, 20, 50, 18)])) for _ in range(3)]
    stream = io.BytesIO()
    frames[0].save(stream, "TIFF", save_all=True, append_images=frames[1:])
    engine = Engine(ServerSettings(spotter=networks))

    async def run() -> None:
        def job(kind: type[Job], name: str, data: bytes) -> Job:
            outcome = asyncio.get_running_loop().create_future()
            return kind("spot", Upload(name, data), 100.0, outcome)

        looked: list[int] = []

        class Twice(Job):
            @property
            def expired(self) -> bool:
                looked.append(1)
                return len(looked) > 2

        late = job(Twice, "late.tif", stream.getvalue())
        whole = job(Job, "b.png", ONE_WORD)
        never = job(Job, "never.png", ONE_WORD)
        never.dropped = True
        first, second, third = engine.spot([late, whole, never])
        assert isinstance(first, Spotted)
        assert [len(page.instances) for page in first.results] == [1, 1, 0]
        line = "late.tif: pages from 3 on are not read within the time limit"
        assert [page.error for page in first.results] == [None, None, line]
        assert len(looked) == 3
        assert isinstance(second, Spotted)
        assert len(second.results[0].instances) == 1
        assert isinstance(third, DeadlineError)
        # What waited is timed anew.
        assert (late.begun, whole.begun, never.begun) == (True, True, False)

    asyncio.run(run())


def test_crops(client: Any, networks: dict[str, Any]) -> None:
    crop = encoded(written("4071"))
    files = send(("a.png", crop), ("b.png", b"nothing"), ("c.png", encoded(written("35"))))
    answer = client.post("/v1/read", files=files)
    first, bad, last = answer.json()["results"]
    settings = {name: networks[name] for name in ("recognizer", "runtime", "threads")}
    (reading,), _ = WordRecognizer(**settings).read([crop])
    assert reading is not None
    assert first == {
        "image": "a.png",
        "text": "4071",
        "score": round(reading.score, 4),
        "error": None,
    }
    assert (bad["text"], bad["error"][:6]) == (None, "b.png:")
    assert last["text"] == "35"
    assert client.post("/v1/read", files=send(("b.png", b"nothing"))).status_code == 422


def test_names_of_clients_open_nothing(client: Any, tmp_path: Any) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(TWO_WORDS)
    answer = client.post("/v1/spot", files=send((str(path), ONE_WORD)))
    (result,) = answer.json()["results"]
    assert (result["image"], len(result["instances"])) == ("secret.png", 1)
    for text in (str(path), "http://127.0.0.1:1/a.png", "file:///etc/passwd"):
        # As the value of a form field, and as the content of a file.
        assert client.post("/v1/spot", data={"files": text}).status_code == 422
        inside = client.post("/v1/spot", files=send(("a.png", text.encode())))
        assert "not an image" in inside.json()["error"]
    odd = client.post("/v1/spot", files=send(("..\\..\\a\tb\u202e.png", ONE_WORD)))
    assert odd.json()["results"][0]["image"].isprintable()


def test_limits(client: Any) -> None:
    def error(*files: tuple[str, bytes], **headers: str) -> tuple[int, str]:
        answer = client.post("/v1/spot", files=send(*files), headers=headers)
        return answer.status_code, answer.json()["error"]

    status, line = error(*[("a.png", ONE_WORD)] * 5)
    assert (status, line) == (413, "5 files are more than the limit of 4")
    status, line = error(("a.png", bytes(1_000_001)))
    assert (status, line) == (413, "a request may have 0.953674 MB at most")
    status, line = error(("a.png", encoded(np.zeros((400, 300, 3), np.uint8))))
    assert status == 422
    assert line.startswith("a.png: 300 x 400 pixels are more than the limit of 0.1 million")
    assert error(("a.png", b"")) == (422, "a.png: holds no bytes")
    assert client.post("/v1/spot").status_code == 422
    # A length that is not told in advance.
    boundary = "x" * 20
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'

    def parts() -> Any:
        yield head.encode()
        for _ in range(30):
            yield bytes(50_000)
        yield f"\r\n--{boundary}--\r\n".encode()

    kind = {"content-type": f"multipart/form-data; boundary={boundary}"}
    answer = client.post("/v1/spot", content=parts(), headers=kind)
    assert (answer.status_code, answer.json()["error"]) == (
        413,
        "a request may have 0.953674 MB at most",
    )


def test_headers_keep_pages_to_themselves(client: Any) -> None:
    page = client.get("/")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    # No other site may read answers.
    shared = client.get("/healthz", headers={"origin": "http://elsewhere.example"})
    assert "access-control-allow-origin" not in shared.headers
    for name in ("page.css", "page.js", "icon.svg"):
        assert f"/static/{name}" in page.text
        assert client.get(f"/static/{name}").status_code == 200
    assert client.get("/static/../app.py").status_code == 404
    assert client.get("/static/%2e%2e/app.py").status_code == 404


def test_counts(client: Any) -> None:
    def count(line: str) -> float:
        lines = client.get("/metrics").text.splitlines()
        return sum(float(each.rpartition(" ")[2]) for each in lines if each.startswith(line))

    names = (
        'spotter_requests_total{path="/v1/spot",status="200"}',
        'spotter_files_total{kind="spot",outcome="ok"}',
        'spotter_files_total{kind="spot",outcome="error"}',
        "spotter_words_total",
        'spotter_request_seconds_count{path="other"}',
    )
    before = [count(name) for name in names]
    client.post("/v1/spot", files=send(("a.png", TWO_WORDS), ("b.png", b"nothing")))
    client.get("/no/such/page")
    after = [count(name) for name in names]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 1, 2, 1]
    assert count("spotter_queue_files") == 0


def test_errors_are_json(client: Any) -> None:
    assert client.get("/nothing").json() == {"error": "Not Found"}
    assert client.get("/v1/spot").json() == {"error": "Method Not Allowed"}
    answer = client.post("/v1/spot?min_score=2", files=send(("a.png", ONE_WORD)))
    assert answer.json()["error"].startswith("min_score: ")
    assert json.loads(client.post("/v1/spot", content=b"x").content)["error"]
