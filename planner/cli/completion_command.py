"""`completion`: the completion script of a shell."""

from __future__ import annotations

import click

from planner.cli import COMPLETE_VARIABLE, PROGRAM, cli
from planner.cli.completing import script
from planner.cli.output import emit

__all__ = ["completion"]

_EPILOG = """\
\b
One line installs it:
  bash  crashkernel-planner completion bash >> ~/.bashrc
  zsh   crashkernel-planner completion zsh >> ~/.zshrc
  fish  crashkernel-planner completion fish >> ~/.config/fish/config.fish

\b
Example:
  crashkernel-planner completion bash
"""


@click.command(epilog=_EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell."""
    emit(script(cli, PROGRAM, COMPLETE_VARIABLE, shell), None)
