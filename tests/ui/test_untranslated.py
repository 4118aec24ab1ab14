"""No word of the window exists in one language only: by reading the code, and by reading the window in Chinese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QWidget,
)  # fmt: skip

from tests.window_fixtures import Opened
from tests.window_kit import film, install_tiny_packages, phantom_ct, wait

UI = Path(__file__).parents[2] / "medviewer" / "ui"
SAYS = {
    "setText", "setToolTip", "setWindowTitle", "setPlaceholderText", "setAccessibleName", "setStatusTip",
    "setTitle", "setAccessibleDescription", "addMenu", "addAction", "setHorizontalHeaderLabels", "drawText",
    "addItem", "setItemText", "QLabel", "QPushButton", "QAction", "QCheckBox",
    "QRadioButton", "QGroupBox", "QMenu",
}  # fmt: skip
SAME_EVERYWHERE = {"MedViewer"}


def _bare_words(call: ast.Call) -> Iterator[str]:
    for node in [*call.args, *(k.value for k in call.keywords)]:
        parts = [node]
        if isinstance(node, ast.List | ast.Tuple):
            parts = list(node.elts)
        if isinstance(node, ast.JoinedStr):
            parts = list(node.values)
        for part in parts:
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value


def test_no_bare_words_are_shown() -> None:
    """What is given to setText and its like comes from `tr` or `put`, never from a literal with letters."""
    wrong = []
    for file in sorted(UI.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name not in SAYS:
                continue
            for text in _bare_words(node):
                if re.search(r"[A-Za-z\u4e00-\u9fff]{2,}", text) and text.strip() not in SAME_EVERYWHERE:
                    wrong.append(f"{file.relative_to(UI)}:{node.lineno} {text!r}")
    assert not wrong


def test_both_languages_are_filled_in_everywhere() -> None:
    """`Words("…", "…")` in the whole program: neither empty alone, the Chinese not a copy of an English sentence."""
    wrong = []
    for file in sorted(UI.parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (
                isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Words" and len(node.args) == 2
            ):
                continue
            en, zh = node.args
            if not (isinstance(en, ast.Constant) and isinstance(zh, ast.Constant)):
                continue
            only_one = bool(en.value) != bool(zh.value)
            spaced = re.sub(r"\{[^}]*\}", "", str(en.value))
            copied = en.value == zh.value and len(re.findall(r"[a-z]{3,}", spaced)) > 1
            fields = [sorted(re.findall(r"\{([a-z_0-9]*)[^}]*\}", str(text.value))) for text in (en, zh)]
            if only_one or copied or fields[0] != fields[1]:
                wrong.append(f"{file.relative_to(UI.parent)}:{node.lineno} {en.value!r}")
    assert not wrong


LATIN_ALLOWED = re.compile(
    r"""^(
    MedViewer|English|AI|CPU|GPU|CT|MR|DX|CR|HU|PNG|JPEG|ZIP|DICOM|NIfTI|NRRD|MIP|MinIP|Inferno|Cividis|ONNX|Runtime|
    Grad-CAM|HiResCAM|TensorRT|CUDA|DirectML|CoreML|OpenVINO|Ctrl|Shift|Alt|[a-z]|Esc|Del|Return|PgUp|PgDown|PgDn|Home|End|
    Space|Up|Down|Left|Right|F\d+|[A-Z]|mm|cm|ml|px|GB|x|y|chest|film|nii|gz|png|tiny|OpenGL|Qt|Enter|Backspace
    )$""",
    re.VERBOSE,
)


def _texts(root: QWidget) -> Iterator[tuple[str, str]]:
    for widget in [root, *root.findChildren(QWidget)]:
        kind = type(widget).__name__
        yield kind, widget.toolTip()
        yield kind, widget.accessibleName()
        if isinstance(widget, QLabel | QAbstractButton):
            yield kind, widget.text()
        if isinstance(widget, QLineEdit):
            yield kind, widget.placeholderText()
        if isinstance(widget, QComboBox):
            yield from ((kind, widget.itemText(n)) for n in range(widget.count()))
        if isinstance(widget, QMenu):
            yield from ((kind, action.text()) for action in widget.actions())
        if isinstance(widget, QAbstractItemView) and widget.model() is not None:
            model = widget.model()
            for n in range(model.rowCount()):
                yield kind, str(model.index(n, 0).data() or "")


def _untranslated(root: QWidget) -> set[str]:
    found = set()
    for kind, text in _texts(root):
        words = re.findall(r"[A-Za-z][A-Za-z0-9-]*", text.split("\t")[0])
        if any(not LATIN_ALLOWED.match(word) for word in words):
            found.add(f"{kind}: {text}")
    return found


@pytest.mark.parametrize("which", ["nothing", "volume", "film"])
def test_the_window_in_chinese_has_no_english_words(open_window: Opened, tmp_path: Path, which: str) -> None:
    install_tiny_packages()
    sources = {"nothing": [], "volume": [phantom_ct(tmp_path)], "film": [film(tmp_path)]}[which]
    window = open_window(*sources, packages=True)
    if which != "nothing":
        window.actions_.run("models.run")
        wait(lambda: not window.runs.running, 60)
        window.actions_.run("finding.next")
    window.speak("zh")
    window.shortcuts.open()
    window.shortcuts.close()
    for popup in (window.palette_popup, window.jobs_panel):
        popup.open()
        popup.close()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # type: ignore[call-overload]
    assert not _untranslated(window)
    window.speak("en")


def test_every_action_reads_differently_in_chinese(open_window: Opened) -> None:
    window = open_window()
    same = [a.id for a in window.actions_ if a.words.en == a.words.zh]
    assert set(same) <= {"language.en", "language.zh"}
