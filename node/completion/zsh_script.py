"""The completion script for zsh: bash's, run by zsh's own `bashcompinit`."""

from typing import Final

from node.completion import bash_script
from node.completion.grammar import Grammar

HEAD: Final = """\
# zsh completion of hushang, written by: hushang completion zsh
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -D }
autoload -Uz bashcompinit && bashcompinit
"""


def write(grammar: Grammar) -> str:
    """The script, to be sourced in .zshrc."""
    return HEAD + bash_script.write(grammar)
