"""The rules of devices, their reports and storage promises that can be broken.

In the order of commerce/errors.py: format, sender and role, object exists, state, time, rights,
money, limits.
"""

from chain.errors import LedgerError

# Format.


class ThingNotSingle(LedgerError):
    """A device is, and is bound to, one serialised thing: an item, an asset, a logistic unit."""

    hint = "name a serial number, an SSCC, a GIAI or a GRAI with its serial"


class BindingEmpty(LedgerError):
    """A device is bound to a thing, a parcel, or a thing in a parcel; it watches a parcel."""

    hint = "hushang device bind DEVICE --thing EPC, or --parcel PARCEL"


class ReadingMalformed(LedgerError):
    """A reading is an exact decimal in its canonical form, like 8, -185e-1 or 2e3."""

    hint = "no trailing zeros and no decimal point: 18.5 is 185e-1"


class UnitUnsuitable(LedgerError):
    """The unit doesn't measure the quantity in question, or nobody knows it."""

    hint = "temperatures are in CEL, FAH or KEL (UN/CEFACT recommendation 20)"


class ReadingsInconsistent(LedgerError):
    """The least reading is at most the mean, and the mean at most the largest."""

    hint = "compute least, mean and largest anew of the raw readings; hushang sensor report does"


class PeriodEmpty(LedgerError):
    """A report covers a time: it ends after it starts."""

    hint = "put start_ms before end_ms: even a single reading stands for a stretch of time"


class SlaMalformed(LedgerError):
    """A limit at least, the lower one below the upper; steps ascend from an excess of 0."""

    hint = "--min, --max or both, and the first --step has the excess 0"


# Object exists (or doesn't yet).


class DeviceExists(LedgerError):
    """The key or the identity is another device's, or the key has an account."""

    hint = "a device has a key of its own: hushang keys new"


class DeviceUnknown(LedgerError):
    """No device has this id."""

    hint = "hushang device list --owner ACCOUNT tells whose devices there are"


class SlaMissing(LedgerError):
    """No storage promise of this quantity is attached to what is in the parcel."""

    hint = "hushang sla attach ORDER, before it is shipped"


class WatchUnknown(LedgerError):
    """No device watches this parcel."""

    hint = "name the device when shipping: hushang shipment create --device DEVICE"


class PenaltyUnknown(LedgerError):
    """No penalty has this id."""

    hint = "hushang penalty list shows those that an account pays, bears or gets"


# Sender and role.


class NotTheDeviceMaker(LedgerError):
    """Only who made a device calibrates it anew."""

    hint = "sign with the account that registered it"


class NotTheDeviceOwner(LedgerError):
    """Only its owner binds, unbinds and hands on a device."""

    hint = "sign with the owner's account: hushang device show DEVICE"


# State.


class SlaExists(LedgerError):
    """The line has a storage promise; another takes its place by both signatures."""

    hint = "let the buyer and the seller both sign it"


class DeviceBound(LedgerError):
    """A device is bound to one thing at a time, and changes hands unbound."""

    hint = "hushang device unbind DEVICE"


class DeviceNotBound(LedgerError):
    """The device isn't bound to anything, or to nothing that is in this parcel."""

    hint = "hushang device bind DEVICE --thing EPC"


class DeviceUnsuitable(LedgerError):
    """Another device watches this parcel, or this one measures something else."""

    hint = "hushang device show DEVICE; GET /v1/watches/PARCEL"


class ReportsOutstanding(LedgerError):
    """A device goes to another parcel once the last one's way is reported to its end."""

    hint = "report what it measured until the arrival, or wait until report_ms is over"


class WatchEnded(LedgerError):
    """The parcel has arrived, or is lost: nothing of it is watched any more."""

    hint = "nothing is left to do: hushang sla watch PARCEL tells what came of it"


# Time.


class CalibrationExpired(LedgerError):
    """The device's calibration has expired, or would before now."""

    hint = "its maker calibrates it: hushang device calibrate DEVICE"


class SequenceStale(LedgerError):
    """A report's number is larger than that of the report before it."""

    hint = "a report counts once; don't send it again"


class ReportOverlaps(LedgerError):
    """A report starts where the one before it ended, or later."""

    hint = (
        "report only what came after it: hushang sensor list DEVICE tells where the last one ended"
    )


class ReportAhead(LedgerError):
    """A report ends at the block's time, but for the drift that clocks are allowed."""

    hint = "set the device's clock"


class ReportTooOld(LedgerError):
    """A report starts no longer ago than the timer report_ms allows."""

    hint = "what was missed counts as a gap; report in time"


# Money.


class PenaltyUnreserved(LedgerError):
    """Whoever signs for a watched parcel has the largest penalty free in its deposit."""

    hint = "hushang deposit add, then try again"


# Limits.


class TooManyCustodians(LedgerError):
    """As many have signed for this parcel as may."""

    hint = "hand it straight to the recipient: 19 can sign for one parcel on its way"
