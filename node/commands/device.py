"""`hushang device`: sensors that sign their own reports; what they are attached to."""

from pathlib import Path
from typing import Annotated

import typer

from chain.bech32m import encode_account
from chain.transaction import Operation
from commerce.devices.binding import DeviceBind, DeviceUnbind
from commerce.devices.device import DeviceCalibrate, DeviceRegister, DeviceTransfer
from commerce.devices.measures import require_unit
from commerce.registry import operation
from commerce.timers import DAY_MS, HOUR_MS
from node.commands.custody import read_thing
from node.commands.failures import UsageWrong
from node.commands.listing import duration
from node.commands.options import noun, verb
from node.commands.session import Session
from node.commands.signers import Signer
from node.commands.telling import ContentOption, FileOption, needed_document
from node.days import read_day
from node.json_values import read_hash
from node.readings import read_measure

app = noun("Sensors that sign their own reports, and what they are attached to.")

HASH_DIGITS = 64
# Days begin in China when they do in Shanghai.
SHANGHAI_MS = 8 * HOUR_MS

DEVICE = Annotated[
    str, typer.Argument(metavar="DEVICE", help="Its id, 64 hex digits, or its account hs1….")
]
MEASURES = (
    "What it measures, as GS1 calls it: Temperature, RelativeHumidity, …; the unit is one of it."
)
UNTIL = Annotated[str, typer.Option(help="The last day of its calibration: 2027-03-31.")]


@verb(
    app,
    "register",
    sends=True,
    examples=(
        "hushang device register logger.key --identity https://id.gs1.org/8004/6901234LOG1"
        ' --model LOG-1 --unit CEL --interval "10 min" --until 2027-03-31'
        " --file calibration.pdf --owner carrier --as merchant",
    ),
)
def register(  # one option a field
    session: Session,
    key_file: Annotated[
        Path, typer.Argument(metavar="KEY", help="The device's key file; signs too.")
    ],
    identity: Annotated[str, typer.Option(help="Its EPC URI or GS1 Digital Link.")],
    model: Annotated[str, typer.Option(help="What kind of device it is.")],
    unit: Annotated[str, typer.Option(help="What it measures in: CEL, FAH, KEL, P1, …")],
    interval: Annotated[str, typer.Option(help='How often it measures at least: "10 min".')],
    until: UNTIL,
    measures: Annotated[str, typer.Option(help=MEASURES)] = "Temperature",
    owner: Annotated[str | None, typer.Option(help="Whose it is: hs1… or a name.")] = None,
    file: FileOption = None,
    content: ContentOption = None,
) -> None:
    """Register a device as its maker; prints its id, which is the account of its key.

    FILE is its calibration certificate. KEY is made by hushang keys new; keep it in the device,
    where it signs every report.
    """
    signer = Signer.of_file(key_file)
    made = DeviceRegister(
        device_key=signer.public_key,
        identity=read_thing(identity),
        model=model,
        measures=read_measure(measures),
        unit=unit,
        interval_ms=duration(interval) or 0,
        calibrated_until_ms=end_of_day_ms(until),
        certificate=needed_document(file, content),
        owner=None if owner is None else session.account(owner),
    )
    # The chain would tell which rule it breaks; here the words say which part does.
    require_unit(made.unit, made.measures)
    signed = session.signed(operation("device.register", made), also=[signer])
    outcome = session.submit(signed, brings=("device_id", "account"))
    told = outcome.event("device.registered") if outcome.is_decided else {}
    found = {"device_id": told.get("device_id"), "account": encode_account(signer.account)}
    session.report(outcome, found)


@verb(
    app,
    "transfer",
    sends=True,
    examples=("hushang device transfer $DEVICE buyer --as merchant --cosign buyer",),
)
def transfer(
    session: Session,
    device: DEVICE,
    to: Annotated[str, typer.Argument(metavar="ACCOUNT", help="hs1… or a name; signs too.")],
) -> None:
    """Give a device of yours to another owner."""
    made = DeviceTransfer(device_id_of(session, device), session.account(to))
    session.send(operation("device.transfer", made))


@verb(
    app,
    "calibrate",
    sends=True,
    examples=(
        "hushang device calibrate $DEVICE --until 2028-03-31 --file calibration.pdf --as merchant",
    ),
)
def calibrate(
    session: Session,
    device: DEVICE,
    until: UNTIL,
    file: FileOption = None,
    content: ContentOption = None,
) -> None:
    """Tell of a new calibration, as the device's maker."""
    made = DeviceCalibrate(
        device_id_of(session, device), end_of_day_ms(until), needed_document(file, content)
    )
    session.send(operation("device.calibrate", made))


@verb(
    app,
    "bind",
    sends=True,
    examples=(
        "hushang device bind $DEVICE --thing 169012340000000075 --as merchant",
        "hushang device bind $DEVICE --parcel $PARCEL --watch --as merchant",
        "hushang device bind $DEVICE --parcel $PARCEL --watch --as merchant --cosign carrier",
    ),
)
def bind(
    session: Session,
    device: DEVICE,
    thing: Annotated[
        str | None, typer.Option(help="An item, asset or SSCC: EPC URI, Digital Link or digits.")
    ] = None,
    parcel: Annotated[str | None, typer.Option(help="A parcel on its way: its id.")] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Its storage promises are judged by this device now.")
    ] = False,
) -> None:
    """Attach a device of yours to a thing, or to a parcel on its way.

    With --watch its readings cost money: the seller signs too, and whoever has signed for the
    device that watched before.
    """
    made = DeviceBind(
        device_id_of(session, device),
        None if thing is None else read_thing(thing),
        None if parcel is None else read_hash(parcel, "--parcel"),
        watch,
    )
    session.send(operation("device.bind", made))


@verb(app, "unbind", sends=True, examples=("hushang device unbind $DEVICE --as merchant",))
def unbind(session: Session, device: DEVICE) -> None:
    """Take a device off; what it measured until now can still be reported."""
    session.send(_unbinding(session, device))


@verb(app, "show", examples=("hushang device show $DEVICE",))
def show(session: Session, device: DEVICE) -> None:
    """Show a device: whose it is, what it measures, what it is attached to."""
    session.show(f"/v1/devices/{device_id_of(session, device).hex()}")


@verb(app, "list", examples=("hushang device list --owner merchant",))
def list_devices(
    session: Session,
    owner: Annotated[str | None, typer.Option(help="hs1… or a name; default: yours.")] = None,
) -> None:
    """List the devices of an owner."""
    account = encode_account(session.own_account(owner))
    session.show_list(session.pages(f"/v1/accounts/{account}/devices", "devices"))


def device_id_of(session: Session, text: str) -> bytes:
    """A device by its id in hex, its account, or the name that a test network has for it."""
    if len(text) == HASH_DIGITS:
        return read_hash(text, "DEVICE")
    return session.account(text)


def end_of_day_ms(day: str) -> int:
    """The last millisecond of a day in Shanghai."""
    try:
        return (read_day(day) + 1) * DAY_MS - SHANGHAI_MS - 1
    except ValueError as error:
        raise UsageWrong(f"--until: {error}") from error


def _unbinding(session: Session, device: str) -> Operation:
    return operation("device.unbind", DeviceUnbind(device_id_of(session, device)))
