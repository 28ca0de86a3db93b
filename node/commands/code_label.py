"""`hushang code qr`, `sun-verify` and `proof`: a label, its tag, and what a verdict rests on."""

import io
from pathlib import Path
from typing import Annotated, Final

import segno
import typer

from chain.bundle_facts import Verified
from commerce.codes.items import CODES
from commerce.codes.serials import code_id, link_of
from commerce.codes.taps import TapStatement, tap_message
from commerce.epcis.digital_link import DOMAIN
from commerce.epcis.identifiers import canonical
from node import sun
from node.commands.code_noun import GTIN, SERIAL, app, read_gtin, read_serial
from node.commands.failures import UsageWrong, VerificationFailed
from node.commands.options import verb
from node.commands.out_file import FORCE, write_out
from node.commands.proof import (
    GenesisOption,
    HeadsOption,
    MaxAgeOption,
    OutOption,
    TrustedOption,
    Wanted,
    fetch,
)
from node.commands.proof import named as named_file
from node.commands.session import Session

# A label is bent, wet and scratched: a quarter of it may be missing.
ERROR_LEVEL: Final = "q"
# ISO/IEC 18004: four modules of nothing around it.
BORDER: Final = 4
SCALE: Final = 8
KINDS: Final = (".png", ".svg")

KEYS = Annotated[
    Path,
    typer.Option(
        help='JSON, mode 0600: {"picc_key": HEX, "file_keys": {"*": HEX}, "things": '
        '{UID: "GTIN/SERIAL"}}.'
    ),
]
TAG_GTIN = Annotated[str | None, typer.Option("--gtin", help="Where the address has none.")]
TAG_SERIAL = Annotated[str | None, typer.Option("--serial", help="Where the address has none.")]
COVERS = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help="Tags made so that their code covers the address from this text on: 01/, say.",
    ),
]


@verb(
    app,
    "qr",
    examples=(
        "hushang code qr 06901234000016 7ZK4M2XJ0QW8R",
        "hushang code qr 06901234000016 7ZK4M2XJ0QW8R --out label.svg",
        "hushang code qr 06901234000016 7ZK4M2XJ0QW8R --domain https://id.brand.example/"
        " --out label.png",
    ),
)
def qr(
    session: Session,
    gtin: GTIN,
    serial: SERIAL,
    out: Annotated[
        Path | None, typer.Option(help="A .png or .svg file; else on the terminal.")
    ] = None,
    domain: Annotated[str, typer.Option(help="What the address begins with, https://…/")] = DOMAIN,
    force: FORCE = False,
) -> None:
    """Make the QR code of a label: the thing's GS1 Digital Link. Asks no node."""
    link = link_of(read_gtin(gtin), read_serial(serial)).replace(DOMAIN, domain, 1)
    if canonical(link) is None or not domain.endswith("/"):
        raise UsageWrong(f"{domain!r} is no address that ends in a slash")
    made = segno.make(link, error=ERROR_LEVEL, micro=False)
    record = {"link": link, "version": str(made.version), "file": None if out is None else str(out)}
    if out is not None:
        if out.suffix.lower() not in KINDS:
            raise UsageWrong(f"{out}: a file that ends in .png or .svg")
        drawn = io.BytesIO()
        # The quiet zone is white whatever is behind the picture.
        kind = out.suffix.lower()[1:]
        made.save(drawn, kind=kind, scale=SCALE, border=BORDER, light="#fff")
        write_out(out, drawn.getvalue(), force=force)
        session.printer.record(record)
        return
    shown = io.StringIO()
    made.terminal(out=shown, border=BORDER, compact=True)
    session.printer.words(record, [*shown.getvalue().splitlines(), link])


@verb(
    app,
    "sun-verify",
    examples=(
        "hushang code sun-verify 'https://id.gs1.org/01/06901234000016/21/7ZK4M2XJ0QW8R"
        "?e=EF96…&c=94EE…' --keys tag-keys.json --key verifier.key -o json > tap.json",
        'hushang code sun-verify "$URL" --covers 01/ --keys tag-keys.json --key verifier.key',
    ),
)
def sun_verify(
    session: Session,
    url: Annotated[str, typer.Argument(metavar="URL", help="The address that the tag opened.")],
    keys: KEYS,
    gtin: TAG_GTIN = None,
    serial: TAG_SERIAL = None,
    picc_param: Annotated[str, typer.Option(help="Who it is, in the address.")] = "e",
    mac_param: Annotated[str, typer.Option(help="Its code, in the address.")] = "c",
    covers: COVERS = None,
) -> None:
    """Check a tap of an NTAG 424 DNA tag (NXP AN12196), and sign what was found with --key.

    Says that the tag has its key; not that this tap is new, which the chain tells (hushang code
    scan --tap), nor what the tag is on now. Whoever has one tag can put its tap behind any serial:
    "things" in the keys file, or --covers, ties tags to serials. The keys stay in their file. A
    false tag, or one of another thing, gets a signed verdict too, and exit code 8.
    """
    product, number = named(url, gtin, serial)
    message = sun.read_address(url, picc_param, mac_param, covers)
    tag_keys = sun.read_keys(keys)
    verdict = sun.check(message, tag_keys)
    is_on = tag_keys.is_on(verdict.uid, f"{product}/{number}")
    session.printer.record(signed_tap(session, product, number, verdict, is_on=is_on))
    if not verdict.mac_right:
        raise VerificationFailed("the tag doesn't have the key: it is false, or of another batch")
    if not is_on:
        raise VerificationFailed(f"by the keys file this tag is not on {product} {number}")
    if tag_keys.things is None and covers is None:
        session.say("nothing ties this tag to this serial: see --help")


def signed_tap(
    session: Session, product: str, number: str, verdict: sun.Verdict, *, is_on: bool
) -> dict[str, object]:
    """What the verifier says of a tap, with its signature."""
    mac_right = verdict.mac_right and is_on
    statement = TapStatement(
        session.genesis.hash(), product, number, verdict.uid, verdict.counter, mac_right
    )
    return {
        "gtin": product,
        "serial": number,
        "uid": verdict.uid.hex(),
        "counter": verdict.counter,
        "mac_right": mac_right,
        "verifier": session.signer.public_key.hex(),
        "signature": session.signer.key.sign(tap_message(statement)).hex(),
    }


def named(url: str, gtin: str | None, serial: str | None) -> tuple[str, str]:
    """Product and serial of an address, or as given."""
    if gtin is None or serial is None:
        found = (canonical(url) or "").removeprefix(f"{DOMAIN}01/").split("/21/")
        if len(found) != len(("gtin", "serial")):
            raise UsageWrong("the address names no thing: give --gtin and --serial")
        gtin, serial = gtin or found[0], serial or found[1]
    return read_gtin(gtin), read_serial(serial)


@verb(
    app,
    "proof",
    examples=(
        "hushang code proof 06901234000016 7ZK4M2XJ0QW8R",
        "hushang code proof 06901234000016 7ZK4M2XJ0QW8R --max-age 10min --out bag.hsproof",
    ),
)
def proof(
    session: Session,
    gtin: GTIN,
    serial: SERIAL,
    out: OutOption = None,
    force: FORCE = False,
    genesis: GenesisOption = None,
    trusted: TrustedOption = None,
    heads: HeadsOption = False,
    max_age: MaxAgeOption = None,
) -> None:
    """Prove what a verdict rests on: the code's row, its batch, and since when it is active.

    Or that the chain knows no such code. A page that looks like a node's can't make this; but it is
    about the code, and a copy of its label bears the same one.
    """
    product, number = read_gtin(gtin), read_serial(serial)
    expected = code_id(product, number)

    def fits(told: Verified) -> bool:
        return CODES.key(expected) in [fact.key for fact in told.states]

    wanted = Wanted(out, genesis, trusted, heads, max_age, force=force)
    fetch(session, f"code/{product}/{number}", wanted, fits, named_file("code", expected))
