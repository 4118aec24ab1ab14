"""`medviewer doctor`: what this machine has, what is missing, and what puts it right."""

from __future__ import annotations

import json

import click

from medviewer.core.words import Language

_MARKS = {"ok": "[ok]  ", "warn": "[warn]", "fail": "[FAIL]"}
_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command("doctor", epilog="Example: medviewer doctor --json")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", help="Language of the answers.")
def command(as_json: bool, lang: Language) -> None:
    """Look at system libraries, OpenGL, devices, decoders, models, fonts, disk and memory.

    Each is ok, warn (something is not as good as it could be) or fail (something can't work), with what puts it
    right. The exit code is 0 whatever is found.
    """
    from medviewer.core.words import Words
    from medviewer.doctor.checks import check_all
    from medviewer.doctor.item import Item

    if as_json:
        click.echo(json.dumps([item.as_json(lang) for item in check_all()], ensure_ascii=False, indent=1))
        return

    def show(item: Item) -> None:
        mark = click.style(_MARKS[item.state], fg=_COLOURS[item.state])
        click.echo(f"{mark} {item.title.text(lang)}: {item.detail.text(lang)}")
        if item.fix is not None:
            click.echo(f"       → {item.fix.text(lang)}")

    worst = {item.state for item in check_all(show)}
    if "fail" in worst:
        verdict = Words("Something can't work: see FAIL above.", "有功能无法使用：见上方 FAIL。")
    elif "warn" in worst:
        verdict = Words("It works; what is marked could be better.", "可以使用；标记项可进一步改善。")
    else:
        verdict = Words("All is well.", "一切正常。")
    click.echo(verdict.text(lang))
