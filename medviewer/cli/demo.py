"""`medviewer demo`: three synthetic studies, opened and read by the models that ship."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast

import click


@click.command("demo", epilog="Example: medviewer demo --screenshot demo.png --lang zh")
@click.option("--screenshot", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write a picture of the window and end; needs no display.")  # fmt: skip
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language of the window.")
def command(screenshot: Path | None, lang: str | None) -> int:
    """Open three synthetic studies, run the shipped models on them and show what they find.

    Where there is no display the picture is written instead, and its place is printed. Nothing is drawn from stored
    answers: what a model misses is missing.
    """
    from medviewer.ui import application, demo_screenshot

    language = cast("Literal['en', 'zh'] | None", lang)
    if screenshot is None and application.display_missing():
        screenshot = demo_screenshot.usual_place()
    if screenshot is None:
        return application.run([], demo=True, spoken=language)
    written = demo_screenshot.write(screenshot, language)
    click.echo(str(written))
    return 0
