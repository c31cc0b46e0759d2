"""The answers of the service as types: what its OpenAPI document shows."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from spotter.structures import SpottingResult


class Word(BaseModel):
    """One word of a photo."""

    polygon: list[tuple[float, float]] = Field(
        description="outline in pixels, clockwise from the first character's top-left corner"
    )
    text: str
    score: float = Field(description="square root of detection_score, times recognition_score")
    detection_score: float
    recognition_score: float


class Photo(BaseModel):
    """What was read in a photo, or in a page of a document."""

    image: str = Field(description="name of the file that was sent")
    page: int | None = Field(None, description="of a document, from 1")
    width: int = Field(description="pixels of the photo as a person sees it (EXIF applied)")
    height: int
    orientation: float = Field(description="degrees, clockwise, in which its lines run")
    instances: list[Word] = Field(description="the words, in reading order")
    paragraphs: list[list[list[int]]] = Field(
        description="paragraphs of lines of places in instances, in reading order"
    )
    text: str = Field(description="a line per line, an empty line between paragraphs")
    notes: list[str]
    error: str | None = Field(description="why it could not be read")


class SpotAnswer(BaseModel):
    """Answer of ``/v1/spot``."""

    results: list[Photo] = Field(description="of each file in order; of documents, of each page")


class Crop(BaseModel):
    """What a word crop says."""

    image: str = Field(description="name of the file that was sent")
    text: str | None
    score: float
    error: str | None = Field(description="why it could not be read")


class ReadAnswer(BaseModel):
    """Answer of ``/v1/read``."""

    results: list[Crop] = Field(description="of each file in order")


class Failure(BaseModel):
    """Any answer that is an error."""

    error: str = Field(description="one line")


class Health(BaseModel):
    """Answer of ``/healthz``."""

    status: str
    version: str
    model: str
    device: str
    waiting: int = Field(description="files that wait or are being answered")
    limits: dict[str, float]


def photo_record(result: SpottingResult) -> dict[str, Any]:
    """A result of one photo or page as :class:`Photo` describes it, JSON-ready."""
    place = {id(word): index for index, word in enumerate(result.instances)}
    paragraphs = result.paragraphs
    return {
        **result.to_dict(),
        "paragraphs": [
            [[place[id(word)] for word in line.words] for line in paragraph.lines]
            for paragraph in paragraphs
        ],
        "text": "\n\n".join(paragraph.text for paragraph in paragraphs),
    }
