"""The completion script for fish, which also shows what each word is for."""

from collections.abc import Iterator
from typing import Final

from node.completion.grammar import Grammar, Option

HEAD: Final = """\
# fish completion of hushang, written by: hushang completion fish
function __hushang_path
    set -l path
    set -l skip 0
    set -l words (commandline -opc)
    for word in $words[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case '-*'
                contains -- $word $__hushang_taking; and set skip 1
            case '*'
                set -l longer (string join ' ' $path $word)
                contains -- "$longer" $__hushang_paths; and set path $path $word
        end
    end
    string join ' ' $path
end
function __hushang_at
    set -l path (__hushang_path)
    test "$path" = "$argv[1]"
end
function __hushang_names
    set -l words (commandline -opc)
    set -l at (contains -i -- --context $words)
    set -l context ''
    test -n "$at"; and set context $words[(math $at + 1)]
    hushang --complete $argv[1] $context 2>/dev/null
end
complete -c hushang -f
complete -c hushang -s h -l help -d 'Show help'
"""


def write(grammar: Grammar) -> str:
    """The script."""
    taking = " ".join(map(_quoted, grammar.taking))
    paths = " ".join(_quoted(" ".join(word.path)) for word in grammar.words)
    lines = [f"set -g __hushang_taking {taking}", f"set -g __hushang_paths {paths}"]
    shared = set(grammar.shared)
    lines += [_option("", option) for option in grammar.shared]
    for word in grammar.words:
        parent, own = " ".join(word.path[:-1]), " ".join(word.path)
        lines.append(f"{_at(parent)} -a {word.path[-1]} -d {_quoted(word.help)}")
        lines += [_option(own, option) for option in word.options if option not in shared]
        if word.value:
            lines.append(f"{_at(own)} {_value(word.value)}")
    return HEAD + "\n".join(lines) + "\n"


def _at(path: str) -> str:
    condition = "__hushang_at " + _quoted(path)
    return f"complete -c hushang -n {_quoted(condition)}"


def _option(path: str, option: Option) -> str:
    start = _at(path) if path else "complete -c hushang"
    parts = [start, *_names(option), "-d", _quoted(option.help)]
    if option.takes:
        parts.append(f"-r {_value(option.value)}" if option.value else "-x")
    return " ".join(parts)


def _names(option: Option) -> Iterator[str]:
    for name in option.names:
        flag = "-l" if name.startswith("--") else "-s"
        yield f"{flag} {name.lstrip('-')}"


def _value(value: str) -> str:
    if value == "file":
        return "-F"
    if value.startswith("="):
        return f"-f -a {_quoted(value[1:])}"
    return f"-f -a {_quoted(f'(__hushang_names {value})')}"


def _quoted(text: str) -> str:
    inner = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{inner}'"
