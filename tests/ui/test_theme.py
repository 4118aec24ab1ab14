"""Colours and type hold what the interface promises."""

from __future__ import annotations

from itertools import combinations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontInfo, QImage, QPainter
from PySide6.QtWidgets import QApplication

from medviewer.ui import icons, theme

SURFACES = ("window", "panel", "raised", "hover", "selected")


def _luminance(token: str) -> float:
    """Relative luminance, WCAG 2.2."""
    value = theme.COLORS[token].lstrip("#")
    channels = [int(value[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(a: str, b: str) -> float:
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("text", ["text", "text2", "text3", "accent", "ai", "good", "care", "bad"])
@pytest.mark.parametrize("surface", SURFACES)
def test_texts_can_be_read_on_every_surface(text: str, surface: str) -> None:
    assert _contrast(text, surface) >= 4.5


def test_text_on_the_accent_can_be_read() -> None:
    assert _contrast("on_accent", "accent") >= 4.5


def test_weights_differ(qapp: QApplication) -> None:
    """A variable font that Qt can't turn would draw all weights alike."""
    inks = []
    for weight in (400, 500, 600):
        image = QImage(400, 60, QImage.Format.Format_Grayscale8)
        image.fill(0)
        painter = QPainter(image)
        painter.setFont(theme.font(28, weight, "en"))
        painter.setPen(Qt.GlobalColor.white)
        painter.drawText(4, 44, "Nodule 11.3 mm")
        painter.end()
        inks.append(sum(bytes(image.constBits())))
    assert inks[0] < inks[1] < inks[2]
    assert QFontInfo(theme.font("body", 400, "en")).family() == "Inter"


def test_chinese_body_is_larger(qapp: QApplication) -> None:
    assert theme.font("body", language="zh").pixelSize() == 14
    assert theme.font("body", language="en").pixelSize() == 13


def test_segment_colours_are_different(qapp: QApplication) -> None:
    assert all(a != b for a, b in combinations(theme.SEGMENTS, 2))


def test_icons_take_the_colour_of_their_token(qapp: QApplication) -> None:
    image = icons.pixmap("check", "ai", 18).toImage()
    colors = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
              if image.pixelColor(x, y).alpha() == 255}  # fmt: skip
    assert theme.COLORS["ai"].lower() in colors
