"""The closed vocabularies of CBV 2.0: bare words, their Web URIs, and what may stand beside them.

A standard value is written as its bare word (`shipping`) or as its Web URI, in full or compact
(`cbv:BizStep-shipping`). The EPCIS 2.0 JSON schema keeps URNs (`urn:epcglobal:cbv:…`) for XML and
refuses them in JSON. Anyone else's value is a URI of their own; a word or a URI of GS1's that the
standard doesn't list is refused.
"""

from dataclasses import dataclass, field

_CBV = "https://ref.gs1.org/cbv/"
_GS1 = "https://gs1.org/voc/"
# EPCIS 2.0 JSON schema, `vocab-other-uri` and `vocab-nonGS1WebVoc-uri`.
_REFUSED_CBV = ("urn:epcglobal:cbv", "http://ns.gs1.org/cbv/", "https://ns.gs1.org/cbv/")
_REFUSED_GS1 = (
    *("http://gs1.org/voc/", "https://gs1.org/voc/"),
    *("http://www.gs1.org/voc/", "https://www.gs1.org/voc/"),
)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One closed list: its name for messages, the stem of its Web URIs, its bare words."""

    name: str
    namespace: str
    stem: str
    listing: str
    refused: tuple[str, ...]
    # Bare word to Web URI, and the set of those URIs.
    uris: dict[str, str] = field(init=False)
    standard: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        uris = {word: self.stem + word for word in self.listing.split()}
        object.__setattr__(self, "uris", uris)
        object.__setattr__(self, "standard", frozenset(uris.values()))

    def admits(self, written: str, expanded: str) -> bool:
        """Whether a URI (as written, and with its prefix expanded) may stand for a value."""
        if written.startswith(self.refused):
            return False
        if expanded in self.standard:
            return True
        return not expanded.startswith((self.namespace, *self.refused))


def _cbv(name: str, term: str, listing: str) -> Vocabulary:
    return Vocabulary(name, _CBV, f"{_CBV}{term}-", listing, _REFUSED_CBV)


BIZ_STEP = _cbv(
    "business step",
    "BizStep",
    "accepting arriving assembling collecting commissioning consigning creating_class_instance "
    "cycle_counting decommissioning departing destroying disassembling dispensing encoding "
    "entering_exiting holding inspecting installing killing loading other packing picking "
    "receiving removing repackaging repairing replacing reserving retail_selling sampling "
    "sensor_reporting shipping staging_outbound stock_taking stocking storing transporting "
    "unloading unpacking void_shipping",
)
DISPOSITION = _cbv(
    "disposition",
    "Disp",
    "active available completeness_inferred completeness_verified conformant container_closed "
    "container_open damaged destroyed dispensed disposed encoded expired in_progress in_transit "
    "inactive mismatch_class mismatch_instance mismatch_quantity needs_replacement "
    "no_pedigree_match non_conformant non_sellable_other partially_dispensed recalled reserved "
    "retail_sold returned sellable_accessible sellable_not_accessible stolen unavailable unknown",
)
BIZ_TRANSACTION_TYPE = _cbv(
    "business transaction type",
    "BTT",
    "bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt",
)
SOURCE_DEST_TYPE = _cbv(
    "source or destination type", "SDT", "location owning_party possessing_party"
)
ERROR_REASON = _cbv("error reason", "ER", "did_not_occur incorrect_data")
COMPONENT = _cbv(
    "component",
    "Comp",
    "altitude axial_distance azimuth easting elevation_angle height latitude longitude northing "
    "polar_angle spherical_radius x y z",
)
MEASUREMENT_TYPE = Vocabulary(
    "measurement type",
    _GS1,
    _GS1,
    "AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude AmountOfSubstance "
    "AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity "
    "Area Capacitance Conductance Conductivity Count Density Dimensionless DoseEquivalent "
    "DoseEquivalentRate DynamicViscosity ElectricCharge ElectricCurrent ElectricCurrentDensity "
    "ElectricFieldStrength Energy Exposure Force Frequency Illuminance Inductance Irradiance "
    "KinematicViscosity Length LinearMomentum Luminance LuminousFlux LuminousIntensity "
    "MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass MassConcentration "
    "MassFlowRate MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass "
    "MolarVolume Power Pressure RadiantFlux RadiantIntensity Radioactivity RelativeHumidity "
    "Resistance Resistivity SolidAngle SpecificVolume Speed SurfaceDensity SurfaceTension "
    "Temperature Time Torque Voltage Volume VolumeFlowRate VolumeFraction VolumetricFlux "
    "Wavenumber",
    _REFUSED_GS1,
)
SENSOR_ALERT = Vocabulary(
    "sensor alert type", _GS1, _GS1, "ALARM_CONDITION ERROR_CONDITION", _REFUSED_GS1
)

# CBV 2.0 §8.9, rule 14: old URNs become Web URIs before hashing, wherever they stand.
URN_STEMS = {
    "urn:epcglobal:cbv:bizstep:": BIZ_STEP.stem,
    "urn:epcglobal:cbv:disp:": DISPOSITION.stem,
    "urn:epcglobal:cbv:btt:": BIZ_TRANSACTION_TYPE.stem,
    "urn:epcglobal:cbv:sdt:": SOURCE_DEST_TYPE.stem,
    "urn:epcglobal:cbv:er:": ERROR_REASON.stem,
}
