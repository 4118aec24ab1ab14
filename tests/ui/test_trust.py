"""The trust card says what the figures say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QLabel

from medviewer.core.geometry import Geometry
from medviewer.core.segmentation import SaliencyMap
from medviewer.inference.explain.verdict import verdict
from medviewer.ui import language
from medviewer.ui.assist import trust
from medviewer.ui.assist.trust_card import TrustCard

GOOD_IMAGE = {
    "blur_drop": 0.31,
    "random_drop_mean": 0.04,
    "random_drop_p95": 0.12,
    "share_in_organ": 0.9,
    "organ_share": 0.34,
}
GOOD_MODEL = {
    "randomisation_similarity": {"value": 0.11, "ci95": [0.05, 0.2], "n": 50},
    "repeatability": {"value": 0.8, "ci95": [0.7, 0.9], "n": 50},
    "pointing": {"value": 0.62, "ci95": [0.5, 0.7], "n": 80},
    "pointing_chance": {"value": 0.4, "ci95": [0.3, 0.5], "n": 80},
    "pointing_gain": {"value": 0.22, "ci95": [0.1, 0.3], "n": 80},
}


def _map(image: dict[str, Any], model: dict[str, Any]) -> SaliencyMap:
    made = SaliencyMap(np.ones((1, 4, 4), np.float32), Geometry(np.eye(4), (4, 4, 1)), "x", "grad-cam", "l", 37, "mm",
                       image, model)  # fmt: skip
    made.verdict = verdict(image, model)
    return made


@pytest.mark.parametrize(
    ("image", "model", "expected"),
    [
        (GOOD_IMAGE, GOOD_MODEL, "fair"),
        ({**GOOD_IMAGE, "blur_drop": 0.05}, GOOD_MODEL, "care"),
        ({**GOOD_IMAGE, "blur_drop": 0.01}, GOOD_MODEL, "no"),
        (GOOD_IMAGE, {**GOOD_MODEL, "randomisation_similarity": None}, "not measured"),
        ({**GOOD_IMAGE, "blur_drop": 0.01}, {**GOOD_MODEL, "pointing": None}, "no"),
        ({**GOOD_IMAGE, "share_in_organ": 0.3}, GOOD_MODEL, "no"),
    ],
)
def test_verdict_on_the_card(
    qapp: QApplication, image: dict[str, Any], model: dict[str, Any], expected: str
) -> None:
    card = TrustCard()
    card.show_map(_map(image, model), measured=True)
    shown = {label.text() for label in card.findChildren(QLabel)}
    assert card.verdict == expected
    assert trust.VERDICTS[expected][0].en in shown
    assert not any("high" in text.lower().split() for text in shown)


def test_without_an_organ_mask_its_question_is_left_out() -> None:
    asked = trust.questions(_map({**GOOD_IMAGE, "share_in_organ": None, "organ_share": None}, GOOD_MODEL))
    assert [q.id for q in asked] == ["chance", "guess", "training"]


def test_every_figure_stands_beside_its_baseline() -> None:
    for question in trust.questions(_map(GOOD_IMAGE, GOOD_MODEL)):
        own = [f for f in question.figures if f.own]
        assert len(own) == 1 and len(question.figures) >= 2, question.id
    chance = trust.questions(_map(GOOD_IMAGE, GOOD_MODEL))[0]
    assert [f.text for f in chance.figures] == ["−0.31", "−0.04", "−0.12"]


def test_sentence_names_what_is_missing_in_both_languages() -> None:
    asked = trust.questions(
        _map(GOOD_IMAGE, {**GOOD_MODEL, "pointing": None, "randomisation_similarity": None})
    )
    words = trust.sentence(asked)
    assert "Not yet measured for this model: better than a fixed guess, tied to the training." in words.en
    assert "本模型尚未测定" in words.zh


def test_while_figures_are_measured_nothing_is_claimed(qapp: QApplication) -> None:
    language.switch("en")
    card = TrustCard()
    card.show_map(_map({}, {}), measured=False)
    shown = {label.text() for label in card.findChildren(QLabel)}
    assert trust.MEASURING.en in shown and card.verdict == ""
