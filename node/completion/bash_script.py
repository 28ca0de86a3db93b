"""The completion script for bash: words in `case` tables, files and names asked for at Tab."""

from collections.abc import Iterator
from typing import Final

from node.completion.grammar import Grammar, Option

KINDS: Final = ("accounts", "nodes", "contexts", "named")

HEAD: Final = """\
# bash completion of hushang, written by: hushang completion bash
_hushang_words() { COMPREPLY=($(compgen -W "$1" -- "$2")); }
_hushang_files() { compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$1")); }
_hushang_value() {
  case "$1" in
    =*) _hushang_words "${1#=}" "$2" ;;
    file) _hushang_files "$2" ;;
    accounts|nodes|contexts|named)
      _hushang_words "$(hushang --complete "$1" "$3" 2>/dev/null | tr '\n' ' ')" "$2" ;;
  esac
}
"""
# `path` would be zsh's own.
BODY: Final = """\
_hushang() {
  local cur="${COMP_WORDS[COMP_CWORD]}" prev="" place="" context="" word i=1
  COMPREPLY=()
  [ "$COMP_CWORD" -gt 1 ] && prev="${COMP_WORDS[COMP_CWORD-1]}"
  while [ "$i" -lt "$COMP_CWORD" ]; do
    word="${COMP_WORDS[i]}"
    case "$word" in
      -*)
        case " $_hushang_taking " in
          *" $word "*)
            i=$((i+1))
            [ "$word" = --context ] && context="${COMP_WORDS[i]}" ;;
        esac ;;
      *)
        case "$_hushang_paths" in *"|$place$word|"*) place="$place$word " ;; esac ;;
    esac
    i=$((i+1))
  done
  local value
  case " $_hushang_taking " in
    *" $prev "*)
      if [ -n "$prev" ]; then
        value="$(_hushang_option "$place" "$prev")"
        _hushang_value "$value" "$cur" "$context"
        return
      fi ;;
  esac
  case "$cur" in
    -*) _hushang_words "$(_hushang_options "$place")" "$cur" ;;
    *)
      value="$(_hushang_next "$place")"
      _hushang_value "$value" "$cur" "$context" ;;
  esac
}
complete -F _hushang hushang
"""


def write(grammar: Grammar) -> str:
    """The script."""
    paths = "|".join(["", *(" ".join(word.path) for word in grammar.words), ""])
    shared = " ".join(name for option in grammar.shared for name in option.names)
    lines = [
        f"_hushang_taking='{' '.join(grammar.taking)}'",
        f"_hushang_paths='{paths}'",
        '_hushang_next() {\n  case "$1" in',
        *_next(grammar),
        "  esac\n}",
        '_hushang_options() {\n  local own=\n  case "$1" in',
        *_options(grammar),
        f'  esac\n  echo "{shared} --help $own"\n}}',
        '_hushang_option() {\n  case "$1$2" in',
        *_values(grammar),
        "  esac\n}",
    ]
    return HEAD + "\n".join(lines) + "\n" + BODY


def _next(grammar: Grammar) -> Iterator[str]:
    """What follows a path: words, or the value of a verb's first argument."""
    for path in grammar.paths:
        words = " ".join(word.path[-1] for word in grammar.below(path))
        yield f"    '{_pattern(path)}') echo '={words}' ;;"
    for word in grammar.words:
        if word.value:
            yield f"    '{_pattern(word.path)}') echo '{word.value}' ;;"


def _options(grammar: Grammar) -> Iterator[str]:
    shared = set(grammar.shared)
    for word in grammar.words:
        own = [name for o in word.options if o not in shared for name in o.names]
        if own:
            yield f"    '{_pattern(word.path)}') own='{' '.join(own)}' ;;"


def _values(grammar: Grammar) -> Iterator[str]:
    """The kinds of values of options; those that all verbs have last, for any path."""
    shared = set(grammar.shared)
    for word in grammar.words:
        for option in word.options:
            if option.value and option not in shared:
                yield _value_line(_pattern(word.path), option)
    for option in grammar.shared:
        if option.value:
            yield _value_line("*", option)


def _value_line(pattern: str, option: Option) -> str:
    start = pattern if pattern == "*" else f"'{pattern}'"
    places = "|".join(f"{start}{name}" for name in option.names)
    return f"    {places}) echo '{option.value}' ;;"


def _pattern(path: tuple[str, ...]) -> str:
    return "".join(f"{word} " for word in path)
