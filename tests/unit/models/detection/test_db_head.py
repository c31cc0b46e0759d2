import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from spotter.errors import ConfigError
from spotter.models.detection import DBHead, DBLoss
from spotter.models.detection.heads.db_head import stack_targets, sum_of_largest
from spotter.structures import TextDetSample


def maps(gt: torch.Tensor, mask: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
    mask = torch.ones_like(gt) if mask is None else mask
    return {
        "shrink_map": gt,
        "shrink_mask": mask,
        "threshold_map": torch.full_like(gt, 0.5),
        "threshold_mask": torch.ones_like(gt),
    }


def test_balanced_bce_takes_the_three_hardest_negatives_per_positive() -> None:
    logits = torch.tensor([[[2.0, 1.0, -1.0, 0.5, -3.0, 3.0]]])
    gt = torch.tensor([[[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]]])
    loss = DBLoss().balanced_bce(logits, gt, torch.ones_like(gt))
    # one positive; of the five negatives the logits 3, 1 and 0.5 are the hardest
    expected = sum(math.log1p(math.exp(v)) for v in (-2.0, 3.0, 1.0, 0.5)) / 4
    assert loss.item() == pytest.approx(expected, rel=1e-5)


def test_balanced_bce_has_the_gradient_of_the_sorted_form() -> None:
    torch.manual_seed(0)
    logits = torch.randn(2, 8, 8, requires_grad=True)
    gt, mask = (torch.rand(2, 8, 8) > 0.8).float(), (torch.rand(2, 8, 8) > 0.2).float()
    (gradient,) = torch.autograd.grad(DBLoss().balanced_bce(logits, gt, mask), logits)
    loss = F.binary_cross_entropy_with_logits(logits, gt, reduction="none")
    count = int(3 * (gt * mask).sum())
    hardest = (loss * mask * (1 - gt)).flatten().topk(count).values.sum()
    reference = ((loss * gt * mask).sum() + hardest) / ((gt * mask).sum() + count + 1e-6)
    (expected,) = torch.autograd.grad(reference, logits)
    torch.testing.assert_close(gradient, expected)


def test_masked_pixels_and_photos_without_text_are_harmless() -> None:
    loss = DBLoss()
    logits = torch.randn(1, 4, 4, requires_grad=True)
    values = loss(logits, logits, maps(torch.zeros(1, 4, 4)))
    sum(values.values()).backward()
    assert all(torch.isfinite(value) for value in values.values())
    assert torch.isfinite(logits.grad).all()
    hidden = loss.balanced_bce(logits, torch.ones(1, 4, 4), torch.zeros(1, 4, 4))
    assert hidden.item() == 0.0


def test_dice_is_zero_for_equal_and_one_for_disjoint_maps() -> None:
    gt = torch.tensor([[[1.0, 1.0, 0.0, 0.0]]])
    mask = torch.ones_like(gt)
    assert DBLoss().dice(gt, gt, mask).item() == pytest.approx(0.0, abs=1e-6)
    assert DBLoss().dice(1 - gt, gt, mask).item() == pytest.approx(1.0)


def test_masked_l1_by_hand_and_weights() -> None:
    threshold = torch.tensor([[[0.2, 0.6, 0.9]]])
    gt, mask = torch.tensor([[[0.3, 0.3, 0.3]]]), torch.tensor([[[1.0, 1.0, 0.0]]])
    assert DBLoss().masked_l1(threshold, gt, mask).item() == pytest.approx(0.2, rel=1e-5)
    logits = torch.zeros(1, 1, 3)
    targets = {**maps(torch.tensor([[[1.0, 0.0, 0.0]]])), "threshold_map": gt}
    # sigmoid(0) = 0.5 everywhere: cross-entropy ln 2, threshold 0.2 away
    values = DBLoss()(logits, logits, targets)
    assert values["loss_probability"].item() == pytest.approx(5 * math.log(2), rel=1e-5)
    assert values["loss_threshold"].item() == pytest.approx(10 * 0.2, rel=1e-5)


@pytest.mark.parametrize("upsample", ["deconv", "pixel_shuffle"])
def test_head_learns_a_map_at_full_resolution(upsample: str) -> None:
    torch.manual_seed(0)
    head = DBHead(8, hidden=8, upsample=upsample)
    head.init_weights()
    features = torch.randn(2, 8, 8, 8)
    gt = np.zeros((32, 32), np.uint8)
    gt[8:16, 4:28] = 1
    targets = {k: v.numpy()[0] for k, v in maps(torch.from_numpy(gt).float()[None]).items()}
    samples = [TextDetSample(targets=targets) for _ in range(2)]
    assert head(features).shape == (2, 1, 32, 32)
    optimizer = torch.optim.Adam(head.parameters(), 0.02)
    losses = []
    for _ in range(30):
        loss = sum(head.loss(features, samples).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    assert losses[-1] < 0.6 * losses[0]


def test_unknown_upsampling_is_refused() -> None:
    with pytest.raises(ConfigError, match="upsample"):
        DBHead(8, upsample="bicubic")


def test_the_sum_of_the_largest_needs_no_number_on_the_host() -> None:
    values = torch.tensor([3.0, 1.0, 2.0, 2.0, 0.0], requires_grad=True)
    for count, expected in ((0, 0.0), (1, 3.0), (2, 5.0), (3, 7.0), (5, 8.0)):
        assert sum_of_largest(values, torch.tensor(count)).item() == pytest.approx(expected)
    (gradient,) = torch.autograd.grad(sum_of_largest(values, torch.tensor(1)), values)
    assert gradient.tolist() == [1, 0, 0, 0, 0]


def test_targets_of_a_whole_batch_are_taken_as_they_are() -> None:
    whole = {name: (torch.rand(2, 8, 8) > 0.5) for name in maps(torch.zeros(1))}
    samples = [
        TextDetSample(targets={name: values[i].numpy() for name, values in whole.items()})
        for i in range(2)
    ]
    device = torch.device("cpu")
    stacked = stack_targets(samples, device)
    for name, values in stack_targets(whole, device).items():
        assert values.dtype == torch.float32
        assert torch.equal(values, stacked[name])
