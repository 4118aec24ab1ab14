"""Chest films: fourteen labels, each learnt from the sets that give it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from medviewer.inference.prepare import normalise, pad_square, resize
from training.config import Config, FilmTask
from training.data.films import LABELS, PNEUMONIA, SETS, UNKNOWN, film_rows, films, table
from training.data.hidden import refuse_hidden
from training.data.sampling import matrices, sample
from training.data.tables import refuse_mixed
from training.evaluate.by_torch import torch_predictor
from training.tasks import Arrays, Batch

KERMANY_WEIGHT = 3.0  # its one label would be lost among the fourteen of the others


class FilmTraining:
    """See `training.tasks.Task`."""

    PREPARED = 1

    def __init__(self, config: Config, arrays: Arrays, data: Path) -> None:
        assert isinstance(config.task, FilmTask)
        self.config, self.settings, self.arrays, self.data = config, config.task, arrays, data
        channels = config.recipe.channels
        self.mean, self.std = (
            torch.from_numpy(np.resize(np.asarray(v, np.float32), channels)).reshape(1, channels, 1, 1)
            for v in (config.recipe.mean, config.recipe.std)
        )
        of = arrays["subset"]
        self.members = {s: np.flatnonzero(of == k) for k, s in enumerate(SETS)}
        shares: dict[str, float] = {str(s): v for s, v in config.task.shares.items()}
        self.shares = np.array(
            [shares.get(s, 0.0) if len(self.members[s]) else 0.0 for s in SETS]
        )
        self.shares /= self.shares.sum()
        self.positives = {
            (s, k): members[arrays["labels"][members, k] == 1]
            for s, members in self.members.items()
            for k in range(len(LABELS))
        }

    @staticmethod
    def files(data: Path) -> list[Path]:
        tables = [table(data, s) for s in SETS]
        return [*tables, data / "kermany" / "train.zip", *sorted((data / "nih").glob("*_train.zip"))]

    @staticmethod
    def prepare(config: Config, data: Path) -> Arrays:
        """Films of the train split in 0..1 at the tile's size: image, labels, subset, extent (film's share of the square)."""
        recipe = config.recipe
        refuse_mixed([r for s in SETS[1:] for r in film_rows(data, s, None)], "patient")
        images, labels, subsets, extents = [], [], [], []
        for number, subset in enumerate(SETS):
            rows = film_rows(data, subset, None)
            refuse_hidden(
                {r["patient"] for r in rows}, data, f"chest_xray/{'kermany' if number == 0 else 'nih'}"
            )
            refuse_mixed(rows, "patient")
            for film in films(data, subset, [r for r in rows if r["split"] == "train"]):
                h, w = film.grey.shape
                images.append(
                    resize(pad_square(normalise(film.grey, recipe)), recipe.size).astype(np.float16)
                )
                labels.append(film.labels)
                subsets.append(number)
                extents.append((h / max(h, w), w / max(h, w)))
        return {
            "image": np.stack(images),
            "labels": np.stack(labels),
            "subset": np.array(subsets),
            "extent": np.array(extents),
        }

    def batch(self, rng: np.random.Generator, step: int) -> Batch:
        n = self.config.training.batch
        pick = np.array([self._drawn(rng, SETS[k]) for k in rng.choice(len(SETS), n, p=self.shares)])
        image = torch.from_numpy(self.arrays["image"][pick].astype(np.float32))[:, None]
        image = self._disturbed(rng, self._moved(rng, image, self.arrays["extent"][pick]))
        return {
            "image": (image - self.mean) / self.std,
            "labels": torch.from_numpy(self.arrays["labels"][pick]),
            "weight": torch.from_numpy(
                np.where(self.arrays["subset"][pick] == 0, KERMANY_WEIGHT, 1.0).astype(np.float32)
            ),
        }

    def _drawn(self, rng: np.random.Generator, subset: str) -> int:
        """A film of the set; with `positive_share` one that has a label drawn evenly, so that rare labels are seen."""
        members = self.members[subset]
        if rng.random() < self.settings.positive_share:
            label = PNEUMONIA if subset == "kermany" else int(rng.integers(len(LABELS)))
            if len(having := self.positives[subset, label]):
                return int(rng.choice(having))
        elif subset == "kermany":
            members = members[self.arrays["labels"][members, PNEUMONIA] == 0]
        return int(rng.choice(members))

    def _moved(
        self, rng: np.random.Generator, image: torch.Tensor, extent: NDArray[np.float64]
    ) -> torch.Tensor:
        """Turned, scaled, shifted; half of the films stretched towards a square, so that bars tell nothing."""
        n, side = len(image), image.shape[-1]
        matrix = matrices(
            rng.uniform(-0.17, 0.17, n), np.exp(rng.uniform(-0.2, 0.12, n)), rng.random(n) < 0.5
        )
        stretch = np.where(rng.random(n)[:, None] < 0.6, extent ** rng.random((n, 1)), 1.0)
        stretch = np.clip(stretch * np.exp(rng.uniform(-0.08, 0.08, (n, 2))), 0.6, 1.15)
        matrix = matrix * stretch[:, :, None]  # rows of the matrix are the source's rows and columns
        middle = np.full((n, 2), (side - 1) / 2)
        at = middle + rng.uniform(-0.06, 0.06, (n, 2)) * side
        return sample(image, matrix, at, middle, (side, side))

    def _disturbed(self, rng: np.random.Generator, image: torch.Tensor) -> torch.Tensor:
        """Contrast, sharpness, noise, and a patch painted over now and then: other machines, markers."""
        n, side = len(image), image.shape[-1]

        def drawn(values: NDArray[np.float64]) -> torch.Tensor:
            return torch.from_numpy(values.astype(np.float32)).reshape(n, 1, 1, 1)

        image = image.clamp(0, 1) ** drawn(np.exp(rng.uniform(-0.35, 0.35, n)))
        image = (image - 0.5) * drawn(rng.uniform(0.8, 1.2, n)) + 0.5 + drawn(rng.uniform(-0.08, 0.08, n))
        soft = nn.functional.avg_pool2d(nn.functional.pad(image, (1, 1, 1, 1), mode="replicate"), 3, 1)
        image = image + drawn(rng.uniform(-0.6, 1.0, n) * (rng.random(n) < 0.7)) * (soft - image)
        image = image + drawn(0.05 * rng.random(n) ** 2) * torch.from_numpy(
            rng.standard_normal((n, 1, side, side), np.float32)
        )
        for k in np.flatnonzero(rng.random(n) < 0.3):
            h, w = rng.integers(side // 10, side // 4, 2)
            r, c = int(rng.integers(0, side - h)), int(rng.integers(0, side - w))
            image[k, :, r : r + h, c : c + w] = float(rng.random())
        return image.clamp(0, 1)

    def loss(self, network: nn.Module, batch: Batch) -> torch.Tensor:
        scores = network(batch["image"].contiguous(memory_format=torch.channels_last)).float()
        known = (batch["labels"] != UNKNOWN).float() * batch["weight"][:, None]
        entropy = nn.functional.binary_cross_entropy_with_logits(
            scores, batch["labels"].clamp(min=0).float(), reduction="none"
        )
        return (entropy * known).sum() / known.sum().clamp(min=1)

    def validate(self, network: nn.Module) -> dict[str, float]:
        from training.evaluate.films import figures, scored

        found = scored(torch_predictor(network, self.config.viewer_json()), self.config, self.data, "val")
        told = {k: m["value"] for k, m in figures(self.data, found, "val", draws=0).items() if m}
        kept: dict[str, float] = {k: told[k] for k in ("auc_pneumonia_kermany", "auc_nih_mean") if k in told}
        return {"score": sum(kept.values()), **kept}
