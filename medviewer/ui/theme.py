"""Colours, type and the application's stylesheet, as one set of tokens.

Every text colour has at least 4.5 : 1 on every surface it is used on (a test holds it). Warm is the machine,
cool is the person: `ai` marks all that a model drew or scored, `accent` all that the person did.
"""

from __future__ import annotations

import os
import sys

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from medviewer import paths
from medviewer.core.words import Language

COLORS: dict[str, str] = {
    "image": "#000000",
    "window": "#0B0C0E",
    "panel": "#141618",
    "raised": "#1C1F22",
    "hover": "#262A2F",
    "selected": "#1B2C3A",
    "line": "#26292D",
    "line2": "#3A4046",
    "text": "#E4E7EA",
    "text2": "#A6AEB6",
    "text3": "#8A939C",
    "off": "#5F676F",
    "accent": "#5BB5F5",
    "on_accent": "#06121C",
    "ai": "#FFA24D",
    "good": "#43B5A0",
    "care": "#F2D04A",
    "bad": "#EB6B6B",
    "axial": "#E2705F",
    "sagittal": "#F0E650",
    "coronal": "#2AA6B8",
}
"""Token -> "#RRGGBB"."""

SEGMENTS: tuple[str, ...] = (
    "#66B2F1", "#F59A00", "#13946A", "#F5F06B", "#F5C2B6", "#DE5126", "#8168F5", "#D9F0F0",
)  # fmt: skip
"""Colours of segments, in order; they repeat with hatching."""

LATIN = "Inter"
CJK = ("Microsoft YaHei UI", "PingFang SC", "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei",
       "WenQuanYi Zen Hei", "Droid Sans Fallback")  # fmt: skip
SIZES = {"small": 12, "body": 13, "section": 14, "panel": 15, "card": 20, "page": 28}
"""Type sizes in logical pixels; in Chinese `body` is 14."""

_loaded: list[str] = []


def qcolor(token: str, alpha: int = 255) -> QColor:
    """The colour of a token, alpha 0..255."""
    color = QColor(COLORS[token])
    color.setAlpha(alpha)
    return color


def load_fonts() -> None:
    """Register the fonts that ship (once for the process)."""
    if not _loaded:
        for file in sorted((paths.resources_folder() / "fonts").glob("Inter-*.ttf")):
            QFontDatabase.addApplicationFont(str(file))
        _loaded.append(LATIN)


def has_chinese() -> bool:
    """Whether this machine has a font with Simplified Chinese glyphs; without one words would be boxes."""
    return bool(QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese))


def families() -> list[str]:
    """Inter first, then what this machine has for Simplified Chinese."""
    here = set(QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese))
    known = [name for name in CJK if name in here]
    return [LATIN, *(known or sorted(here)[:1])]


def font(size: int | str = "body", weight: int = 400, language: Language | None = None) -> QFont:
    """Interface font; size in logical pixels or by its name in `SIZES`; weight 400, 500 or 600."""
    load_fonts()
    pixels = SIZES[size] if isinstance(size, str) else size
    if size == "body" and (language or _language()) == "zh":
        pixels = 14
    made = QFont()
    made.setFamilies(families())
    made.setPixelSize(pixels)
    made.setWeight(QFont.Weight(weight))
    made.setFeature(QFont.Tag("tnum"), 1)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made


def _language() -> Language:
    from medviewer.ui.language import current

    return current()


def apply(app: QApplication) -> None:
    """Give the application its palette, font and stylesheet (again after the language changed)."""
    sheet = stylesheet()
    if app.styleSheet() == sheet:
        return
    if not app.styleSheet():
        app.setStyle("Fusion")
    palette = QPalette()
    role = QPalette.ColorRole
    for which, token in (
        (role.Window, "panel"), (role.WindowText, "text"), (role.Base, "window"),
        (role.AlternateBase, "raised"), (role.Text, "text"), (role.Button, "raised"),
        (role.ButtonText, "text"), (role.BrightText, "text"),
        (role.ToolTipBase, "raised"), (role.ToolTipText, "text"), (role.Highlight, "accent"),
        (role.Link, "accent"), (role.HighlightedText, "on_accent"), (role.PlaceholderText, "text3"),
        (role.Accent, "accent"),
        (role.Light, "hover"), (role.Midlight, "hover"), (role.Mid, "line2"), (role.Dark, "line"),
        (role.Shadow, "image"),
    ):  # fmt: skip
        palette.setColor(which, QColor(COLORS[token]))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(COLORS["text3"]))
    app.setPalette(palette)
    app.setFont(font("body"))
    app.setStyleSheet(sheet)
    app.setEffectEnabled(Qt.UIEffect.UI_AnimateMenu, False)
    app.setEffectEnabled(Qt.UIEffect.UI_AnimateCombo, False)


def motion_ms(milliseconds: int) -> int:
    """The length of a movement, zero where the person asked for less motion."""
    reduced = os.environ.get("MEDVIEWER_REDUCED_MOTION") == "1" or (
        sys.platform.startswith("linux") and os.environ.get("GTK_ENABLE_ANIMATIONS") == "0"
    )
    return 0 if reduced else milliseconds


def stylesheet() -> str:
    """Qt stylesheet of the whole application, made from the tokens."""
    body = 14 if _language() == "zh" else SIZES["body"]
    colors = {
        **COLORS,
        "glyph_down": _glyph("chevron-down", "text2"),
        "glyph_check": _glyph("check", "on_accent"),
    }
    return _SHEET.replace("$body", f"{body}px") % colors


def _glyph(name: str, token: str) -> str:
    """Path of an icon as a file in that colour: a stylesheet takes pictures from files only."""
    from medviewer.ui import icons

    file = paths.cache_folder() / "theme" / f"{name}-{token}.png"
    try:
        if not file.is_file():
            paths.made(file.parent)
            icons.pixmap(name, token, 16).save(str(file), "PNG")
    except OSError:
        return ""
    return file.as_posix()


_SHEET = """
QWidget { color: %(text)s; font-size: $body; }
QMainWindow, QWidget#window { background: %(window)s; }
QWidget#panel, QWidget#bar, QScrollArea#panel { background: %(panel)s; }
QLabel { background: transparent; }
QLabel[tone="text2"] { color: %(text2)s; }
QLabel[tone="text3"] { color: %(text3)s; }
QLabel[tone="accent"] { color: %(accent)s; }
QLabel[tone="ai"] { color: %(ai)s; }
QLabel[tone="good"] { color: %(good)s; }
QLabel[tone="care"] { color: %(care)s; }
QLabel[tone="bad"] { color: %(bad)s; }
QLabel[type="small"] { font-size: 12px; }
QLabel[type="section"] { font-size: 14px; font-weight: 600; }
QLabel[type="panel"] { font-size: 15px; font-weight: 600; }
QLabel[type="card"] { font-size: 20px; font-weight: 600; }
QLabel[type="page"] { font-size: 28px; font-weight: 600; }
QLabel[strong="true"] { font-weight: 600; }
QLabel[key="true"] { color: %(text2)s; background: %(raised)s; border: 1px solid %(line2)s;
    border-radius: 4px; padding: 1px 5px; font-size: 12px; font-weight: 500; }
QFrame#line { background: %(line)s; border: none; }
QFrame#card { background: %(raised)s; border: none; border-radius: 8px; }
QFrame#outlined { background: %(panel)s; border: 1px solid %(line)s; border-radius: 12px; }

QPushButton { background: %(raised)s; border: 1px solid %(line2)s; border-radius: 6px; padding: 0 12px;
    min-height: 30px; font-weight: 500; }
QPushButton:hover { background: %(hover)s; }
QPushButton:pressed { background: %(line)s; }
QPushButton:focus { border: 1px solid %(accent)s; }
QPushButton:disabled { color: %(text3)s; border-color: %(line)s; }
QPushButton[kind="primary"] { background: %(accent)s; color: %(on_accent)s; border-color: %(accent)s;
    font-weight: 600; }
QPushButton[kind="primary"]:hover { background: #78C3F8; }
QPushButton[kind="primary"]:focus { border: 2px solid %(text)s; }
QPushButton[kind="quiet"] { background: %(selected)s; color: %(accent)s; border-color: #2C4C66;
    font-weight: 600; }
QPushButton[kind="quiet"]:disabled { background: %(raised)s; color: %(text3)s; border-color: %(line)s; }
QPushButton[kind="ai"] { color: %(ai)s; font-weight: 600; }
QPushButton[kind="link"] { background: transparent; border: none; color: %(accent)s; padding: 0 2px;
    min-height: 28px; font-weight: 500; }
QPushButton[kind="link"]:hover { color: #8CCBF9; }
QPushButton[kind="link"]:focus { text-decoration: underline; }
QPushButton[kind="plain"] { background: transparent; border: none; color: %(text2)s; min-height: 26px;
    padding: 0 6px; text-align: left; font-weight: 400; font-size: 12px; }
QPushButton[kind="plain"]:hover { background: %(hover)s; border-radius: 4px; color: %(text)s; }
QPushButton[kind="plain"]:focus { border: 1px solid %(accent)s; border-radius: 4px; }

QToolButton { background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 0; }
QToolButton:hover { background: %(hover)s; }
QToolButton:focus { border: 1px solid %(accent)s; }
QToolButton:checked { background: %(selected)s; color: %(accent)s; font-weight: 600; }
QToolButton::menu-indicator { image: none; }
QToolButton[kind="section"] { font-size: 14px; font-weight: 600; text-align: left; padding: 0 2px;
    min-height: 30px; }
QToolButton[kind="section"]:hover, QToolButton[kind="section"]:checked { background: transparent;
    color: %(text)s; }

QFrame#segmented { background: %(window)s; border: 1px solid %(line2)s; border-radius: 6px; }
QFrame#segmented QPushButton { background: transparent; border: none; border-radius: 4px; color: %(text2)s;
    min-height: 24px; padding: 0 10px; font-weight: 500; margin: 1px; }
QFrame#segmented QPushButton:hover { color: %(text)s; }
QFrame#segmented QPushButton:checked { background: %(hover)s; color: %(text)s; font-weight: 600; }
QFrame#segmented QPushButton:focus { border: 1px solid %(accent)s; }

QLineEdit, QComboBox, QSpinBox, QDoubleSpinBox { background: %(window)s; border: 1px solid %(line2)s;
    border-radius: 6px; padding: 0 8px; min-height: 28px; selection-background-color: %(accent)s;
    selection-color: %(on_accent)s; }
QLineEdit:focus, QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus { border: 1px solid %(accent)s; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: url("%(glyph_down)s"); width: 14px; height: 14px; }
QComboBox QAbstractItemView { background: %(raised)s; border: 1px solid %(line2)s; outline: none;
    selection-background-color: %(selected)s; selection-color: %(text)s; padding: 4px; }
QCheckBox { spacing: 8px; background: transparent; }
QCheckBox:disabled { color: %(text3)s; }
QCheckBox::indicator { width: 16px; height: 16px; border: 1px solid %(off)s; border-radius: 4px;
    background: %(window)s; }
QCheckBox::indicator:hover, QCheckBox::indicator:focus { border-color: %(accent)s; }
QCheckBox::indicator:checked { background: %(accent)s; border-color: %(accent)s;
    image: url("%(glyph_check)s"); }
QCheckBox::indicator:disabled { border-color: %(line2)s; background: %(panel)s; }

QSlider { background: transparent; min-height: 28px; }
QSlider::groove:horizontal { height: 4px; background: %(hover)s; border-radius: 2px; }
QSlider::sub-page:horizontal { background: %(accent)s; border-radius: 2px; }
QSlider::handle:horizontal { background: %(text)s; width: 12px; height: 12px; margin: -4px 0;
    border-radius: 6px; }
QSlider::handle:horizontal:focus { background: %(accent)s; }
QSlider::sub-page:horizontal:disabled { background: %(off)s; }
QSlider::handle:horizontal:disabled { background: %(off)s; }
QProgressBar { background: %(hover)s; border: none; border-radius: 2px; max-height: 4px; min-height: 4px; }
QProgressBar::chunk { background: %(ai)s; border-radius: 2px; }
QProgressBar[tone="accent"]::chunk { background: %(accent)s; }

QTreeView, QListView, QTableView { background: %(panel)s; border: none; outline: none; }
QTreeView::branch { background: transparent; image: none; border: none; }
QListView#floating { background: %(raised)s; }
QScrollArea { border: none; background: %(panel)s; }
QScrollArea > QWidget > QWidget { background: %(panel)s; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar::handle:vertical { background: %(line2)s; border-radius: 3px; min-height: 28px; margin: 2px; }
QScrollBar::handle:vertical:hover { background: %(off)s; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle:horizontal { background: %(line2)s; border-radius: 3px; min-width: 28px; margin: 2px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSplitter::handle { background: %(line)s; }

QMenu { background: %(raised)s; border: 1px solid %(line2)s; border-radius: 8px; padding: 4px; }
QMenu::item { padding: 6px 28px 6px 12px; border-radius: 4px; }
QMenu::item:selected { background: %(hover)s; }
QMenu::item:disabled { color: %(text3)s; }
QMenu::separator { height: 1px; background: %(line)s; margin: 4px 8px; }
QMenu::icon { padding-left: 8px; }
QToolTip { background: %(raised)s; color: %(text)s; border: 1px solid %(line2)s; padding: 4px 8px;
    font-size: 12px; }
QDialog { background: %(panel)s; }
QFrame#popup { background: %(raised)s; border: 1px solid %(line2)s; border-radius: 12px; }
"""
