"""A node's health, asked in its own container: `python -m node.deploy.probe /ready`; exit 0 or 1.

It asks where the node's own settings say that it listens, over TLS where it has a certificate.
"""

import http.client
import os
import ssl
import sys
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final

from chain.errors import HushangError
from node.config import FILE_NAME, NodeConfig, load_config

TIMEOUT_S: Final = 4.0
EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what is asked instead


def probe(config: NodeConfig, path: str) -> tuple[bool, str]:
    """Does the node say yes, and what does it say?"""
    host = EVERYWHERE.get(config.api_host, config.api_host)
    connection = _connection(host, config.api_port, has_tls=_has_tls(config))
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        words = answer.read(4096).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return False, str(error)
    finally:
        connection.close()
    return answer.status == HTTPStatus.OK, words


def _connection(host: str, port: int, *, has_tls: bool) -> http.client.HTTPConnection:
    if not has_tls:
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    # On this machine: the certificate names another host, and nobody is between.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=context)


def _has_tls(config: NodeConfig) -> bool:
    return getattr(config, "api_certificate", None) is not None


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Print what the node says, and return the exit code."""
    path = arguments[0] if arguments else "/ready"
    file = Path(environ.get("HUSHANG_CONFIG") or FILE_NAME)
    try:
        is_well, words = probe(load_config(file, environ, {}), path)
    except HushangError as error:
        is_well, words = False, f"{error.code}: {error}"
    sys.stdout.write(words + "\n")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
