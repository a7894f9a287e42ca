"""Shell completion: commands and stages, flags, names of packaged recipes; for bash, zsh and fish."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from ..stages import STAGES
from .console import parser_for

BASH = """\
_hunmin() {
  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]}
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=( $(compgen -W "@COMMANDS@" -- "$word") )
  elif [[ $word == -* ]]; then
    COMPREPLY=( $(compgen -W "$(hunmin "$command" --help 2>/dev/null | grep -oE -- '--[a-z-]+' | sort -u)" -- "$word") )
  elif [[ $COMP_CWORD -eq 2 && " run validate recipes " == *" $command "* ]]; then
    COMPREPLY=( $(compgen -W "@RECIPES@" -- "$word") $(compgen -f -- "$word") )
  elif [[ $COMP_CWORD -eq 2 && $command == help ]]; then
    COMPREPLY=( $(compgen -W "@COMMANDS@" -- "$word") )
  else
    COMPREPLY=( $(compgen -f -- "$word") )
  fi
}
complete -o default -F _hunmin hunmin"""
# bashcompinit needs the completion system, which a bare zsh has not begun.
ZSH = """\
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -u; }
autoload -Uz bashcompinit && bashcompinit
"""
FISH = """\
complete -c hunmin -n __fish_use_subcommand -f -a '@COMMANDS@'
complete -c hunmin -n '__fish_seen_subcommand_from run validate recipes' -a '@RECIPES@'"""


def script(shell: str, commands: Iterable[str]) -> str:
    """Give the completion script of a shell."""
    from ..running import recipe

    text = FISH if shell == "fish" else ZSH + BASH if shell == "zsh" else BASH
    for name, words in (("@COMMANDS@", [*commands, *STAGES]), ("@RECIPES@", recipe.packaged_names())):
        text = text.replace(name, " ".join(dict.fromkeys(words)))
    return text


def main(argv: list[str], about: str, commands: Iterable[str]) -> int:
    parser: argparse.ArgumentParser = parser_for("completion", about)
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), nargs="?", default="bash")
    print(script(parser.parse_args(argv).shell, commands))
    return 0
