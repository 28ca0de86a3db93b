"""`hushang completion`: the scripts, run by the shells themselves."""

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from node.commands.completion import grammar
from node.completion import bash_script, fish_script, zsh_script
from node.completion.values import values
from tests.commands.command_line import ROOT, inside

# What a shell asks for at every Tab; an idle machine takes 40.
TAB_MS_MAX = 150
Complete = Callable[..., list[str]]

BASH = """
source "$SCRIPT"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_hushang
printf '%s\\n' "${COMPREPLY[@]}"
"""
# As zsh's own `_bash_complete` calls it: bash's words, with arrays from 0.
ZSH = """
source "$SCRIPT"
emulate -L sh; setopt kshglob noshglob braceexpand
""" + BASH.partition("SCRIPT")[2].partition("\n")[2]
FISH = 'source "$SCRIPT"; complete -C (string join " " $argv)'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `hushang` on the path, the scripts, two contexts and a test network's manifest."""
    place = tmp_path_factory.mktemp("completion")
    command = place / "hushang"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "cli.py"}" "$@"\n')
    command.chmod(0o755)
    known = grammar()
    for writer in (bash_script, zsh_script, fish_script):
        (place / writer.__name__.rpartition(".")[2]).write_text(writer.write(known))
    (place / "contexts.toml").write_text("[contexts.shanghai]\n[contexts.shenzhen]\n")
    (place / "nets" / "local").mkdir(parents=True)
    names = [{"name": name} for name in ("pudong", "xuhui")]
    roles = [{"name": name} for name in ("merchant", "member", "buyer")]
    manifest = {"nodes": names, "accounts": roles}
    (place / "nets" / "local" / "testnet.json").write_text(json.dumps(manifest))
    return place


def environment(home: Path, script: str) -> dict[str, str]:
    own = {"SCRIPT": str(home / script), "PATH": f"{home}:{os.environ['PATH']}"}
    own |= {"HUSHANG_CONFIG_HOME": str(home), "HUSHANG_HOME": str(home / "nets")}
    return {**os.environ, **own}


SHELLS = {
    "bash": ("bash_script", ("bash", "--norc", "-c", BASH, "bash")),
    "zsh": ("zsh_script", ("zsh", "-f", "-c", ZSH, "zsh")),
    "fish": ("fish_script", ("fish", "--no-config", "-c", FISH)),
}


@pytest.fixture(params=[name for name in SHELLS if shutil.which(name)])
def complete(request: pytest.FixtureRequest, home: Path) -> Complete:
    """The words that a shell offers after these; the last one is being typed."""
    script, command = SHELLS[request.param]

    def run(*words: str) -> list[str]:
        done = subprocess.run(
            [*command, "hushang", *words],
            env=environment(home, script),
            cwd=home,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.stderr == ""
        offered = sorted(line.partition("\t")[0] for line in done.stdout.splitlines() if line)
        # Zsh takes out what doesn't fit by itself, later.
        is_zsh = request.param == "zsh"
        return [word for word in offered if not is_zsh or word.startswith(words[-1])]

    return run


def test_nouns_verbs_and_verbs_below_them(complete: Complete) -> None:
    assert complete("ord") == ["order"]
    assert complete("context", "") == ["add", "list", "name", "remove", "show", "use"]
    assert complete("-o", "json", "order", "cr") == ["create"]
    assert "create" in complete("code", "batch", "")


def test_options_of_a_verb_and_those_of_all(complete: Complete) -> None:
    assert complete("order", "create", "--ship") == ["--ship-to"]
    assert complete("status", "--conte") == ["--context"]
    assert complete("pay", "transfer", "--dry") == ["--dry-run"]
    assert complete("status", "--dry") == []


def test_values_are_choices_or_names_of_this_machine(complete: Complete) -> None:
    assert complete("status", "-o", "") == ["json", "ndjson", "table"]
    assert complete("pay", "transfer", "--wait", "a") == ["accepted"]
    assert complete("pay", "transfer", "--as", "me") == ["member", "merchant"]
    assert complete("status", "--node", "x") == ["xuhui"]
    assert complete("status", "--context", "sh") == ["shanghai", "shenzhen"]
    assert complete("status", "--context", "l") == ["local"]
    assert complete("context", "use", "shang") == ["shanghai"]
    assert complete("explain", "Insuf") == ["InsufficientFunds"]
    assert complete("completion", "") == ["bash", "fish", "zsh"]


def test_files_are_offered_where_a_file_is_meant(complete: Complete) -> None:
    assert complete("tx", "sign", "contexts.t") == ["contexts.toml"]
    assert complete("status", "--key", "contexts.t") == ["contexts.toml"]


def test_a_tab_imports_nothing_heavy_and_takes_no_time(home: Path) -> None:
    script = (
        "import sys, cli\n"
        "try:\n    cli.main(['--complete', 'accounts', ''])\nexcept SystemExit as end:\n"
        "    assert end.code == 0\n"
        "print([n for n in ('typer', 'aiohttp', 'pydantic', 'msgpack') if n in sys.modules])"
    )
    env = environment(home, "bash_script") | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", script]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.stdout.split() == ["buyer", "member", "merchant", "[]"]
    # Its own time: a busy machine is no fault of it.
    took_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert took_s * 1000 < TAB_MS_MAX


def test_what_can_not_be_read_is_no_name(tmp_path: Path) -> None:
    environ = {"HUSHANG_CONFIG_HOME": str(tmp_path), "HUSHANG_HOME": str(tmp_path)}
    assert values("contexts", "", environ) == []
    (tmp_path / "contexts.toml").write_text("[contexts")
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "testnet.json").write_text("[")
    assert values("named", "", environ) == []
    assert values("nodes", "", environ) == []
    assert values("accounts", str(tmp_path / "gone") + "/", environ) == []
    assert values("rubbish", "", environ) == []


def test_the_scripts_name_every_noun_and_come_from_the_command() -> None:
    for shell, writer in (("bash", bash_script), ("zsh", zsh_script), ("fish", fish_script)):
        ran = inside("completion", shell)
        assert ran.code == 0
        assert ran.out.decode() == writer.write(grammar())
        assert all(word.path[0] in ran.out.decode() for word in grammar().words)
