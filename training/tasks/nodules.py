"""Lung nodules: an outline (channel 0) and a heat map of centres (channel 1) for every slice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from training.config import Config, NoduleTask
from training.data.hidden import refuse_hidden
from training.data.nodule_crops import (
    ANY,
    CONSENSUS,
    CROP,
    NEGATIVE,
    VALID,
    Crop,
    crops,
    prepared_crop,
    rows_of,
    sure,
)  # fmt: skip
from training.data.sampling import matrices, mirrored_padding, sample, to_target
from training.data.scan_windows import scan_windows, sources
from training.data.tables import refuse_mixed
from training.evaluate.by_torch import torch_predictor
from training.tasks import Arrays, Batch

CANVAS, SMALL, SCANS, SCAN_SIDE = 136, 68, 3000, 136
WINDOW_PX = 48  # a judged window, in the scan's own pixels


class NoduleTraining:
    """See `training.tasks.Task`."""

    PREPARED = 1

    def __init__(self, config: Config, arrays: Arrays, data: Path) -> None:
        assert isinstance(config.task, NoduleTask)
        self.config, self.settings, self.arrays, self.data = config, config.task, arrays, data
        self.hu_range = config.recipe.normalise.high - config.recipe.normalise.low
        self.weights = arrays["weight"] / arrays["weight"].sum()

    @staticmethod
    def files(data: Path) -> list[Path]:
        images = sorted(p for p in data.iterdir() if p.suffix in (".webp", ".png"))
        return [data / "index.csv", data / "negatives.csv", *images, *sources(data)]

    @staticmethod
    def prepare(config: Config, data: Path) -> Arrays:
        """Crops of the train split on canvases: image, bits, size, centre, diameter, own window, weight."""
        recipe = config.recipe
        both = rows_of(data, "index.csv", None), rows_of(data, "negatives.csv", None)
        for rows in both:
            refuse_hidden({r["patient"] for r in rows}, data, "lung_nodules")
        refuse_mixed([*both[0], *both[1]], "patient")
        nodules = sure([r for r in both[0] if r["split"] == "train"])
        others = sure([r for r in both[1] if r["split"] == "train"])
        found = {}
        for name, rows, side, canvas in (("", nodules, CROP, CANVAS), ("negative_", others, NEGATIVE, SMALL)):
            parts = [_on_canvas(c, config, canvas) for c in crops(data, rows, side, with_masks=not name)]
            keys = ("image", "bits", "size", "center", "diameter", "window")
            for key, values in zip(keys, zip(*parts, strict=True), strict=True):
                found[name + key] = np.stack(values)
        found["weight"] = np.array([1.0 + (float(r["diameter_mm"]) > 15) for r in nodules], np.float32)
        image, bits = scan_windows(data, recipe, SCAN_SIDE, SCANS, config.training.seed)
        found["scan_image"], found["scan_bits"] = image.astype(np.float16), bits
        return found

    def batch(self, rng: np.random.Generator, step: int) -> Batch:
        settings, n = self.settings, self.config.training.batch
        side = settings.windows[step % len(settings.windows)]
        n = max(2, round(n * (min(settings.windows) / side) ** 2))
        negatives = round(n * settings.negative_share)
        scans = round(n * settings.scan_share) if len(self.arrays["scan_image"]) else 0
        parts = [
            self._nodules(rng, n - negatives - scans, side),
            self._others(rng, negatives, side),
            self._scans(rng, scans, side),
        ]
        batch = {key: torch.cat([p[key] for p in parts if p]) for key in parts[0] or ()}
        batch["image"] = self._disturbed(rng, batch["image"])
        return batch

    def _nodules(self, rng: np.random.Generator, n: int, side: int) -> Batch:
        a = self.arrays
        pick = rng.choice(len(self.weights), n, p=self.weights)
        size, center, diameter = (
            a["size"][pick].astype(float),
            a["center"][pick].astype(float),
            a["diameter"][pick],
        )
        window = a["window"][pick].astype(float)
        judged = rng.random(n) < self.settings.judged_share
        plain = judged | (rng.random(n) < 0.4)
        scale = np.where(rng.random(n) < 0.5, 1.0, _log_uniform(rng, n, self.settings.scales))
        scale = np.minimum(
            scale, np.where(judged, 2.0, np.maximum(1.0, size / side))
        )  # the crop fills the window
        angle = np.where(plain, rng.integers(0, 4, n) * (np.pi / 2), rng.uniform(0, 2 * np.pi, n))
        keep = np.minimum(side, np.floor(np.where(judged, window, size) / scale)).astype(int)
        at = np.empty((n, 2))
        for k in range(2):
            half = keep * scale / 2
            reach = np.where(judged, half - 8 * window / WINDOW_PX, np.minimum(half * 0.75, 30.0))
            at[:, k] = center[:, k] + rng.uniform(-1, 1, n) * np.maximum(0, reach)
            at[:, k] = np.where(
                size > 2 * half,
                np.clip(at[:, k], half - 0.5, np.maximum(half, size - half) - 0.5),
                (size - 1) / 2,
            )
        middle = np.repeat(((keep - 1) / 2)[:, None], 2, 1)
        whole = (scale == 1) & plain  # whole pixels: nothing is interpolated a second time
        at[whole] = np.round(at[whole] - middle[whole]) + middle[whole]
        matrix = matrices(angle, scale, rng.random(n) < 0.5)
        image, bits = self._sampled(a["image"][pick], a["bits"][pick], matrix, at, middle, side, keep)
        return {
            "image": image,
            "mask": ((bits & CONSENSUS) > 0).float(),
            "valid": ((bits & VALID) > 0).float() * (1 - ((bits & (ANY | CONSENSUS)) == ANY).float()),
            "heat": _heat(to_target(center, matrix, at, middle), diameter / scale, side, keep),
        }

    def _others(self, rng: np.random.Generator, n: int, side: int) -> Batch | None:
        if not n:
            return None
        a = self.arrays
        pick = rng.integers(0, len(a["negative_image"]), n)
        size = a["negative_size"][pick].astype(float)
        scale = np.where(rng.random(n) < 0.5, 1.0, _log_uniform(rng, n, self.settings.scales))
        scale = np.maximum(scale, size / side)
        keep = np.minimum(side, np.floor(size / scale)).astype(int)
        middle = np.repeat(((keep - 1) / 2)[:, None], 2, 1)
        at = np.repeat(((size - 1) / 2)[:, None], 2, 1)
        matrix = matrices((rng.integers(0, 4, n) * (np.pi / 2)).astype(np.float64), scale, rng.random(n) < 0.5)
        image, bits = self._sampled(
            a["negative_image"][pick], a["negative_bits"][pick], matrix, at, middle, side, keep
        )
        return _empty(image, ((bits & VALID) > 0).float())

    def _scans(self, rng: np.random.Generator, n: int, side: int) -> Batch | None:
        if not n:
            return None
        a = self.arrays
        pick = rng.integers(0, len(a["scan_image"]), n)
        plain = rng.random(n) < 0.5
        scale = np.where(plain, 1.0, _log_uniform(rng, n, self.settings.scales))
        angle = np.where(plain, rng.integers(0, 4, n) * (np.pi / 2), rng.uniform(0, 2 * np.pi, n))
        at = np.full((n, 2), (SCAN_SIDE - 1) / 2)
        middle = np.full((n, 2), (side - 1) / 2)
        matrix = matrices(angle, scale, rng.random(n) < 0.5)
        image, bits = self._sampled(
            a["scan_image"][pick], a["scan_bits"][pick], matrix, at, middle, side, np.full(n, side)
        )
        return _empty(image, ((bits & VALID) > 0).float())

    def _sampled(
        self, image: NDArray[np.float16], bits: NDArray[np.uint8], matrix: NDArray[np.float64],
        at: NDArray[np.float64], middle: NDArray[np.float64], side: int, keep: NDArray[np.int_],
    ) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
        size = (side, side)
        found = sample(torch.from_numpy(image.astype(np.float32))[:, None], matrix, at, middle, size)
        marks = sample(
            torch.from_numpy(bits.astype(np.float32))[:, None], matrix, at, middle, size, nearest=True
        )
        marks = marks.round().to(torch.uint8)
        for k, kept in enumerate(keep):
            if kept < side:
                found[k] = mirrored_padding(found[k], int(kept))
                marks[k, :, kept:] = 0
                marks[k, :, :, kept:] = 0
        return found, marks

    def _disturbed(self, rng: np.random.Generator, image: torch.Tensor) -> torch.Tensor:
        """Noise of two grains, blur, an offset: other scanners, kernels and doses."""
        n, side = len(image), image.shape[-1]
        noise = torch.from_numpy(rng.standard_normal((n, 1, side, side), np.float32))
        coarse = torch.nn.functional.avg_pool2d(noise, 3, 1, 1) * 2.2
        mix = torch.from_numpy(rng.random((n, 1, 1, 1), np.float32))
        drawn = rng.random((n, 1, 1, 1), np.float32) ** 2 * (rng.random((n, 1, 1, 1)) < 0.6)
        strength = torch.from_numpy(drawn.astype(np.float32)) * (self.settings.noise_hu / self.hu_range)
        soft = torch.nn.functional.avg_pool2d(
            torch.nn.functional.pad(image, (1, 1, 1, 1), mode="replicate"), 3, 1
        )
        blur = rng.random((n, 1, 1, 1), np.float32) * (rng.random((n, 1, 1, 1)) < 0.3)
        blurred = torch.from_numpy(blur.astype(np.float32))
        image = image + blurred * (soft - image) + strength * (mix * noise + (1 - mix) * coarse)
        image = image + torch.from_numpy(rng.normal(0, 15 / self.hu_range, (n, 1, 1, 1)).astype(np.float32))
        return image.clamp(0, 1)

    def loss(self, network: nn.Module, batch: Batch) -> torch.Tensor:
        scores = network(batch["image"].contiguous(memory_format=torch.channels_last)).float()
        return outline_loss(scores[:, :1], batch) + center_loss(scores[:, 1:2], batch)

    def validate(self, network: nn.Module) -> dict[str, float]:
        from training.evaluate.nodules import figures, predicted

        found = predicted(
            torch_predictor(network, self.config.viewer_json(), (64, 64)), self.config, self.data, "val"
        )
        told = figures(self.data, found, "val", draws=0)
        short = {k: m["value"] for k, m in told.items() if m}
        return {"score": short["cpm_readers3"] + short["outline_dice"], **short}


def outline_loss(scores: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Cross-entropy over the valid pixels and soft Dice over the windows that show a nodule."""
    mask, valid = batch["mask"], batch["valid"]
    entropy = nn.functional.binary_cross_entropy_with_logits(scores, mask, reduction="none") * valid
    chance = torch.sigmoid(scores) * valid
    both = (chance * mask).sum((1, 2, 3))
    dice = 1 - (2 * both + 1) / (chance.sum((1, 2, 3)) + (mask * valid).sum((1, 2, 3)) + 1)
    shown = ((mask * valid).sum((1, 2, 3)) > 0).float()
    return 4 * entropy.sum() / valid.sum().clamp(min=1) + (dice * shown).sum() / shown.sum().clamp(min=1)


def center_loss(scores: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Cross-entropy with the heat map, near a centre ten times as heavy.

    A heat map that asks for one exact pixel (as CornerNet's focal loss does) gives large and blurred nodules low
    peaks, since their centre is less certain; here the height says how likely a nodule is, whatever its size.
    """
    heat, weight = batch["heat"], batch["valid"] * (1 + 9 * batch["heat"])
    entropy = nn.functional.binary_cross_entropy_with_logits(scores, heat, reduction="none")
    return 10 * (entropy * weight).sum() / weight.sum().clamp(min=1)


def _on_canvas(crop: Crop, config: Config, canvas: int) -> tuple[Any, ...]:
    plane, bits, center, diameter = prepared_crop(crop, config.recipe)
    plane, bits = plane[:canvas, :canvas], bits[:canvas, :canvas]
    more = [(0, canvas - n) for n in plane.shape]
    window = WINDOW_PX * plane.shape[0] / crop.hu.shape[0]
    return (
        np.pad(plane, more, mode="reflect").astype(np.float16), np.pad(bits, more), np.int32(plane.shape[0]),
        np.asarray(center, np.float32), np.float32(diameter), np.float32(window),
    )  # fmt: skip


def _log_uniform(rng: np.random.Generator, n: int, ends: tuple[float, float]) -> NDArray[np.float64]:
    return np.exp(rng.uniform(np.log(ends[0]), np.log(ends[1]), n))


def _empty(image: torch.Tensor, valid: torch.Tensor) -> Batch:
    nothing = torch.zeros_like(image)
    return {"image": image, "mask": nothing, "valid": valid, "heat": nothing}


def _heat(
    center: NDArray[np.float64], diameter: NDArray[np.float64], side: int, keep: NDArray[np.int_]
) -> torch.Tensor:
    """(n, 1, side, side): a Gaussian of a quarter of the nodule's width round its centre."""
    rows, columns = np.mgrid[:side, :side]
    heat = np.zeros((len(center), 1, side, side), np.float32)
    for k, (row, column) in enumerate(center):
        if diameter[k] > 0 and 0 <= row < keep[k] and 0 <= column < keep[k]:
            sigma = np.clip(diameter[k] / 4, 1.5, 8.0)
            heat[k, 0] = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * sigma**2))
    return torch.from_numpy(heat)
