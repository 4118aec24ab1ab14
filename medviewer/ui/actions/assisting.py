"""Models, findings and why."""

from __future__ import annotations

from medviewer.core.words import Words
from medviewer.ui.actions.context import Context
from medviewer.ui.actions.registry import Action, Actions

FINDINGS = Words("Models and findings", "模型与所见")


def add(actions: Actions, c: Context) -> None:
    """Register them."""
    workspace, results = c.workspace, c.workspace.results

    def has_findings() -> bool:
        return bool(results.findings(workspace.active_key))

    def chosen() -> bool:
        return results.chosen_finding is not None

    def delete() -> None:
        if not workspace.delete_selected() and chosen():
            workspace.review_finding("rejected", go_on=True)

    def delete_possible() -> bool:
        return workspace.marks.get(workspace.marks.selected) is not None or chosen()

    def toggle_map() -> None:
        c.explaining.show_on_image(not c.explaining.is_on_image)

    actions.add(
        Action("models.run", Words("Run ticked models", "运行已勾选的模型"), c.runs.run_ticked, FINDINGS, "play",
               ("Shift+Return",), enabled=lambda: bool(c.runs.ticked())),
        Action("finding.next", Words("Next finding", "下一所见"), lambda: workspace.next_finding(1), FINDINGS,
               "arrow-down", ("N",), enabled=has_findings),
        Action("finding.previous", Words("Previous finding", "上一所见"), lambda: workspace.next_finding(-1), FINDINGS,
               "arrow-up", ("Shift+N",), enabled=has_findings),
        Action("finding.accept", Words("Accept and go on", "接受并继续"),
               lambda: workspace.review_finding("accepted", go_on=True), FINDINGS, "check", ("Return",), enabled=chosen),
        Action("finding.reject", Words("Reject the finding", "拒绝该所见"),
               lambda: workspace.review_finding("rejected", go_on=True), FINDINGS, "x", enabled=chosen),
        Action("mark.delete", Words("Delete the mark, or reject the finding", "删除标记，或拒绝所见"), delete, FINDINGS,
               "trash-2", ("Del",), enabled=delete_possible),
        Action("finding.reopen", Words("Reopen the finding", "重新打开所见"),
               lambda: workspace.review_finding("open"), FINDINGS, "rotate-ccw", enabled=chosen),
        Action("finding.edit", Words("Edit the finding's name", "修改所见名称"), c.window.edit_finding, FINDINGS,
               "pencil", ("F2",), enabled=chosen),
        Action("why.show", Words("Why", "依据"), c.window.show_why, FINDINGS, "lightbulb", ("Y",),
               enabled=lambda: c.explaining.target is not None),
        Action("why.toggle", Words("Map on or off the image", "显示或移除依据图"), toggle_map, FINDINGS, "layers",
               enabled=lambda: c.explaining.map is not None, checked=lambda: c.explaining.is_on_image),
    )  # fmt: skip
