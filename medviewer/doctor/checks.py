"""All checks, one after the other; a check that fails itself becomes a row and never stops the others."""

from __future__ import annotations

from collections.abc import Callable

from medviewer.core.words import Words, same
from medviewer.doctor import decoders, display, machine, models, runtime
from medviewer.doctor.item import Item

Check = tuple[str, Words, Callable[[], Item]]

CHECKS: tuple[Check, ...] = (
    ("system_libraries", Words("System libraries", "系统库"), display.system_libraries),
    ("fonts", Words("Fonts", "字体"), display.fonts),
    ("qt", Words("Window toolkit (Qt)", "窗口工具包（Qt）"), display.qt),
    ("display", Words("Display", "显示器"), display.screen),
    ("opengl", Words("3D (OpenGL)", "三维（OpenGL）"), display.opengl),
    ("runtime", Words("Model runtime (ONNX Runtime)", "模型运行库（ONNX Runtime）"), runtime.packages),
    ("devices", Words("Devices for models", "模型运行设备"), runtime.devices),
    ("decoders", Words("Image decoders", "影像解码器"), decoders.decoders),
    ("models", Words("Models", "模型"), models.models),
    ("disk", Words("Disk", "磁盘"), machine.disk),
    ("memory", Words("Memory", "内存"), machine.memory),
)


def check_all(on_item: Callable[[Item], None] | None = None) -> list[Item]:
    """Look at everything; `on_item` hears of each item as soon as it is known. Takes a few seconds at most."""
    items: list[Item] = []
    for key, title, check in CHECKS:
        try:
            item = check()
        except Exception as fault:  # the doctor tells of what is broken; it must not break itself
            item = Item(
                key, title, "warn",
                Words("could not be looked at ({fault})", "无法检查（{fault}）").format(fault=same(type(fault).__name__)),
            )  # fmt: skip
        items.append(item)
        if on_item is not None:
            on_item(item)
    return items
