"""Changes of colour and sharpness of whole batches, as tensor operations on any device.

The counterpart of :mod:`spotter.data.transforms.photometric` for batches that are on an accelerator
already. Nothing here waits for the device: how many images are changed is fixed by the
probability, and which ones is drawn there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

_LUMA = (0.114, 0.587, 0.299)  # ITU-R BT.601, of BGR
_BLOCK = 8
# Quantisation of luma in JPEG's annex K, rows of an 8x8 block.
_QUANTISATION = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)


@dataclass(frozen=True)
class PhotometricRates:
    """Shares of the images that are changed, and how much.

    Attributes:
        color: Brightness, contrast, saturation and hue.
        grey: To grey.
        invert: The negative.
        blur: Gaussian or motion blur, half of each.
        resample: Shrunk and enlarged again.
        noise: White noise.
        jpeg: Quantised as JPEG does.
        sigma: Range of the Gaussian's standard deviation in pixels.
        motion: Range of the motion's length in pixels.
        deviation: Range of the noise's standard deviation, 0..255 scale.
        quality: Range of the JPEG quality.
        factor: Range of the reduction before enlarging.
    """

    color: float = 0.5
    grey: float = 0.1
    invert: float = 0.0
    blur: float = 0.1
    resample: float = 0.1
    noise: float = 0.1
    jpeg: float = 0.1
    sigma: tuple[float, float] = (0.3, 1.5)
    motion: tuple[float, float] = (2.0, 6.0)
    deviation: tuple[float, float] = (2.0, 16.0)
    quality: tuple[float, float] = (20.0, 80.0)
    factor: tuple[float, float] = (0.3, 0.8)


class BatchPhotometric:
    """Photometric augmentation of a batch (N, 3, H, W) of float BGR images, 0..255.

    Args:
        rates: What is done how often.
        device: Where the batches are.
        seed: Of the device's own stream of chance.
    """

    def __init__(
        self, rates: PhotometricRates, device: torch.device | str = "cpu", seed: int = 0
    ) -> None:
        self.rates = rates
        self.generator = torch.Generator(device=device).manual_seed(seed)
        self.host = torch.Generator().manual_seed(seed)

    def __call__(self, images: Tensor) -> Tensor:
        """A changed copy, clipped to 0..255."""
        rates, count = self.rates, len(images)
        images = apply_color(images, self._color_matrices(count, images))
        chosen = self._chosen(rates.resample, images)
        if len(chosen):
            low, high = rates.factor
            factor = low + (high - low) * float(torch.rand((), generator=self.host))
            images[chosen] = down_up(images[chosen], factor)
        chosen = self._chosen(rates.blur, images)
        if len(chosen):
            images[chosen] = blur(images[chosen], self._kernels(len(chosen), images))
        chosen = self._chosen(rates.noise, images)
        if len(chosen):
            part = images[chosen]
            noise = torch.randn(
                part.shape, generator=self.generator, device=part.device, dtype=part.dtype
            )
            deviation = self._uniform(len(chosen), rates.deviation, images)[:, None, None, None]
            images[chosen] = part + deviation * noise
        chosen = self._chosen(rates.jpeg, images)
        if len(chosen):
            quality = self._uniform(len(chosen), rates.quality, images)
            images[chosen] = jpeg(images[chosen].clamp(0, 255), quality)
        return images.clamp_(0, 255)

    def _chosen(self, share: float, images: Tensor) -> Tensor:
        """Places of ``share`` of the images, rounded up or down by chance."""
        exact = share * len(images)
        count = int(exact + float(torch.rand((), generator=self.host)))
        order = torch.randperm(len(images), generator=self.generator, device=images.device)
        return order[:count]

    def _uniform(self, count: int, bounds: tuple[float, float], like: Tensor) -> Tensor:
        drawn = torch.rand(count, generator=self.generator, device=like.device)
        return bounds[0] + (bounds[1] - bounds[0]) * drawn

    def _color_matrices(self, count: int, like: Tensor) -> Tensor:
        """(N, 3, 4) maps: colour changes, grey and negatives, each of its share of the images."""
        changed = self._uniform(count, (0.0, 1.0), like) < self.rates.color
        grey = self._uniform(count, (0.0, 1.0), like) < self.rates.grey
        negative = self._uniform(count, (0.0, 1.0), like) < self.rates.invert
        brightness = torch.where(changed, self._uniform(count, (-40.0, 40.0), like), 0.0)
        contrast = torch.where(changed, self._uniform(count, (0.5, 1.4), like), 1.0)
        saturation = torch.where(changed, self._uniform(count, (0.3, 1.6), like), 1.0)
        hue = torch.where(changed, self._uniform(count, (-0.5, 0.5), like), 0.0)
        saturation = torch.where(grey, 0.0, saturation)
        matrices = color_matrices(brightness, contrast, saturation, hue)
        sign = torch.where(negative, -1.0, 1.0)[:, None, None]
        matrices = matrices * sign
        matrices[:, :, 3] += torch.where(negative, 255.0, 0.0)[:, None]
        return matrices

    def _kernels(self, count: int, like: Tensor) -> Tensor:
        """(N, K, K): Gaussians in the first half, lines of any direction in the second."""
        reach = max(math.ceil(2.5 * self.rates.sigma[1]), math.ceil(self.rates.motion[1] / 2))
        side = torch.arange(-reach, reach + 1, device=like.device, dtype=torch.float32)
        y, x = torch.meshgrid(side, side, indexing="ij")
        sigma = self._uniform(count, self.rates.sigma, like)[:, None, None]
        gaussian = torch.exp(-(x**2 + y**2) / (2 * sigma**2))
        angle = self._uniform(count, (0.0, math.pi), like)[:, None, None]
        half = self._uniform(count, self.rates.motion, like)[:, None, None] / 2
        along, across = x * angle.cos() + y * angle.sin(), y * angle.cos() - x * angle.sin()
        line = (half + 0.5 - along.abs()).clamp(0, 1) * (1 - across.abs()).clamp(min=0)
        first = torch.arange(count, device=like.device)[:, None, None] < (count + 1) // 2
        kernels = torch.where(first, gaussian, line)
        return (kernels / kernels.sum((1, 2), keepdim=True)).to(like.dtype)


def color_matrices(brightness: Tensor, contrast: Tensor, saturation: Tensor, hue: Tensor) -> Tensor:
    """(N, 3, 4) of :func:`spotter.data.transforms.photometric.color_matrix`, arguments (N,)."""
    device = brightness.device
    cross, luma = _constants(device)[:2]
    identity = torch.eye(3, device=device)
    cos, sin = hue.cos()[:, None, None], hue.sin()[:, None, None]
    rotation = cos * identity + sin * cross + (1 - cos) / 3.0
    amount = saturation[:, None, None]
    linear = contrast[:, None, None] * ((amount * identity + (1 - amount) * luma) @ rotation)
    offset = 127.5 * (1 - contrast) + brightness
    return torch.cat([linear, offset[:, None, None].expand(-1, 3, 1)], 2)


def apply_color(images: Tensor, matrices: Tensor) -> Tensor:
    """Map each image's BGR (N, 3, H, W) by its own (3, 4) matrix; clipped to 0..255."""
    matrices = matrices.to(images.dtype)
    mixed = torch.einsum("nij,njhw->nihw", matrices[:, :, :3], images)
    return (mixed + matrices[:, :, 3, None, None]).clamp_(0, 255)


def blur(images: Tensor, kernels: Tensor) -> Tensor:
    """Filter each image (N, C, H, W) with its own kernel (N, K, K), K odd; edges are mirrored."""
    count, channels, height, width = images.shape
    reach = kernels.shape[-1] // 2
    padded = F.pad(images, (reach,) * 4, mode="reflect")
    padded = padded.reshape(1, count * channels, height + 2 * reach, width + 2 * reach)
    weight = kernels[:, None].repeat_interleave(channels, 0)
    return F.conv2d(padded, weight, groups=count * channels).view_as(images)


def down_up(images: Tensor, factor: float) -> Tensor:
    """Shrink (N, C, H, W) by ``factor`` and enlarge again: small or distant writing."""
    height, width = images.shape[-2:]
    small = (max(1, round(height * factor)), max(1, round(width * factor)))
    shrunk = F.interpolate(images, small, mode="bilinear", antialias=True, align_corners=False)
    return F.interpolate(shrunk, (height, width), mode="bilinear", align_corners=False)


def jpeg(images: Tensor, quality: Tensor) -> Tensor:
    """Quantise the cosine transforms of 8x8 blocks as JPEG does, each channel by itself.

    JPEG's own conversion of colours and their coarser sampling are left out.

    Args:
        images: (N, 3, H, W) in 0..255; H and W multiples of 8.
        quality: (N,) in 1..100, on the scale of libjpeg.
    """
    count, channels, height, width = images.shape
    table, cosines = (constant.to(images.dtype) for constant in _constants(images.device)[2:])
    scale = torch.where(quality < 50, 50.0 / quality, 2.0 - quality / 50.0)
    steps = (table * scale.to(images.dtype)[:, None, None]).clamp(1, 255)
    blocks = images.reshape(count, channels, height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK)
    blocks = blocks.transpose(3, 4) - 128.0
    steps = steps[:, None, None, None]
    coefficients = cosines @ blocks @ cosines.T
    blocks = cosines.T @ ((coefficients / steps).round() * steps) @ cosines + 128.0
    return blocks.transpose(3, 4).reshape(images.shape).clamp(0, 255)


@cache
def _constants(device: torch.device) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """What is the same for all batches, copied to a device once: each copy would wait for it.

    The cross product with the grey axis (3, 3), the luma of BGR (3, 3), JPEG's steps (8, 8), and
    the cosine transform (8, 8).
    """
    cross = torch.tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], device=device) / math.sqrt(3.0)
    luma = torch.tensor(_LUMA, device=device).expand(3, 3)
    steps = torch.tensor(_QUANTISATION, device=device, dtype=torch.float32)
    return cross, luma, steps, _cosine_matrix(device)


def _cosine_matrix(device: torch.device) -> Tensor:
    """(8, 8): the orthonormal cosine transform of type II."""
    k = torch.arange(_BLOCK, device=device, dtype=torch.float32)
    matrix = torch.cos(math.pi * (2 * k[None] + 1) * k[:, None] / (2 * _BLOCK))
    matrix *= math.sqrt(2.0 / _BLOCK)
    matrix[0] /= math.sqrt(2.0)
    return matrix
