"""`completion`: the script that teaches a shell the commands, options and names."""

from __future__ import annotations

import click

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
    """The completion script of a shell."""
    from click.shell_completion import ShellComplete, get_completion_class  # noqa: PLC0415 - only needed here

    from planner.cli import COMPLETE_VARIABLE, PROGRAM, cli  # noqa: PLC0415 - the group imports this module

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - the choices are the shells that click knows
    # Not the class's own source(): for bash it runs a bash to learn its version.
    emit(ShellComplete.source(kind(cli, {}, PROGRAM, COMPLETE_VARIABLE)), None)
