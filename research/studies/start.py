"""The trained recognizer that all rows of a study go on from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from spotter.charset import Charset
from spotter.errors import ConfigError
from spotter.training.fine_tuning import resizing
from spotter.training.header import buildable_config
from spotter.training.weights import load_state, read_header, save_weights

ENCODER = ("transformation.", "feature_extraction.", "sequence_modeling.")
"""Names of the first three stages begin with one of these."""

_STAGES = tuple(name.removesuffix(".") for name in ENCODER)


@dataclass(frozen=True)
class Start:
    """Weights of a CTC recognizer with a decoder that rescores it, as ``deep_ctc`` is.

    Its two decoders share the encoder, so it can be trained and read as a recognizer with CTC or,
    with the same weights, as one with an autoregressive decoder that CTC guides.

    Attributes:
        path: The ``.safetensors`` file.

    Raises:
        ConfigError: When asked for a decoder that the weights lack.
        WeightsError: The file is unreadable.
    """

    path: Path

    @cached_property
    def header(self) -> dict[str, Any]:
        """Of the weights."""
        return read_header(self.path)

    @cached_property
    def digest(self) -> str:
        """First digits of the file's SHA-256: rows of other weights cannot be compared."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()[:12]

    @property
    def size(self) -> dict[str, Any]:
        """Arguments of :class:`RecResize` that give the recognizer its inputs."""
        return resizing(self.header)

    def charset(self, decoder: str) -> str:
        """Characters of :meth:`recognizer`."""
        characters = Charset(self.header["charset"])
        return (characters if decoder == "ctc" else characters.without_space()).characters

    def recognizer(self, decoder: str) -> dict[str, Any]:
        """Config of the recognizer.

        Args:
            decoder: ``"ctc"``: as in the file; ``"attention"``: the rescoring decoder is the
                prediction stage, and CTC trains along; neither has the space, which what rescores
                does not know.
        """
        config = buildable_config(self.header["config"], self.path, self.charset(decoder))
        if decoder == "ctc":
            return config
        if not config.get("rescorer"):
            raise ConfigError(
                f"{self.path}: has no decoder beside CTC; give weights of a recognizer with a"
                " rescorer, such as deep_ctc"
            )
        prediction = {k: v for k, v in config["rescorer"].items() if k != "weight"}
        guide = {**config["prediction"], "weight": 1.0}
        return {**config, "prediction": prediction, "auxiliary": guide, "rescorer": None}

    def encoder(self) -> dict[str, Any]:
        """Configs of the first three stages and of the preprocessor, to build others upon."""
        config = self.recognizer("ctc")
        return {name: config.get(name) for name in (*_STAGES, "data_preprocessor")}

    def load_encoder(self) -> dict[str, Any]:
        """What ``load_from`` has to be to fill the first three stages."""
        return {"path": str(self.path), "prefixes": list(ENCODER)}

    def weights(self, decoder: str, folder: Path) -> Path:
        """Weights with the names that :meth:`recognizer` has.

        Args:
            decoder: See :meth:`recognizer`.
            folder: Where a renamed copy is written, if one is needed.
        """
        if decoder == "ctc":
            return self.path
        copy = folder / f"start_{self.digest}_{decoder}.safetensors"
        if not copy.is_file():
            names = {"prediction": "auxiliary", "rescorer": "prediction"}
            spelt = Charset(self.header["charset"])
            # Classes of CTC: the blank, then the characters.
            kept = [0, *(n for n, character in enumerate(spelt.characters, 1) if character != " ")]
            state = {}
            for name, tensor in load_state(self.path).items():
                stage, dot, rest = name.partition(".")
                if stage == "prediction" and len(tensor) == len(spelt) + 1:
                    tensor = tensor[kept].clone()
                state[names.get(stage, stage) + dot + rest] = tensor
            about = {"config": self.recognizer(decoder), "charset": self.charset(decoder)}
            save_weights(copy, state, {**self.header, **about})
        return copy
