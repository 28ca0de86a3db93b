"""Units of UN/ECE Recommendation 20 and their exact conversion, for what sensors and scales report.

Each quantity has a base unit; another unit is `factor` of it, and a temperature scale begins
`offset` above its zero. All are exact rationals by definition (BIPM SI brochure; yard and pound by
the agreement of 1959; conventional water and mercury by ISO 80000-4), so that nothing depends on
rounding. What is exact only with π (a radian in degrees), or isn't fixed (a month), can't be
converted and isn't listed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final

from commerce.epcis.lexeme import Number

# A code of Recommendation 20 has two or three characters; some old ones four.
CODE_SIZE_MAX: Final = 4


@dataclass(frozen=True, slots=True)
class Unit:
    """`value` of this unit is `factor * value + offset` of its quantity's base unit."""

    quantity: str
    factor: Fraction
    offset: Fraction


# Exact by definition, in SI units: foot, pound, standard acceleration, gallons.
_FOOT: Final = Fraction("0.3048")
_INCH: Final = _FOOT / 12
_POUND: Final = Fraction("0.45359237")
_GRAVITY: Final = Fraction("9.80665")
_GALLON_US: Final = 231 * _INCH**3
_GALLON_UK: Final = Fraction("0.00454609")
_CALORIE: Final = Fraction("4.1868")
_BTU: Final = _CALORIE * 1000 * _POUND * Fraction(5, 9)
_LBF: Final = _POUND * _GRAVITY

# By quantity: codes and factors; a factor is a number, or one of the names in `_NAMED`.
_LISTED: Final[Mapping[str, str]] = {
    "mass": "KGM 1 GRM 1e-3 MGM 1e-6 MC 1e-9 CGM 1e-5 DG 1e-4 DJ 1e-2 HGM 0.1 DTN 100 TNE 1e3 "
    "2U 1e3 KTN 1e6 LBR pound ONZ pound/16 APZ 0.0311034768 STI pound*14 STN pound*2000 "
    "LTN pound*2240 CWA pound*100 CWI pound*112 GRN pound/7000 M86 0.5",
    "length": "MTR 1 KMT 1e3 HMT 100 A45 10 DMT 0.1 CMT 1e-2 MMT 1e-3 4H 1e-6 C45 1e-9 C52 1e-12 "
    "A71 1e-15 A11 1e-10 A12 149597870700 INH inch FOT foot YRD foot*3 SMI foot*5280 NMI 1852 "
    "AK foot*6 M50 foot*660 X1 foot*66 77 inch/1000 M7 inch/1000000",
    "area": "MTK 1 KMK 1e6 HAR 1e4 H18 1e4 ARE 100 H16 100 DAA 1e3 DMK 1e-2 CMK 1e-4 MMK 1e-6 "
    "H30 1e-12 INK inch2 FTK foot2 YDK foot2*9 MIK foot2*27878400 ACR foot2*43560",
    "volume": "MTQ 1 K6 1 G26 1 LTR 1e-3 DMQ 1e-3 MLT 1e-6 CMQ 1e-6 4G 1e-9 MMQ 1e-9 CLT 1e-5 "
    "DLT 1e-4 A44 1e-2 HLT 0.1 MAL 1e3 DMA 1e3 H19 1e6 H20 1e9 INQ inch3 FTQ foot3 YDQ foot3*27 "
    "GLL gallon PTL gallon/8 QTL gallon/4 OZA gallon/128 BLL gallon*42 GLI uk GII uk/32 PTI uk/8 "
    "QTI uk/4 OZI uk/160 BUI uk*8 BUA inch3*2150.42",
    "pressure": "PAL 1 C55 1 KPA 1e3 A97 100 H75 10 74 1e-3 B96 1e-6 MPA 1e6 A89 1e9 BAR 1e5 "
    "MBR 100 C56 1e6 ATM 101325 UA torr ATT 98066.5 B40 9.80665 E42 98066.5 E41 9806650 "
    "HP 9.80665 H78 98.0665 N23 9806.65 HN 133.322387415 PS psi 84 psi*1000 N20 psi*1000 "
    "K85 psi/144",
    "mass of a volume": "KMQ 1 GL 1 F23 1 A93 1e-3 M1 1e-3 GP 1e-6 H29 1e-6 GQ 1e-9 23 1e3 GJ 1e3 "
    "B34 1e3 B35 1e3 D41 1e3 B72 1e3 G31 1e6 87 pound/foot3 LA pound/inch3 GE pound/gallon "
    "K71 pound/uk",
    "volume of a mass": "A39 1 22 0.1 H83 1e-3 N28 1e-3 KX 1e-6 N29 foot3/pound N30 inch3/pound",
    "surface density": "28 1 GM 1e-3 25 10",
    "force": "NEW 1 B47 1e3 B73 1e6 C20 1e-3 B92 1e-6 DU 1e-5 C78 lbf B37 9.80665 B51 9.80665 "
    "M78 9.80665e-3 M77 1",
    "torque": "NU 1 B48 1e3 B74 1e6 D83 1e-3 B93 1e-6 F88 1e-2 J72 1e-2 DN 0.1 J94 1e-7 M97 1e-5 "
    "M92 lbf*foot F21 lbf*inch",
    "energy": "JOU 1 KJO 1e3 3B 1e6 GV 1e9 D30 1e12 C68 1e15 A68 1e18 C15 1e-3 A57 1e-7 WHR 3600 "
    "KWH 3.6e6 MWH 3.6e9 GWH 3.6e12 D32 3.6e15 J55 1 D70 calorie E14 calorie*1000 K53 4184 "
    "BTU btu",
    "power": "WTT 1 KWT 1e3 MAW 1e6 A90 1e9 D31 1e12 C31 1e-3 D80 1e-6 C49 1e-9 HJ 735.49875 "
    "P14 1 P15 1/60 P16 1/3600 P17 1/86400 P18 1e3 P19 1e3/60 P20 1e3/3600 A63 1e-7 2I btu/3600",
    "electric charge": "COU 1 A8 1 AMH 3600 E09 3.6 TAH 3.6e6 D77 1e6 B26 1e3 D86 1e-3 B86 1e-6 "
    "C40 1e-9 C71 1e-12 N95 60",
    "electric current": "AMP 1 B22 1e3 H38 1e6 4K 1e-3 B84 1e-6 C39 1e-9 C70 1e-12",
    "voltage": "VLT 1 KVT 1e3 B78 1e6 2Z 1e-3 D82 1e-6 N99 1e-12",
    "resistance": "OHM 1 B49 1e3 B75 1e6 A87 1e9 H44 1e12 E45 1e-3 B94 1e-6 P22 1e-9",
    "conductance": "SIE 1 B53 1e3 C27 1e-3 B99 1e-6 N92 1e-12 NQ 1 NR 1e-6",
    "conductivity": "D10 1 B54 1e3 B77 1e6 H43 100 H61 0.1 G42 1e-4 G43 1e-6 G44 1e-7 G45 1e-9",
    "capacitance": "FAR 1 C10 1e-3 4O 1e-6 C41 1e-9 4T 1e-12 H48 1e-18",
    "inductance": "81 1 C14 1e-3 B90 1e-6 C43 1e-9 C73 1e-12",
    "magnetic flux": "WEB 1 C33 1e-3 P11 1e3",
    "magnetic flux density": "D33 1 C29 1e-3 D81 1e-6 C48 1e-9 P13 1e3 P12 1e-9",
    "angle in degrees": "DD 1 D61 1/60 D62 1/3600 A91 0.9 M44 360 M43 360/6400",
    "angle in radians": "C81 1 C25 1e-3 B97 1e-6",
    "speed": "MTS 1 KMH 1/3.6 M62 1e3 2M 1e-2 2X 1/60 C16 1e-3 HM foot*5280/3600 FS foot "
    "FR foot/60 K14 foot/3600 IU inch M63 inch/60 KNT 1852/3600",
    "acceleration": "MSK 1 A76 1e-2 C11 1e-5 M38 1e3 M39 1e-2 M41 1e-3 K40 9.80665 A73 foot "
    "IV inch",
    "frequency": "HTZ 1 KHZ 1e3 MHZ 1e6 A86 1e9 D29 1e12",
    "time": "SEC 1 C26 1e-3 B98 1e-6 C47 1e-9 H70 1e-12 B52 1e3 MIN 60 HUR 3600 DAY 86400 "
    "WEE 604800",
    "illuminance": "LUX 1 B60 1 KLX 1e3 P26 1e4 P25 1/foot2 P27 1/foot2",
    "luminous intensity": "CDL 1 P33 1e3 P34 1e-3",
    "amount of substance": "C34 1 B45 1e3 C18 1e-3 FH 1e-6",
    "amount of a volume": "C36 1 M33 1 C35 1e3 C38 1e3 B46 1e3",
    "molar mass": "D74 1 A94 1e-3",
    "molar volume": "A40 1 A37 1e-3 B58 1e-3 A36 1e-6",
    "molar energy": "B15 1 B44 1e3",
    "radioactivity": "BQL 1 2Q 1e3 4N 1e6 GBQ 1e9 H08 1e-6 CUR 3.7e10 MCU 3.7e7 M5 3.7e4 2R 3.7e13",
    "absorbed dose": "A95 1 C13 1e-3 C80 1e-2 A61 1e-4",
    "absorbed dose rate": "A96 1 P54 1e-3 P55 1e-6 P56 1e-9 P57 1/60 P58 1e-3/60 P59 1e-6/60 "
    "P60 1e-9/60 P61 1/3600 P62 1e-3/3600 P63 1e-6/3600 P64 1e-9/3600",
    "dose equivalent": "D13 1 C28 1e-3 D91 1e-2 L31 1e-5",
    "dose equivalent rate": "P65 1 P66 1e-3 P67 1e-6 P68 1e-9 P69 1e-2 P70 1/3600 P71 1e-3/3600 "
    "P72 1e-6/3600 P73 1e-9/3600 P74 1/60 P75 1e-3/60 P76 1e-6/60 P77 1e-9/60",
    "mass flow rate": "KGS 1 F31 1/60 E93 1/3600 F30 1/86400 4M 1e-6/3600",
    "volume flow rate": "MQS 1 MQH 1/3600 G53 1/60 2J 1e-6 40 1e-6 41 1e-6/60 J93 1e-3 G51 1e-3 "
    "L2 1e-3/60 J92 1e-3/60 E32 1e-3/3600 4X 1/3600 LD 1e-3/86400 G2 gallon/60 G3 uk/60 E17 foot3 "
    "2L foot3/60 2K foot3/3600",
    "count": "H87 1 EA 1 PR 2 DZN 12 GRO 144",
    # What a share is of (mass, volume) the code doesn't change.
    "share": "C62 1 P1 1e-2 59 1e-6 61 1e-9 E40 1e-5 NX 1e-3",
    "share of mass": "M29 1 GK 1e-3 NA 1e-6 J33 1e-9 L32 1e-12 60 1e-2",
    "share of volume": "H60 1 K62 1 L19 1e-3 J91 1e-3 J36 1e-6 H65 1e-6 J87 1e-6 L21 1e-9",
    # One memory unit is 8 bits; kilo is 1000, kibi 1024.
    "memory": "A99 1 AD 8 2P 8e3 4L 8e6 E34 8e9 E35 8e12 C37 1e3 D36 1e6 B68 1e9 E64 8192 "
    "E63 8388608 E62 8589934592",
}
_NAMED: Final[Mapping[str, Fraction]] = {
    "foot": _FOOT,
    "foot2": _FOOT**2,
    "foot3": _FOOT**3,
    "inch": _INCH,
    "inch2": _INCH**2,
    "inch3": _INCH**3,
    "pound": _POUND,
    "lbf": _LBF,
    "psi": _LBF / _INCH**2,
    "torr": Fraction(101_325, 760),
    "gallon": _GALLON_US,
    "uk": _GALLON_UK,
    "calorie": _CALORIE,
    "btu": _BTU,
}
_PARTS: Final = re.compile(r"([*/])([^*/]+)")
_KELVIN_OF_A_DEGREE_F: Final = Fraction(5, 9)
_TEMPERATURES: Final[Mapping[str, tuple[Fraction, Fraction]]] = {
    "KEL": (Fraction(1), Fraction(0)),
    "CEL": (Fraction(1), Fraction("273.15")),
    "FAH": (_KELVIN_OF_A_DEGREE_F, Fraction("459.67") * _KELVIN_OF_A_DEGREE_F),
    "A48": (_KELVIN_OF_A_DEGREE_F, Fraction(0)),
}


def _factor(text: str) -> Fraction:
    """A product or quotient of numbers and names, from left to right."""
    value = Fraction(1)
    for operation, part in _PARTS.findall(f"*{text}"):
        number = _NAMED[part] if part in _NAMED else Fraction(part)
        value = value * number if operation == "*" else value / number
    return value


def _units() -> Iterator[tuple[str, Unit]]:
    for quantity, listed in _LISTED.items():
        words = listed.split()
        for code, factor in zip(words[::2], words[1::2], strict=True):
            yield code, Unit(quantity, _factor(factor), Fraction(0))
    for code, (scale, offset) in _TEMPERATURES.items():
        yield code, Unit("temperature", scale, offset)


UNITS: Final[Mapping[str, Unit]] = dict(_units())


def same_quantity(a: str, b: str) -> bool:
    """Whether values of two units can be compared. A code that isn't known is only its own."""
    known, other = UNITS.get(a), UNITS.get(b)
    if known is None or other is None:
        return a == b
    return known.quantity == other.quantity


def convert(
    value: Fraction, from_uom: str, to_uom: str, *, difference: bool = False
) -> Fraction | None:
    """The same amount in another unit, exactly; None if the units measure different quantities.

    A `difference` (a standard deviation, a tolerance) has no zero point: 2 °C are 2 K then.
    """
    if from_uom == to_uom:
        return value
    if not same_quantity(from_uom, to_uom):
        return None
    source, target = UNITS[from_uom], UNITS[to_uom]
    if difference:
        return value * source.factor / target.factor
    return (value * source.factor + source.offset - target.offset) / target.factor


def in_base_unit(value: Fraction, uom: str | None) -> tuple[str, Fraction]:
    """What is measured and how much of it, so that amounts in any of its units add up.

    A unit that isn't known, or none at all, is only its own.
    """
    unit = None if uom is None else UNITS.get(uom)
    if unit is None:
        return f"uom {uom or ''}", value
    return unit.quantity, value * unit.factor


# Sensors report the same few values again and again.
@lru_cache(maxsize=4096)
def exact(number: Number) -> Fraction:
    """The value of a number of EPCIS; its caps keep the integers below 10^128."""
    value = int(number.digits) * Fraction(10) ** number.exponent
    return -value if number.negative else value
