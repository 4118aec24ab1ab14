"""A model's card: what it is for and not for, its measured figures, the text of the card itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QTextBrowser, QVBoxLayout, QWidget

from medviewer.core.words import Words
from medviewer.ui import parts
from medviewer.ui.language import tr
from medviewer.ui.theme import COLORS

if TYPE_CHECKING:
    from medviewer.inference.package import ModelPackage

NOT_FOR = Words("Not for: {what}", "不适用于：{what}")
MEASURED = Words("Measured", "实测指标")
NO_FIGURES = Words("No figures have been measured.", "尚无实测指标。")
CLOSE = Words("Close", "关闭")
FIGURE = Words(
    "{name}  {value}  (95 % {low} to {high}, n = {n})",
    "{name}  {value}（95 % 区间 {low} 至 {high}，n = {n}）",
)


class CardView(QFrame):
    """Popup beside the Assist panel."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("popup")
        self._title = parts.label(size="panel")
        self._about = parts.label(tone="text2", wrap=True)
        self._text = QTextBrowser()
        self._text.setOpenLinks(False)
        self._text.setStyleSheet(f"QTextBrowser {{ background: {COLORS['raised']}; border: none; }}")
        box = QVBoxLayout(self)
        box.setContentsMargins(20, 14, 14, 14)
        box.setSpacing(8)
        box.addLayout(parts.row(self._title, None, parts.icon_button("x", CLOSE, self.close)))
        box.addWidget(self._about)
        box.addWidget(self._text, 1)

    def open(self, package: ModelPackage, beside: QWidget) -> None:
        spec = package.spec
        self._title.setText(f"{tr(spec.title)}  {package.version}")
        told = [tr(spec.summary), tr(NOT_FOR.format(what=spec.not_for)) if spec.not_for.en else ""]
        self._about.setText("\n".join(part for part in told if part))
        figures = "\n".join(f"- {line}" for line in _figures(package.metrics)) or tr(NO_FIGURES)
        self._text.setMarkdown(f"### {tr(MEASURED)}\n\n{figures}\n\n---\n\n{package.card}")
        self.resize(560, 620)
        window = beside.window()
        corner = beside.mapToGlobal(beside.rect().topLeft())
        top = window.mapToGlobal(window.rect().topLeft()).y() + 60
        self.move(corner.x() - self.width() - 16, max(top, min(corner.y(), top + window.height() - 740)))
        self.show()


def _figures(metrics: dict[str, Any]) -> list[str]:
    lines = []
    for name, row in metrics.items():
        if not isinstance(row, dict) or not isinstance(row.get("value"), int | float):
            continue
        ends = row.get("ci95")
        if isinstance(ends, list) and len(ends) == 2:
            told = FIGURE.format(
                name=name,
                value=f"{row['value']:.3g}",
                low=f"{ends[0]:.3g}",
                high=f"{ends[1]:.3g}",
                n=row.get("n", "?"),
            )
            lines.append(tr(told))
        else:
            lines.append(f"{name}  {row['value']:.3g}")
    return lines
