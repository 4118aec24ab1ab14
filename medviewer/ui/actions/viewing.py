"""Looking: tools, layouts, slices, brightness, orientation."""

from __future__ import annotations

from typing import cast

from medviewer.core.words import Words
from medviewer.ui.actions.context import Context
from medviewer.ui.actions.registry import Action, Actions, Held
from medviewer.workspace import clipping, fusion
from medviewer.workspace.layout import LAYOUT_WORDS, LAYOUTS, LayoutName
from medviewer.workspace.pane_state import VIEW_WORDS, ViewName
from medviewer.workspace.workspace import ToolName

TOOLS_GROUP = Words("Tools", "工具")
LAYOUT = Words("Layout", "布局")
SLICES = Words("Slices and series", "层面与序列")
BRIGHTNESS = Words("Window", "窗宽窗位")
VIEW = Words("View", "视图")

TOOLS: tuple[tuple[ToolName, Words, str, str], ...] = (
    ("window", Words("Window", "窗宽窗位"), "contrast", "W"),
    ("pan", Words("Pan", "平移"), "hand", "P"),
    ("zoom", Words("Zoom", "缩放"), "zoom-in", "Z"),
    ("scroll", Words("Scroll", "翻层"), "gallery-vertical-end", "S"),
    ("crosshair", Words("Crosshair", "十字线"), "crosshair", "C"),
    ("length", Words("Length", "长度"), "ruler", "L"),
    ("angle", Words("Angle", "角度"), "angle", "A"),
    ("ellipse", Words("Ellipse", "椭圆"), "ellipse", "E"),
    ("probe", Words("Probe", "探针"), "pipette", "D"),
)
HOLD = Words("Hold the letter and drag: only while held.", "按住字母键并拖动：仅在按住时生效。")
BAR: tuple[str | None, ...] = (
    "tool.window", "tool.pan", "tool.zoom", "tool.scroll", "tool.crosshair", None, "tool.length", "tool.angle",
    "tool.ellipse", "tool.probe", None, "layout.menu", "view.link",
)  # fmt: skip
PRESETS = 9


def add(actions: Actions, c: Context) -> None:
    """Register them."""
    for name, words, icon, key in TOOLS:
        _add_tool(actions, c, name, words, icon, key)
    _add_layouts(actions, c)
    _add_slices(actions, c)
    _add_brightness(actions, c)
    _add_view(actions, c)
    _add_fusion(actions, c)
    _add_clip(actions, c)


def _add_tool(actions: Actions, c: Context, name: ToolName, words: Words, icon: str, key: str) -> None:
    workspace = c.workspace
    before: list[ToolName] = []

    def press() -> None:
        before[:] = [workspace.tool]
        workspace.set_tool(name)
        actions.changed.emit()

    def release(tapped: bool) -> None:
        if not tapped and before:
            workspace.set_tool(before[0])
        actions.changed.emit()

    actions.add(
        Action(f"tool.{name}", words, lambda: workspace.set_tool(name), TOOLS_GROUP, icon, (key,),
               enabled=lambda: c.something_open, checked=lambda: workspace.tool == name, tip=HOLD)
    )  # fmt: skip
    actions.hold(f"tool.{name}", Held(press, release))


def _add_layouts(actions: Actions, c: Context) -> None:
    layout = c.workspace.layout

    def next_layout() -> None:
        at = LAYOUTS.index(layout.name)
        c.workspace.set_layout(LAYOUTS[(at + 1) % len(LAYOUTS)])

    icons = {
        "1x1": "maximize",
        "1x2": "columns-2",
        "2x2": "grid-2x2",
        "3+1": "layout-panel-left",
        "planes": "box",
    }
    actions.add(
        Action("layout.menu", Words("Next layout", "下一布局"), next_layout, LAYOUT, "layout-grid", ("G",),
               enabled=lambda: c.something_open)
    )  # fmt: skip
    for n, name in enumerate(LAYOUTS, 1):
        actions.add(
            Action(f"layout.{name}", LAYOUT_WORDS[name], lambda name=name: c.workspace.set_layout(cast(LayoutName, name)),  # type: ignore[misc]
                   LAYOUT, icons[name], (f"Ctrl+{n}",), enabled=lambda: c.something_open,
                   checked=lambda name=name: layout.name == name)  # type: ignore[misc]
        )  # fmt: skip
    actions.add(
        Action("pane.full", Words("Full pane and back", "窗格最大化/还原"),
               lambda: c.workspace.viewing.maximise(c.workspace.active_pane), LAYOUT, "maximize", ("F",),
               enabled=lambda: c.something_open, checked=lambda: layout.maximised is not None),
        Action("view.link", Words("Link this pane", "联动此窗格"),
               lambda: c.workspace.viewing.toggle_link(c.workspace.active_pane), LAYOUT, "link-2", ("J",),
               enabled=lambda: c.something_open, checked=lambda: c.workspace.active.link is not None),
    )  # fmt: skip


def _add_slices(actions: Actions, c: Context) -> None:
    workspace, viewing = c.workspace, c.workspace.viewing

    def scroll(steps: int) -> None:
        if abs(steps) == 1 and workspace.nudge_selected(0, steps):
            return
        viewing.scroll(workspace.active_pane, steps)

    def to_end(last: bool) -> None:
        slices = viewing.slices(workspace.active_pane)
        if slices is not None:
            viewing.scroll_to(workspace.active_pane, slices.count - 1 if last else 0)

    def series(step: int) -> None:
        if workspace.nudge_selected(step, 0):
            return
        found = workspace.studies.after(workspace.active_key, step)
        if found is not None:
            workspace.open_series(found.key)

    def study(step: int) -> None:
        found = workspace.studies.study_after(workspace.active_key, step)
        if found is not None:
            workspace.open_series(found.key)

    def filled() -> bool:
        return c.pane_filled

    rows: tuple[tuple[str, Words, object, str, str], ...] = (
        ("slice.up", Words("Slice up", "上一层"), lambda: scroll(-1), "arrow-up", "Up"),
        ("slice.down", Words("Slice down", "下一层"), lambda: scroll(1), "arrow-down", "Down"),
        ("slice.up10", Words("Ten slices up", "上十层"), lambda: scroll(-10), "arrow-up", "PgUp"),
        ("slice.down10", Words("Ten slices down", "下十层"), lambda: scroll(10), "arrow-down", "PgDown"),
        ("slice.first", Words("First slice", "首层"), lambda: to_end(False), "skip-back", "Home"),
        ("slice.last", Words("Last slice", "末层"), lambda: to_end(True), "skip-forward", "End"),
        ("series.previous", Words("Previous series", "上一序列"), lambda: series(-1), "arrow-left", "Left"),
        ("series.next", Words("Next series", "下一序列"), lambda: series(1), "arrow-right", "Right"),
        ("study.previous", Words("Previous study", "上一检查"), lambda: study(-1), "arrow-up", "Ctrl+Up"),
        ("study.next", Words("Next study", "下一检查"), lambda: study(1), "arrow-down", "Ctrl+Down"),
    )
    for action_id, words, run, icon, key in rows:
        actions.add(Action(action_id, words, run, SLICES, icon, (key,), enabled=filled))  # type: ignore[arg-type]
    actions.add(
        Action("view.cine", Words("Cine", "电影播放"), lambda: viewing.toggle_cine(workspace.active_pane), SLICES,
               "clapperboard", ("Space",), enabled=filled, checked=lambda: workspace.active.cine.playing)
    )  # fmt: skip


def _add_brightness(actions: Actions, c: Context) -> None:
    workspace, viewing = c.workspace, c.workspace.viewing

    def preset(number: int) -> None:
        if not c.something_open:
            c.window.open_recent(number)
            return
        viewing.apply_preset(workspace.active_pane, number)

    def words(number: int) -> Words:
        return Words("Window preset {n}", "预设窗 {n}").format(n=number)

    actions.add(
        Action("window.stored", Words("Window as stored", "原始窗宽窗位"),
               lambda: viewing.apply_preset(workspace.active_pane, 0), BRIGHTNESS, "contrast", ("0",),
               enabled=lambda: c.pane_filled)
    )  # fmt: skip
    for n in range(1, PRESETS + 1):
        actions.add(
            Action(f"window.preset{n}", words(n), lambda n=n: preset(n), BRIGHTNESS, "contrast", (str(n),),  # type: ignore[misc]
                   enabled=lambda n=n: not c.something_open or n <= len(viewing.presets(workspace.active_pane)))  # type: ignore[misc]
        )  # fmt: skip
    actions.add(
        Action("view.invert", Words("Invert", "反相"), lambda: viewing.toggle_invert(workspace.active_pane), BRIGHTNESS,
               "sun", ("I",), enabled=lambda: c.pane_filled, checked=lambda: workspace.active.invert)
    )  # fmt: skip


def _add_view(actions: Actions, c: Context) -> None:
    workspace, viewing, overlays = c.workspace, c.workspace.viewing, c.workspace.overlays
    corners = ("full", "short", "none")
    interpolations = ("linear", "nearest", "cubic")

    def next_corners() -> None:
        overlays.set(corners=corners[(corners.index(overlays.corners) + 1) % 3])

    def next_interpolation() -> None:
        now = interpolations.index(workspace.active.interpolation)
        viewing.set_interpolation(workspace.active_pane, interpolations[(now + 1) % 3])  # type: ignore[arg-type]

    def filled() -> bool:
        return c.pane_filled

    def has_planes() -> bool:
        series = viewing.loaded(workspace.active_pane)
        return series is not None and not series.is_stack

    active = lambda: workspace.active_pane  # noqa: E731
    actions.add(
        Action("view.reset", Words("Reset this pane", "重置此窗格"), lambda: viewing.reset(active()), VIEW, "rotate-ccw",
               ("R",), enabled=filled),
        Action("view.reset_all", Words("Reset all panes", "重置所有窗格"), viewing.reset_all, VIEW, "rotate-ccw",
               ("Shift+R",), enabled=filled),
        Action("view.fit", Words("Fit the image to the pane", "图像适合窗格"), lambda: viewing.fit(active()), VIEW,
               "minimize", enabled=filled),
        Action("view.overlays", Words("Overlays", "叠加层"), lambda: overlays.toggle("visible"), VIEW, "layers", ("H",),
               enabled=filled, checked=lambda: overlays.visible,
               tip=Words("Hold to look under them.", "按住可查看下方图像。")),
        Action("view.lines", Words("Crosshair lines", "十字线"), lambda: overlays.toggle("crosshair"), VIEW, "crosshair",
               ("X",), enabled=filled, checked=lambda: overlays.crosshair),
        Action("view.corners", Words("Corner text: full, short, none", "角落文字：完整、简短、无"), next_corners, VIEW,
               "file", ("T",), enabled=filled),
        Action("slab.mode", Words("Slab: MIP, MinIP, mean, none", "层块：最大、最小、平均、无"),
               lambda: viewing.next_slab_mode(active()), VIEW, "layers", ("M",), enabled=has_planes),
        Action("slab.thinner", Words("Thinner slab", "层块变薄"), lambda: viewing.change_slab(active(), -1), VIEW,
               "minus", ("[",), enabled=has_planes),
        Action("slab.thicker", Words("Thicker slab", "层块变厚"), lambda: viewing.change_slab(active(), 1), VIEW, "plus",
               ("]",), enabled=has_planes),
        Action("view.interpolation", Words("Interpolation: linear, nearest, cubic", "插值：线性、最近邻、三次"),
               next_interpolation, VIEW, "spline", enabled=filled),
        Action("view.straighten", Words("Straighten turned planes", "恢复倾斜平面"), lambda: viewing.straighten(active()),
               VIEW, "rotate-cw", enabled=has_planes),
    )  # fmt: skip
    for name in ("axial", "coronal", "sagittal", "3d"):
        actions.add(
            Action(f"view.{name}", VIEW_WORDS[name], lambda name=name: viewing.set_view(active(), cast(ViewName, name)),  # type: ignore[misc]
                   VIEW, "rotate-3d" if name == "3d" else "square", enabled=has_planes,
                   checked=lambda name=name: workspace.active.view == name)  # type: ignore[misc]
        )  # fmt: skip
    state = {"was": True}

    def press() -> None:
        state["was"] = overlays.visible
        overlays.set(visible=not overlays.visible)

    def release(tapped: bool) -> None:
        if not tapped:
            overlays.set(visible=state["was"])
        actions.changed.emit()

    actions.hold("view.overlays", Held(press, release))


def _add_fusion(actions: Actions, c: Context) -> None:
    workspace = c.workspace
    active = lambda: workspace.active_pane  # noqa: E731

    def possible() -> bool:
        return any(choice.refusal is None for choice in fusion.choices(workspace, active()))

    def show() -> None:
        fusion.show_next(workspace, active())

    def is_fused() -> bool:
        return workspace.active.fusion is not None and workspace.active.is_image

    actions.add(
        Action("fusion.show", Words("Show a second series over this one", "在此序列上叠加第二序列"),
               show, VIEW, "images", enabled=possible, checked=is_fused,
               tip=Words("Again: the next series that fits. All of them are in the pane's menu.",
                         "再次执行：下一个适合的序列。全部序列见窗格菜单。")),
        Action("fusion.more", Words("Second series: more opaque", "第二序列：更不透明"),
               lambda: fusion.change_opacity(workspace, active(), 1), VIEW, "plus", enabled=is_fused),
        Action("fusion.less", Words("Second series: more transparent", "第二序列：更透明"),
               lambda: fusion.change_opacity(workspace, active(), -1), VIEW, "minus", enabled=is_fused),
        Action("fusion.off", Words("Take the second series away", "移除第二序列"),
               lambda: fusion.take_away(workspace, active()), VIEW, "x", enabled=is_fused),
    )  # fmt: skip


def _add_clip(actions: Actions, c: Context) -> None:
    workspace = c.workspace

    def run() -> None:
        index = clipping.pane_of(workspace)
        if index is not None:
            clipping.clip_next(workspace, index)

    def is_cut() -> bool:
        index = clipping.pane_of(workspace)
        return index is not None and workspace.panes[index].camera.clip is not None

    actions.add(
        Action("view.clip", Words("Clip 3D at the crosshair", "在十字线处剖切三维"), run, VIEW, "crop",
               enabled=lambda: clipping.pane_of(workspace) is not None, checked=is_cut,
               tip=Words("Keeps what lies behind the crosshair's plane, then what lies in front of it, then all.",
                         "依次保留十字线平面后方、前方、全部。"))
    )  # fmt: skip
