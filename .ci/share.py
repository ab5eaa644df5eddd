"""A build hook: the manual page and the completions of three shells go into the wheel's `share/`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PROGRAM = "crashkernel-planner"
COMPLETIONS = {
    "bash": f"share/bash-completion/completions/{PROGRAM}",
    "zsh": f"share/zsh/site-functions/_{PROGRAM}",
    "fish": f"share/fish/vendor_completions.d/{PROGRAM}.fish",
}


class ShareHook(BuildHookInterface[Any]):
    """Writes the files from the program itself, so that they say what it does."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files to what the wheel shares."""
        del version
        sys.path.insert(0, self.root)
        try:
            from planner.cli import COMPLETE_VARIABLE, cli
            from planner.cli.completing import script
            from planner.cli.man_command import page
        finally:
            sys.path.remove(self.root)
        made = {f"share/man/man1/{PROGRAM}.1": page()}
        made |= {place: script(cli, PROGRAM, COMPLETE_VARIABLE, shell) for shell, place in COMPLETIONS.items()}
        self.folder = tempfile.TemporaryDirectory()
        for place, text in made.items():
            path = Path(self.folder.name, place)
            path.parent.mkdir(parents=True)
            path.write_text(text, encoding="utf-8")
            build_data["shared_data"][str(path)] = place

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was written for the build."""
        del version, build_data, artifact_path
        self.folder.cleanup()
