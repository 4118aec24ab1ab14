"""Brain tumours: background and three types, slice by slice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import nn

from medviewer.inference.prepare import normalise, prepare_plane, resize
from training.config import Config, TumourTask
from training.data.brain_slices import brain_slices, stripped, without_tumour
from training.data.hidden import refuse_hidden
from training.data.sampling import matrices, mirrored_padding, sample
from training.data.tables import read_rows, refuse_mixed
from training.evaluate.by_torch import torch_predictor
from training.tasks import Arrays, Batch

MOST_CUT = 0.4  # share of a tumour that may be lost where the skull is stripped
DEPTH_MM = (7.0, 17.0)


class TumourTraining:
    """See `training.tasks.Task`."""

    PREPARED = 2

    def __init__(self, config: Config, arrays: Arrays, data: Path) -> None:
        assert isinstance(config.task, TumourTask)
        self.config, self.settings, self.arrays, self.data = config, config.task, arrays, data
        self.painted = np.flatnonzero(arrays["painted"])

    @staticmethod
    def files(data: Path) -> list[Path]:
        return [data / "index.csv", data / "brain_t1ce.zip"]

    @staticmethod
    def prepare(config: Config, data: Path) -> Arrays:
        """Slices of the train split: image, label, without (painted over), painted (whether that worked)."""
        rows = read_rows(data / "index.csv")
        refuse_hidden({f"fold {r['cv_fold']}" for r in rows}, data, "brain_t1ce")
        refuse_mixed(rows, "cv_fold")
        rng = np.random.default_rng(config.training.seed)
        images, labels, others, painted = [], [], [], []
        for one in brain_slices(data, [r for r in rows if r["split"] == "train"], with_masks=True):
            plane = prepare_plane(one.grey, (one.pixel_mm, one.pixel_mm), config.recipe)[0]
            assert one.tumour is not None
            tumour = resize(one.tumour.astype(np.float32), (plane.shape[0], plane.shape[1])) >= 0.5
            without = without_tumour(plane, tumour, one.row["plane"] != "sagittal", rng)
            images.append(plane)
            labels.append(tumour.astype(np.uint8) * np.uint8(one.row["label"]))
            others.append(plane if without is None else without)
            painted.append(without is not None)
        return {
            "image": np.stack(images).astype(np.float16),
            "label": np.stack(labels),
            "without": np.stack(others).astype(np.float16),
            "painted": np.array(painted),
        }

    def batch(self, rng: np.random.Generator, step: int) -> Batch:
        settings, n, side = self.settings, self.config.training.batch, self.settings.side
        negatives = int(n * settings.negative_share + rng.random())
        pairs = [self._with(rng) for _ in range(n - negatives)] + [
            self._without(rng) for _ in range(negatives)
        ]
        image = np.stack([p[0] for p in pairs])
        label = np.stack([p[1] for p in pairs])
        h, w = image.shape[1:]
        least, most = settings.scales
        scale = np.exp(rng.uniform(np.log(least), np.log(most), n))
        angle = rng.uniform(-0.3, 0.3, n) + (rng.random(n) < 0.05) * (np.pi / 2) * rng.integers(1, 4, n)
        matrix = matrices(angle, scale, rng.random(n) < 0.5)
        at = np.array([(h - 1) / 2, (w - 1) / 2]) + rng.uniform(-0.08, 0.08, (n, 2)) * side
        middle = np.full((n, 2), (side - 1) / 2)
        size = (side, side)
        found = sample(torch.from_numpy(image)[:, None], matrix, at, middle, size)
        marks = sample(
            torch.from_numpy(label.astype(np.float32))[:, None], matrix, at, middle, size, nearest=True
        )
        for k in np.flatnonzero(
            rng.random(n) < 0.1
        ):  # small planes reach the network mirrored up to the tile
            keep = int(rng.integers(round(0.7 * side), side))
            off = (side - keep) // 2
            found[k, :, : side - off, : side - off] = found[k, :, off:, off:].clone()
            marks[k, :, : side - off, : side - off] = marks[k, :, off:, off:].clone()
            found[k], marks[k] = mirrored_padding(found[k], keep), mirrored_padding(marks[k], keep)
        return {"image": self._disturbed(rng, found), "label": marks[:, 0].round().long()}

    def _with(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        k = int(rng.integers(len(self.arrays["image"])))
        image, label = self.arrays["image"][k].astype(np.float32), self.arrays["label"][k]
        if rng.random() < self.settings.stripped_share:
            cut, kept = self._stripped(rng, image)
            if (label[kept] > 0).sum() >= (1 - MOST_CUT) * (label > 0).sum():
                return cut, np.where(kept, label, np.uint8(0))
        return image, label

    def _without(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        k = int(rng.choice(self.painted))
        image = self.arrays["without"][k].astype(np.float32)
        if rng.random() < 0.08:  # a slice beyond the head: noise alone
            noise = np.abs(rng.standard_normal(image.shape, np.float32))
            image = normalise(ndimage.gaussian_filter(noise, rng.uniform(0, 1.2)), self.config.recipe)
        elif rng.random() < self.settings.stripped_share:
            image = self._stripped(rng, image)[0]
        return image, np.zeros(image.shape, np.uint8)

    def _stripped(
        self, rng: np.random.Generator, image: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Grey values spread anew afterwards, as the viewer does with what is left."""
        cut, kept = stripped(image, rng.uniform(*DEPTH_MM) / (self.config.recipe.pixel_mm or 1.0))
        return normalise(cut, self.config.recipe), kept

    def _disturbed(self, rng: np.random.Generator, image: torch.Tensor) -> torch.Tensor:
        """Contrast, an uneven field, blur and noise: other scanners and sequences."""
        n, side = len(image), image.shape[-1]

        def drawn(values: NDArray[np.float64]) -> torch.Tensor:
            return torch.from_numpy(values.astype(np.float32)).reshape(n, -1, 1, 1)

        image = image.clamp(0, 1) ** drawn(np.exp(rng.uniform(-0.3, 0.3, n)))
        field = torch.from_numpy(rng.standard_normal((n, 1, 3, 3), np.float32))
        field = nn.functional.interpolate(field, size=(side, side), mode="bicubic", align_corners=True)
        image = image * (1 + 0.15 * drawn(rng.random(n)) * field) * drawn(rng.uniform(0.8, 1.2, n))
        soft = nn.functional.avg_pool2d(nn.functional.pad(image, (1, 1, 1, 1), mode="replicate"), 3, 1)
        image = image + drawn(rng.random(n) * (rng.random(n) < 0.4)) * (soft - image)
        noise = torch.from_numpy(rng.standard_normal((n, 1, side, side), np.float32))
        return (image + drawn(0.06 * rng.random(n) ** 2) * noise).clamp(0, 1)

    def loss(self, network: nn.Module, batch: Batch) -> torch.Tensor:
        scores = network(batch["image"].contiguous(memory_format=torch.channels_last)).float()
        return tumour_loss(scores, batch["label"])

    def validate(self, network: nn.Module) -> dict[str, float]:
        from training.evaluate.tumours import figures, predicted

        found = predicted(torch_predictor(network, self.config.viewer_json()), self.config, self.data, "val")
        told = {k: m["value"] for k, m in figures(self.data, found, "val", draws=0).items() if m}
        return {"score": told["dice_mean"] + 0.5 * told["type_accuracy"], **told}


def tumour_loss(scores: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """Cross-entropy over four classes, soft Dice of tumour against none, and the type inside the outline."""
    entropy = nn.functional.cross_entropy(scores, label)
    tumour = (label > 0).float()
    chance = 1 - torch.softmax(scores, 1)[:, 0]
    both, all_of = (chance * tumour).sum((1, 2)), chance.sum((1, 2)) + tumour.sum((1, 2))
    shown = (tumour.sum((1, 2)) > 0).float()
    dice = ((1 - (2 * both + 1) / (all_of + 1)) * shown).sum() / shown.sum().clamp(min=1)
    kind = nn.functional.cross_entropy(scores[:, 1:], (label - 1).clamp(min=0), reduction="none")
    area = tumour.sum((1, 2)).clamp(min=1)
    kinds = (((kind * tumour).sum((1, 2)) / area) * shown).sum() / shown.sum().clamp(min=1)
    return 2 * entropy + dice + 0.3 * kinds
