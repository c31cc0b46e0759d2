"""Samples of a training config, as they are stored and as the model gets them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spotter.data.datasets import TextDataset
from spotter.data.transforms.loading import load_pixels, place_of
from spotter.error_analysis.web_page import Outline, escape, page, picture
from spotter.errors import ConfigError, SpotterError
from spotter.registry import DATASETS
from spotter.structures import TextDetSample, TextRecSample
from spotter.synthesis.datasets import SyntheticDataset

_MAX_SIDE = 720
_STYLE = """\
.samples { display: grid; gap: 14px; }
.samples.crops { grid-template-columns: repeat(auto-fill, minmax(min(100%, 430px), 1fr)); }
.sample { min-width: 0; overflow-wrap: anywhere; }
.figures { display: flex; flex-wrap: wrap; gap: 14px; align-items: flex-start; }
figure { margin: 0; max-width: 100%; }
figcaption { margin-top: 4px; font-size: 13px; color: var(--soft); }
figcaption .text { color: var(--ink); font-size: 15px; }
.photo .picture { max-height: 380px; width: auto; }
.crop .picture { height: 64px; width: auto; max-width: none; }
.crop { overflow-x: auto; }
.map .picture { width: 180px; height: auto; }
.refused { color: var(--bad); }
"""


@dataclass(frozen=True)
class Figure:
    """One picture of a sample.

    Attributes:
        title: ``"stored"``, ``"input"``, the name of a view, or of a target map.
        image: (H, W) or (H, W, 3) uint8 BGR.
        outlines: Words, in pixels of the image.
        text: Label of a word crop; ``None`` for photos and unlabelled crops.
        kind: ``"photo"``, ``"crop"`` or ``"map"``.
    """

    title: str
    image: np.ndarray
    outlines: Sequence[Outline] = ()
    text: str | None = None
    kind: str = "photo"


@dataclass(frozen=True)
class BrowsedSample:
    """One sample with all its pictures.

    Attributes:
        source: Name of the dataset.
        index: Its number there.
        place: File, or archive and key; empty for drawn samples.
        figures: What is stored, then what the pipeline makes of it.
        refusal: Why there is less to see: the pipeline or an error turned the sample down.
    """

    source: str
    index: int
    place: str
    figures: list[Figure] = field(default_factory=list)
    refusal: str | None = None


def open_datasets(config: Mapping[str, Any], split: str) -> list[Any]:
    """The sources of one split of a training config.

    Args:
        config: With ``<split>_dataloader``.
        split: ``"train"``, ``"val"`` or ``"test"``.

    Raises:
        ConfigError: The config has no such data, or a source is none of the toolkit's.
    """
    loader = config.get(f"{split}_dataloader")
    if not loader or "dataset" not in loader:
        raise ConfigError(f"the config has no {split}_dataloader with a dataset")
    dataset = DATASETS.build(loader["dataset"])
    parts = list(getattr(dataset, "datasets", [dataset]))
    for part in parts:
        if not isinstance(part, (TextDataset, SyntheticDataset)):
            raise ConfigError(f"{type(part).__name__}: cannot be browsed, it has no stored samples")
    return parts


def browse(
    datasets: Sequence[Any],
    count: int,
    seed: int = 0,
    advance: Callable[[int], None] = lambda done: None,
) -> Iterator[BrowsedSample]:
    """Samples at even distances, the same number of each source.

    Args:
        datasets: See :func:`open_datasets`.
        count: How many samples in all.
        seed: Of the transforms' randomness; the same seed shows the same.
        advance: Called with 1 after each sample.
    """
    for number, dataset in enumerate(datasets):
        share = count // len(datasets) + (number < count % len(datasets))
        share = min(share, len(dataset))
        for index in np.linspace(0, len(dataset), share, endpoint=False).astype(int).tolist():
            np.random.seed((seed + index) % 2**32)  # noqa: NPY002 the transforms' source
            yield look_at(dataset, index)
            advance(1)


def look_at(dataset: Any, index: int) -> BrowsedSample:
    """One sample, as it is stored and as its pipeline packs it.

    Args:
        dataset: A dataset with ``sample`` and ``pipeline``.
        index: Number of the sample.
    """
    stored = dataset.sample(index)
    browsed = BrowsedSample(dataset.name or type(dataset).__name__, index, place_of(stored))
    try:
        browsed.figures.append(_stored_figure(copy.deepcopy(stored)))
        packed = dataset.pipeline(stored)
    except SpotterError as error:
        return BrowsedSample(*_head(browsed), browsed.figures, str(error))
    if packed is None:
        reason = "the pipeline passes over this sample"
        return BrowsedSample(*_head(browsed), browsed.figures, reason)
    browsed.figures.extend(_packed_figures(packed))
    return browsed


def _head(sample: BrowsedSample) -> tuple[str, int, str]:
    return sample.source, sample.index, sample.place


def _stored_figure(sample: dict[str, Any]) -> Figure:
    image = load_pixels(sample)
    if "instances" in sample and sample.get("text") is None:
        words = [(word["polygon"], word["text"], word["ignore"]) for word in sample["instances"]]
        return Figure("stored", image, [_outline(*word) for word in words])
    return Figure("stored", image, text=sample.get("text"), kind="crop")


def _packed_figures(packed: Any) -> Iterator[Figure]:
    """Figures of packed inputs; those of several views come one after the other."""
    if not isinstance(packed, Mapping) or "inputs" not in packed:
        return
    inputs, samples = packed["inputs"], packed.get("data_samples")
    if not isinstance(inputs, Mapping):
        inputs, samples = {"input": inputs}, {"input": samples}
    several = sum(tensor is not None for tensor in inputs.values()) > 1
    for name, tensor in inputs.items():
        if tensor is None:
            continue
        image = np.ascontiguousarray(np.asarray(tensor).transpose(1, 2, 0))
        sample = (samples or {}).get(name)
        if isinstance(sample, TextRecSample):
            yield Figure(name, image, text=sample.text, kind="crop")
            continue
        yield Figure(name, image, _sample_outlines(sample))
        for title, values in getattr(sample, "targets", {}).items():
            grey = np.clip(np.asarray(values, np.float32) * 255, 0, 255).astype(np.uint8)
            words = title.replace("_", " ")
            yield Figure(f"{name}: {words}" if several else words, grey, kind="map")


def _sample_outlines(sample: TextDetSample | None) -> list[Outline]:
    words = [] if sample is None else sample.instances
    return [_outline(word.polygon, word.text, word.ignore) for word in words]


def _outline(polygon: np.ndarray, text: str | None, ignore: bool) -> Outline:
    if ignore:
        return Outline(polygon, "ignored", "ignored")
    return Outline(polygon, "unlabelled" if text is None else "true", text or "unlabelled")


def browsing_page(title: str, samples: Sequence[BrowsedSample], about: str = "") -> str:
    """The page of some samples.

    Args:
        title: Of the page, such as the config's name.
        samples: What to show.
        about: A line below the title.
    """
    body = [f"<h1>{escape(title)}</h1>", f'<p class="soft">{escape(about)}</p>']
    if any(figure.outlines for sample in samples for figure in sample.figures):
        kinds = (("true", "text"), ("unlabelled", "text unknown"), ("ignored", "ignored"))
        keys = (f'<span class="key {kind}">{name}</span>' for kind, name in kinds)
        body.append(f'<p class="small">{"".join(keys)}</p>')
    crops = all(figure.kind == "crop" for sample in samples for figure in sample.figures)
    body.append(f'<div class="samples{" crops" if crops else ""}">')
    body += [_sample_html(sample) for sample in samples]
    body.append("</div>")
    return page(title, "\n".join(body), _STYLE)


def _sample_html(sample: BrowsedSample) -> str:
    figures = "\n".join(_figure_html(figure) for figure in sample.figures)
    refusal = f'<p class="refused">{escape(sample.refusal)}</p>' if sample.refusal else ""
    return (
        f'<section class="card sample">\n<h3>{escape(sample.source)} #{sample.index} '
        f'<span class="soft small">{escape(sample.place)}</span></h3>\n'
        f'<div class="figures">\n{figures}\n</div>{refusal}\n</section>'
    )


def _figure_html(figure: Figure) -> str:
    height, width = figure.image.shape[:2]
    caption = f"{escape(figure.title)}, {width} × {height}"
    if figure.kind == "crop":
        text = "no label" if figure.text is None else escape(figure.text)
        caption = f'<span class="text">{text}</span><br>{caption}'
    drawn = picture(figure.image, figure.outlines, _MAX_SIDE, figure.title)
    return f'<figure class="{figure.kind}">{drawn}<figcaption>{caption}</figcaption></figure>'
