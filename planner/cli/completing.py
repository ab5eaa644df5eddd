"""Shell completion on top of click's, with scripts that handle what click's own do not.

bash splits `sample:altra` and `--map=live` into several words at a colon and at an equals sign (COMP_WORDBREAKS): the
script passes the whole line, and gets back only the part after the last of these. None of the three shells completes
the value in `--map=VALUE` by itself.
"""

from __future__ import annotations

import os

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    shell_complete,
    split_arg_string,
)

__all__ = ["answer", "script"]

_BASH = """\
%(complete_func)s() {
    local type value
    COMPREPLY=()
    while IFS=',' read -r type value; do
        if [[ $type == 'dir' ]]; then
            compopt -o dirnames
        elif [[ $type == 'file' ]]; then
            compopt -o default
        elif [[ $type == 'plain' ]]; then
            COMPREPLY+=("$value")
        fi
    done < <(env COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_COMMAND="${COMP_WORDS[0]}" COMP_TEXT="$2" \\
        %(complete_var)s=bash_complete "$1")
    return 0
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""

_FISH = """\
function %(complete_func)s
    set -l response (env %(complete_var)s=fish_complete COMP_WORDS=(commandline -cp) COMP_CWORD=(commandline -t) \\
        %(prog_name)s)
    for completion in $response
        set -l item (string split --max 2 "," $completion)
        switch $item[1]
            case dir
                for path in (__fish_complete_directories $item[3])
                    echo $item[2]$path
                end
            case file
                for path in (__fish_complete_path $item[3])
                    echo $item[2]$path
                end
            case plain
                echo $item[2]$item[3]
        end
    end
end

complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""


class _Joined(ShellComplete):
    """A shell in which `--option=VALUE` is one word. before: the `--option=` of the unfinished word, if it has one."""

    before = ""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """Completions of the word; of `--option=VALUE`, of the value."""
        option, equals, _ = incomplete.partition("=")
        self.before = option + equals if equals and option.startswith("-") else ""
        return super().get_completions(args, incomplete)


class _Bash(_Joined, BashComplete):
    """bash, with the line as it was typed. typed: the word that is not finished, up to the cursor."""

    source_template = _BASH
    typed = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is not finished, and that one."""
        line = os.environ.get("COMP_LINE")
        if line is None:
            return super().get_completion_args()
        # An extra character at the end turns an empty last word into a word.
        words = split_arg_string(line + ".")
        self.typed = words.pop()[:-1]
        command = os.environ.get("COMP_COMMAND", "")
        return words[words.index(command) + 1 if command in words else 1 :], self.typed

    def format_completion(self, item: CompletionItem) -> str:
        """The completion without the part that bash takes for earlier words."""
        text = os.environ.get("COMP_TEXT", self.typed)
        text = "" if text in {"=", ":"} else text
        kept = self.typed.removesuffix(text) if self.typed.endswith(text) else ""
        whole = self.before + str(item.value) if self.typed else str(item.value)
        return f"{item.type},{whole.removeprefix(kept)}"


class _Zsh(_Joined, ZshComplete):
    """zsh, which expects the option before the completed value."""

    source_template = ZshComplete.source_template.replace("_path_files", "compset -P '-*='; _path_files")

    def format_completion(self, item: CompletionItem) -> str:
        """The whole word."""
        if self.before and item.type == "plain":
            item = CompletionItem(self.before + str(item.value), item.type, item.help)
        return super().format_completion(item)


class _Fish(_Joined, FishComplete):
    """fish, whose script puts the option before the value, and before files too."""

    source_template = _FISH

    def format_completion(self, item: CompletionItem) -> str:
        """Kind, what stands before, the value, and what it means."""
        kind, _, rest = super().format_completion(item).partition(",")
        return f"{kind},{self.before},{rest}"


_SHELLS: dict[str, type[ShellComplete]] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}


def answer(cli: click.Command, program: str, variable: str, instruction: str) -> int:
    """Print what a completion script asks for; returns the exit status. instruction: such as `bash_complete`."""
    for name, kind in _SHELLS.items():
        add_completion_class(kind, name)
    return shell_complete(cli, {}, program, variable, instruction)


def script(cli: click.Command, program: str, variable: str, shell: str) -> str:
    """The completion script of a shell."""
    # Not the class's own source(): for bash it runs a bash to learn its version.
    return ShellComplete.source(_SHELLS[shell](cli, {}, program, variable))
