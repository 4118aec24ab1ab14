"""`medviewer completion`: the line that switches shell completion on."""

from __future__ import annotations

import click

LINES = {
    "bash": 'eval "$(_MEDVIEWER_COMPLETE=bash_source medviewer)"',
    "zsh": 'eval "$(_MEDVIEWER_COMPLETE=zsh_source medviewer)"',
    "fish": "_MEDVIEWER_COMPLETE=fish_source medviewer | source",
}


@click.command("completion", epilog="Example: medviewer completion bash >> ~/.bashrc")
@click.argument("shell", type=click.Choice(sorted(LINES)))
def command(shell: str) -> None:
    """Print the line that switches shell completion on."""
    click.echo(LINES[shell])
