"""Captum's explainers on a package's network: they point at the disc that alone makes the score, and can be cancelled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip(
    "torch", reason="needs the train extra (torch): captum's explainers are NOT tested"
)
pytest.importorskip("captum", reason="needs the train extra (captum): captum's explainers are NOT tested")
pytest.importorskip("pydantic", reason="needs the train extra (pydantic): captum's explainers are NOT tested")

from medviewer.core.errors import MedViewerError  # noqa: E402
from medviewer.core.jobs import Cancelled, Progress  # noqa: E402
from medviewer.inference.package import ModelPackage  # noqa: E402
from medviewer.inference.session import Session, open_session  # noqa: E402
from training.explainers import IntegratedGradients, Occlusion, SmoothGradient  # noqa: E402
from training.explainers.rebuilt import network_of  # noqa: E402
from training.networks.unet import UNet  # noqa: E402
from training.packaging.example import tiny_detector  # noqa: E402
from training.packaging.writer import write_package  # noqa: E402

pytestmark = pytest.mark.torch
SETTINGS = {"kind": "unet", "scores": 2, "width": 4, "depth": 3}
EXPLAINERS = (IntegratedGradients, SmoothGradient, Occlusion)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A U-Net trained for a moment to mark bright pixels, as a package that says how it is built."""
    torch.manual_seed(2)
    network = UNet(1, 2, 4, 3)
    optimiser = torch.optim.Adam(network.parameters(), 0.02)
    for step in range(40):
        coarse = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(step))
        image = torch.nn.functional.interpolate(coarse, size=(48, 48), mode="bilinear")
        truth = (image > 0.55).float().expand(-1, 2, -1, -1)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(network(image), truth)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    parts = replace(tiny_detector(), network=network.eval(), network_settings=SETTINGS)
    folder = tmp_path_factory.mktemp("models") / "tiny_detector"
    return open_session(ModelPackage.open(write_package(parts, folder).folder), "cpu")


@pytest.fixture
def disc() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(image (1, 96, 96), target (2,), region (96, 96)) of a bright disc at row 30, column 60."""
    rows, columns = np.mgrid[0:96, 0:96]
    region = (np.hypot(rows - 30, columns - 60) <= 10).astype(np.float32)
    image = (0.1 + 0.8 * region)[None].astype(np.float32)
    return image, np.array([1.0, 0.0], np.float32), region


def test_the_network_built_again_gives_the_graphs_scores(session: Session) -> None:
    image = np.random.default_rng(3).random((1, 1, 96, 96), np.float32)
    with torch.no_grad():
        scores = network_of(session.package)(torch.from_numpy(image)).numpy()
    np.testing.assert_allclose(session.run(image), scores, atol=1e-4)


@pytest.mark.parametrize("kind", EXPLAINERS)
def test_the_map_lies_on_the_disc(session: Session, disc: tuple[np.ndarray, ...], kind: type) -> None:
    image, target, region = disc
    found = kind().map(session, image, target, region, Progress())
    assert found.shape == (96, 96) and found.dtype == np.float32 and found.min() >= 0.0
    assert found[region > 0].sum() > 0.5 * found.sum() > 0.0
    assert region.ravel()[found.argmax()] == 1.0
    assert np.array_equal(found, kind().map(session, image, target, region, Progress()))


def test_integrated_gradients_add_up_to_the_rise_of_the_score(
    session: Session, disc: tuple[np.ndarray, ...]
) -> None:
    """Completeness: the attributions sum to the score of the image minus that of the dark tile."""
    image, _, region = disc
    network = network_of(session.package)

    def asked(x: object) -> object:
        return (network(x)[:, 0] * torch.from_numpy(region)).sum((1, 2))

    tensor = torch.from_numpy(image)[None]
    fine = IntegratedGradients()
    fine.STEPS = 400  # type: ignore[misc]
    found = fine.attribute(asked, tensor.clone()).detach()
    with torch.no_grad():
        rise = asked(tensor) - asked(torch.full_like(tensor, 0.1))  # type: ignore[operator]
    assert float(found.sum()) == pytest.approx(float(rise), rel=0.03)


def test_a_cancel_is_seen_between_passes(session: Session, disc: tuple[np.ndarray, ...]) -> None:
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        Occlusion().map(session, *disc, progress)


def test_a_package_without_the_networks_settings_is_refused_in_a_sentence() -> None:
    package = ModelPackage.open(Path(__file__).parents[1] / "data" / "packages" / "tiny_detector")
    with pytest.raises(MedViewerError) as caught:
        network_of(package)
    assert caught.value.code == "package.no_network"
