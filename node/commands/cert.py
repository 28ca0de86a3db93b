"""`hushang cert`: what inspectors certify of products, lots and places."""

from typing import Annotated, Final

import typer

from chain.bech32m import encode_account
from commerce.certificates.certificates import CertIssue, CertRevoke
from commerce.epcis.digital_link import DOMAIN
from commerce.epcis.identifiers import is_key, lot_of_number
from commerce.registry import operation
from commerce.timers import DAY_MS, HOUR_MS
from node.clock import now_ms
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.session import Session
from node.commands.telling import ContentOption, FileOption, needed_document
from node.days import read_day
from node.json_values import read_hash

app = noun("Certify products, lots and places as an inspector.")

GTIN_DIGITS: Final = 14
GLN_DIGITS: Final = 13
# Days begin in China when they do in Shanghai.
SHANGHAI_MS: Final = 8 * HOUR_MS

CERTIFICATE = Annotated[str, typer.Argument(metavar="CERTIFICATE", help="Its id, 64 hex digits.")]
GTIN = Annotated[str | None, typer.Option(help="A product, 14 digits.")]
LOT = Annotated[str | None, typer.Option(help="Only this lot of it.")]
GLN = Annotated[str | None, typer.Option(help="A location, 13 digits.")]


@verb(
    app,
    "issue",
    sends=True,
    examples=(
        'hushang cert issue --gtin 06901234000016 --standard "GB/T 19630-2019"'
        " --until 2027-03-31 --file certificate.pdf --as inspector",
        'hushang cert issue --gtin 06901234000016 --lot SPRING-1 --standard "GB 2763-2021"'
        " --from 2026-04-01 --until 2026-12-31 --file report.pdf --as inspector",
        'hushang cert issue --gln 6901234000009 --standard "GB 14881-2013" --until 2028-12-31'
        f" --content {'ab' * 32} --as inspector",
    ),
)
def issue(  # one option a field
    session: Session,
    standard: Annotated[str, typer.Option(help="What it was inspected by.")],
    until: Annotated[str, typer.Option(help="The last day that it holds: 2027-03-31.")],
    gtin: GTIN = None,
    lot: LOT = None,
    gln: GLN = None,
    since: Annotated[
        str | None, typer.Option("--from", help="The first day that it holds; default: today.")
    ] = None,
    file: FileOption = None,
    content: ContentOption = None,
) -> None:
    """Certify a product, a lot or a place that you are accredited for; prints the certificate's id.

    FILE is the certificate itself: it stays with you, the chain has its hash.
    """
    made = CertIssue(
        scope=scope_of(gtin, lot, gln),
        standard=standard,
        valid_from_ms=_begin_ms(since, "--from") if since is not None else today_ms(now_ms()),
        valid_until_ms=_begin_ms(until, "--until") + DAY_MS - 1,
        document=needed_document(file, content),
    )
    session.send(
        operation("cert.issue", made), found={"certificate_id": "cert.issued.certificate_id"}
    )


@verb(
    app,
    "revoke",
    sends=True,
    examples=('hushang cert revoke $CERTIFICATE --reason "forged records" --as inspector',),
)
def revoke(
    session: Session,
    certificate: CERTIFICATE,
    reason: Annotated[str, typer.Option(help="Why; everybody can read it.")],
) -> None:
    """Take a certificate back for good, as its issuer or a regulator."""
    revoked = CertRevoke(read_hash(certificate, "CERTIFICATE"), reason)
    session.send(operation("cert.revoke", revoked))


@verb(app, "show", examples=("hushang cert show $CERTIFICATE",))
def show(session: Session, certificate: CERTIFICATE) -> None:
    """Show a certificate, and whether it holds now."""
    session.show(f"/v1/certificates/{read_hash(certificate, 'CERTIFICATE').hex()}")


@verb(
    app,
    "list",
    examples=(
        "hushang cert list --gtin 06901234000016",
        "hushang cert list --gtin 06901234000016 --lot SPRING-1",
        "hushang cert list --gln 6901234000009 -o json",
        "hushang cert list --issuer inspector",
    ),
)
def list_certificates(
    session: Session,
    gtin: GTIN = None,
    lot: LOT = None,
    gln: GLN = None,
    issuer: Annotated[str | None, typer.Option(help="hs1… or a name: by this inspector.")] = None,
) -> None:
    """List certificates of a product with its lots, a lot, a place, or by an inspector."""
    asked = {
        "gtin": gtin,
        "gln": gln,
        "issuer": None if issuer is None else encode_account(session.account(issuer)),
    }
    given = {name: value for name, value in asked.items() if value is not None}
    if len(given) != 1 or (lot is not None and gtin is None):
        raise UsageWrong("give one of --gtin (and perhaps --lot), --gln and --issuer")
    query = {**given, "lot": lot}
    session.show_list(session.pages("/v1/certificates", "certificates", query))


def scope_of(gtin: str | None, lot: str | None, gln: str | None) -> str:
    """What is certified, as a GS1 Digital Link; `UsageWrong` unless it is one thing."""
    if (gtin is None) == (gln is None) or (lot is not None and gtin is None):
        raise UsageWrong("give --gtin (and perhaps --lot), or --gln")
    if gln is not None:
        return f"{DOMAIN}414/{_key(gln, GLN_DIGITS, '--gln')}"
    product = f"{DOMAIN}01/{_key(gtin or '', GTIN_DIGITS, '--gtin')}"
    if lot is None:
        return product
    found = lot_of_number(product, lot)
    if found is None:
        raise UsageWrong(f"no lot can be called {lot!r}: up to 20 characters of ASCII")
    return found


def _key(digits: str, size: int, option: str) -> str:
    if len(digits) != size or not digits.isascii() or not is_key(digits):
        raise UsageWrong(f"{option} has {size} digits, the last one checks")
    return digits


def _begin_ms(day: str, option: str) -> int:
    """When a day begins in Shanghai."""
    try:
        return max(0, read_day(day) * DAY_MS - SHANGHAI_MS)
    except ValueError as error:
        raise UsageWrong(f"{option}: {error}") from error


def today_ms(time_ms: int) -> int:
    """When the day of a time began in Shanghai."""
    local_ms = time_ms + SHANGHAI_MS
    return local_ms - local_ms % DAY_MS - SHANGHAI_MS
