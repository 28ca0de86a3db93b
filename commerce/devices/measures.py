"""Readings as exact numbers: canonical decimals on the chain, fractions when they are judged.

No reading is ever rounded: 464e-1 FAH is exactly 8 CEL, and neither more nor less.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Final

from chain.codec import Size
from commerce.devices.errors import ReadingMalformed, UnitUnsuitable
from commerce.epcis.errors import EpcisMalformed
from commerce.epcis.lexeme import read_number
from commerce.epcis.units import CODE_SIZE_MAX, UNITS, convert, exact
from commerce.epcis.vocabulary import MEASUREMENT_TYPE

# 34 digits, a sign, and an exponent of up to three digits with its own.
READING_SIZE_MAX = 40

Reading = Annotated[str, Size(min=1, max=READING_SIZE_MAX)]
# A code of UN/CEFACT recommendation 20.
UnitCode = Annotated[str, Size(min=1, max=CODE_SIZE_MAX)]


# What GS1's types of measurement are measured in, if any unit of them can be converted.
MEASURED: Final[Mapping[str, tuple[str, ...]]] = {
    "AbsoluteHumidity": ("mass of a volume",),
    "AbsorbedDose": ("absorbed dose",),
    "AbsorbedDoseRate": ("absorbed dose rate",),
    "Acceleration": ("acceleration",),
    "Altitude": ("length",),
    "AmountOfSubstance": ("amount of substance",),
    "AmountOfSubstancePerUnitVolume": ("amount of a volume",),
    "Angle": ("angle in degrees", "angle in radians"),
    "Area": ("area",),
    "Capacitance": ("capacitance",),
    "Conductance": ("conductance",),
    "Conductivity": ("conductivity",),
    # C62, which is "one", stands among the shares.
    "Count": ("count", "share"),
    "Density": ("mass of a volume",),
    "Dimensionless": ("share", "share of mass", "share of volume", "count"),
    "DoseEquivalent": ("dose equivalent",),
    "DoseEquivalentRate": ("dose equivalent rate",),
    "ElectricCharge": ("electric charge",),
    "ElectricCurrent": ("electric current",),
    "Energy": ("energy",),
    "Force": ("force",),
    "Frequency": ("frequency",),
    "Illuminance": ("illuminance",),
    "Inductance": ("inductance",),
    "Length": ("length",),
    "LuminousIntensity": ("luminous intensity",),
    "MagneticFlux": ("magnetic flux",),
    "MagneticFluxDensity": ("magnetic flux density",),
    "Mass": ("mass",),
    "MassConcentration": ("mass of a volume",),
    "MassFlowRate": ("mass flow rate",),
    "MemoryCapacity": ("memory",),
    "MolarEnergy": ("molar energy",),
    "MolarMass": ("molar mass",),
    "MolarVolume": ("molar volume",),
    "Power": ("power",),
    "Pressure": ("pressure",),
    "RadiantFlux": ("power",),
    "Radioactivity": ("radioactivity",),
    "RelativeHumidity": ("share", "share of mass", "share of volume"),
    "Resistance": ("resistance",),
    "SpecificVolume": ("volume of a mass",),
    "Speed": ("speed",),
    "SurfaceDensity": ("surface density",),
    "Temperature": ("temperature",),
    "Time": ("time",),
    "Torque": ("torque",),
    "Voltage": ("voltage",),
    "Volume": ("volume",),
    "VolumeFlowRate": ("volume flow rate",),
    "VolumeFraction": ("share", "share of volume"),
}
# The same for all types of the CBV, of which some (a viscosity) have no unit here; names of one's
# own may be in any unit.
QUANTITIES: Final[Mapping[str, tuple[str, ...]]] = {
    name: MEASURED.get(name, ()) for name in MEASUREMENT_TYPE.uris
}


def require_reading(text: str) -> Fraction:
    """The value of a canonical decimal, or `ReadingMalformed`."""
    try:
        number = read_number(text)
    except EpcisMalformed as error:
        msg = f"{text!r}: {error}"
        raise ReadingMalformed(msg) from error
    if number.canonical() != text:
        msg = f"{text!r} is to be written {number.canonical()}"
        raise ReadingMalformed(msg)
    return exact(number)


def value_of(reading: str) -> Fraction:
    """The value of a reading that was checked before."""
    return exact(read_number(reading))


def require_unit(unit: str, measures: str) -> None:
    """`UnitUnsuitable` for a code that can't be converted, or that doesn't measure this."""
    if unit not in UNITS:
        msg = f"no unit {unit} that can be converted"
        raise UnitUnsuitable(msg)
    fitting = QUANTITIES.get(measures)
    if fitting is not None and UNITS[unit].quantity not in fitting:
        msg = f"{unit} is a unit of {UNITS[unit].quantity}, not of {measures}"
        raise UnitUnsuitable(msg)


def in_unit(reading: str, unit: str, target: str) -> Fraction:
    """A checked reading in another unit, exactly; `UnitUnsuitable` if it is of another quantity."""
    value = convert(value_of(reading), unit, target)
    if value is None:
        msg = f"{unit} and {target} measure different quantities"
        raise UnitUnsuitable(msg)
    return value
