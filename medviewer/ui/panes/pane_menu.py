"""The menu of a pane (right click): windows, plane, slab, interpolation, reset."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from medviewer.core.plane import Slab
from medviewer.core.words import Words
from medviewer.imaging.reslice import Interpolation
from medviewer.imaging.volume3d.transfer_functions import fitting_presets
from medviewer.ui.language import tr
from medviewer.ui.panes.corner_painter import SLAB_WORDS
from medviewer.workspace import clipping, fusion
from medviewer.workspace.describe import series_name
from medviewer.workspace.pane_state import VIEW_WORDS, ViewName
from medviewer.workspace.viewing import SLABS_MM
from medviewer.workspace.workspace import Workspace

AS_STORED = Words("As stored", "文件默认")
WINDOW = Words("Window", "窗宽窗位")
INVERT = Words("Invert", "反色")
PLANE = Words("Plane", "平面")
SLAB = Words("Slab", "层厚投影")
OFF = Words("Off", "关闭")
THICKNESS = Words("Thickness", "厚度")
INTERPOLATION = Words("Interpolation", "插值")
KINDS: dict[Interpolation, Words] = {
    "nearest": Words("Nearest", "最近邻"), "linear": Words("Linear", "线性"), "cubic": Words("Cubic", "三次"),
}  # fmt: skip
LINK = Words("Linked", "联动")
FIT = Words("Fit to pane", "适合窗格")
RESET = Words("Reset", "复位")
FULL = Words("Full pane", "最大化窗格")
CLEAR = Words("Close in this pane", "清空窗格")
PRESET = Words("Preset", "预设")
CLIP = Words("Clip at the crosshair", "在十字线处剖切")
FUSION = Words("Second series over this one", "叠加第二序列")
OPACITY = Words("Opacity", "不透明度")
TAKE_AWAY = Words("Take the second series away", "移除第二序列")
NO_OTHER = Words("No other volume is open", "未打开其他体数据")


def pane_menu(ws: Workspace, index: int, parent: QWidget) -> QMenu:
    """Made anew each time, from the state of the pane."""
    menu = QMenu(parent)
    pane, view = ws.panes[index], ws.viewing
    series = view.loaded(index)
    if series is not None and pane.view == "3d":
        presets = menu.addMenu(tr(PRESET))
        for preset in fitting_presets(series.volume):
            chosen = pane.camera.preset == preset.id

            def choose(name: str = preset.id) -> None:
                pane.camera.preset = name
                ws.pane_changed.emit(index)

            _add(presets, tr(preset.name), choose, chosen)
        halves = menu.addMenu(tr(CLIP))
        for keep in clipping.KEPT:
            cut = partial(clipping.clip, ws, index, keep)
            _add(halves, tr(clipping.KEPT_WORDS[keep]), cut, clipping.kept(ws, index) == keep)
    if series is not None and pane.is_image:
        _add_image_items(menu, ws, index)
    if series is not None and not series.is_stack:
        planes = menu.addMenu(tr(PLANE))
        names: tuple[ViewName, ...] = ("axial", "coronal", "sagittal", "3d")
        for name in names:
            _add(planes, tr(VIEW_WORDS[name]), partial(view.set_view, index, name), pane.view == name)
    menu.addSeparator()
    if pane.is_image:
        _add(menu, tr(LINK), lambda: view.toggle_link(index), pane.link is not None)
        _add(menu, tr(FIT), lambda: view.fit(index))
    _add(menu, tr(RESET), lambda: view.reset(index))
    if ws.layout.count > 1:
        _add(menu, tr(FULL), lambda: view.maximise(index), ws.layout.maximised is not None)
    if pane.key is not None:
        _add(menu, tr(CLEAR), lambda: ws.clear_pane(index))
    return menu


def _add_image_items(menu: QMenu, ws: Workspace, index: int) -> None:
    pane, view = ws.panes[index], ws.viewing
    series = view.loaded(index)
    assert series is not None
    if not series.volume.is_color:
        windows = menu.addMenu(tr(WINDOW))
        _add(windows, f"{tr(AS_STORED)}\t0", lambda: view.apply_preset(index, 0), pane.window is None)
        for n, preset in enumerate(view.presets(index), 1):
            text = f"{tr(preset.name)}\t{n}" if n < 10 else tr(preset.name)
            chosen = view.window(index) == preset.window
            _add(windows, text, partial(view.set_window, index, preset.window), chosen)
        _add(menu, tr(INVERT), lambda: view.toggle_invert(index), pane.invert)
    if not series.is_stack:
        slabs = menu.addMenu(tr(SLAB))
        now = pane.slab
        _add(slabs, tr(OFF), lambda: view.set_slab(index, None), now is None)
        mm = now.thickness_mm if now else 10.0
        for mode, words in SLAB_WORDS.items():
            slab = Slab(mm, mode)  # type: ignore[arg-type]  # the keys are the modes
            _add(slabs, tr(words), partial(view.set_slab, index, slab), now is not None and now.mode == mode)
        thick = slabs.addMenu(tr(THICKNESS))
        for other in SLABS_MM[1:]:
            slab = Slab(other, now.mode if now else "max")
            _add(
                thick,
                f"{other:g} mm",
                partial(view.set_slab, index, slab),
                now is not None and mm == other,
            )
        _add_fusion(menu.addMenu(tr(FUSION)), ws, index)
    kinds = menu.addMenu(tr(INTERPOLATION))
    for kind, words in KINDS.items():
        _add(kinds, tr(words), partial(view.set_interpolation, index, kind), pane.interpolation == kind)


def _add_fusion(menu: QMenu, ws: Workspace, index: int) -> None:
    """The other volumes; those that can't lie over this one are grey, with the reason."""
    now, offered = ws.panes[index].fusion, fusion.choices(ws, index)
    for choice in offered:
        name = series_name(ws, choice.key).replace("&", "&&") or choice.key
        why = choice.refusal or choice.doubt
        text = f"{name} ({tr(why)})" if why is not None else name
        entry = _add(menu, text, partial(fusion.show, ws, index, choice.key), bool(now and now.key == choice.key))
        entry.setEnabled(choice.refusal is None)
    if not offered:
        _add(menu, tr(NO_OTHER), lambda: None).setEnabled(False)
    if now is None:
        return
    menu.addSeparator()
    shares = menu.addMenu(tr(OPACITY))
    for share in fusion.STEPS:
        set_it = partial(fusion.set_opacity, ws, index, share)
        _add(shares, f"{share:.0%}", set_it, abs(now.opacity - share) < 0.005)
    _add(menu, tr(TAKE_AWAY), lambda: fusion.take_away(ws, index))


def _add(menu: QMenu, text: str, run: Callable[[], object], chosen: bool | None = None) -> QAction:
    action = menu.addAction(text)
    if chosen is not None:
        action.setCheckable(True)
        action.setChecked(chosen)
    action.triggered.connect(lambda *_: run())
    return action
