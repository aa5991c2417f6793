"""The six parties of a FinCEN SAR, of which an alert knows little more than an account."""

from xml.etree import ElementTree as ET

from sentinel_cli.case_view import plain
from sentinel_cli.sar.form import Form, State, tag

_ACCOUNT = 40
"""Characters of an account number (RestrictString40)."""
_PLACES = {
    "City": "city",
    "CountryCode": "country",
    "StateCode": "state",
    "StreetAddress": "street address",
    "ZIPCode": "ZIP or postal code",
}


def transmitter(form: Form, party: ET.Element) -> None:
    """Who sends the batch."""
    part = "Transmitter"
    form.text(party, "ActivityPartyTypeCode", 35)
    _name(form, party, part)
    _address(form, party, part)
    _telephone(form, party, part)
    for code, field in ((4, "TIN"), (28, "transmitter control code (TCC)")):
        _identification(form, party, part, field, code)


def transmitter_contact(form: Form, party: ET.Element) -> None:
    """Whom FinCEN asks about the batch."""
    form.text(party, "ActivityPartyTypeCode", 37)
    _name(form, party, "Transmitter's contact")


def filer(form: Form, party: ET.Element) -> None:
    """The institution that files."""
    part = "Filing institution"
    form.text(party, "ActivityPartyTypeCode", 30)
    form.absent(party, part, "primary federal regulator")
    _name(form, party, part)
    _address(form, party, part)
    _identification(form, party, part, "TIN and its type")
    form.absent(party, part, "type of institution")


def contact(form: Form, party: ET.Element) -> None:
    """Whom law enforcement asks."""
    part = "Contact for assistance"
    form.text(party, "ActivityPartyTypeCode", 8)
    _name(form, party, part)
    _telephone(form, party, part)


def place(form: Form, party: ET.Element) -> None:
    """The institution where the activity occurred."""
    part = "Institution where the activity occurred"
    form.text(party, "ActivityPartyTypeCode", 34)
    form.absent(party, part, "loss to the institution, branch activity, role in the transaction")
    form.absent(party, part, "primary federal regulator")
    _name(form, party, part)
    _address(form, party, part)
    _identification(form, party, part, "TIN and its type")
    form.absent(party, part, "type of institution")
    form.absent(party, part, "branches involved")


def subject(form: Form, party: ET.Element, account_id: str) -> None:
    """The account's holder: known to the institution, and by its identifiers only to the alert."""
    part = "Subject"
    form.text(party, "ActivityPartyTypeCode", 33)
    form.unknown(party, "BirthDateUnknownIndicator", part, "date of birth")
    form.absent(party, part, "person or entity, role in the activity, statement to the institution")
    form.unknown(party, "UnknownGenderIndicator", part, "gender, of a person")
    name = form.group(party, "PartyName")
    form.unknown(name, "EntityLastNameUnknownIndicator", part, "name of the entity, or last name")
    form.unknown(name, "FirstNameUnknownIndicator", part, "first name, of a person")
    form.text(name, "PartyNameTypeCode", "L")
    address = form.group(party, "Address")
    for place in ("City", "CountryCode", "StateCode", "StreetAddress", "ZIPCode"):
        form.unknown(address, f"{place}UnknownIndicator", part, _PLACES[place])
    for mark, field in (("Identification Present", "form of identification"), ("TIN", "TIN")):
        identification = form.group(party, "PartyIdentification")
        form.unknown(identification, f"{mark.replace(' ', '')}UnknownIndicator", part, field)
    form.empty(form.group(party, "PartyOccupationBusiness"), "OccupationBusinessText", part, "occupation or business")
    relation = form.group(party, "PartyAssociation")
    form.text(relation, "CustomerIndicator", "Y")
    form.empty(
        relation, "SubjectRelationshipFinancialInstitutionTINText", part, "TIN of the institution it is customer of"
    )
    _account(form, party, account_id)


def _account(form: Form, party: ET.Element, account_id: str) -> None:
    part = "Account"
    affected = form.group(party, "PartyAccountAssociation")
    form.text(affected, "PartyAccountAssociationTypeCode", 7)
    holder = form.group(affected, "Party")
    form.text(holder, "ActivityPartyTypeCode", 41)
    _identification(form, holder, part, "TIN of the institution that holds the account", 4)
    account = form.group(holder, "Account")
    if _fits(account_id):
        form.text(account, "AccountNumberText", account_id)
        form.gap(part, "account number (holds the account's id in the stream)", State.check)
    else:
        form.empty(account, "AccountNumberText", part, "account number (the account's id in the stream does not fit)")
    form.text(form.group(account, "PartyAccountAssociation"), "PartyAccountAssociationTypeCode", 5)


def _name(form: Form, party: ET.Element, part: str) -> None:
    name = form.group(party, "PartyName")
    form.text(name, "PartyNameTypeCode", "L")
    form.empty(name, "RawPartyFullName", part, "name")


def _address(form: Form, party: ET.Element, part: str) -> None:
    address = form.group(party, "Address")
    for name in ("RawCityText", "RawCountryCodeText", "RawStateCodeText", "RawStreetAddress1Text", "RawZIPCode"):
        ET.SubElement(address, tag(name)).text = ""
    form.gap(part, "address", State.empty)


def _telephone(form: Form, party: ET.Element, part: str) -> None:
    form.empty(form.group(party, "PhoneNumber"), "PhoneNumberText", part, "telephone number")


def _identification(form: Form, party: ET.Element, part: str, field: str, code: int | None = None) -> None:
    identification = form.group(party, "PartyIdentification")
    form.empty(identification, "PartyIdentificationNumberText", part, field)
    if code is not None:
        form.text(identification, "PartyIdentificationTypeCode", code)


def _fits(account_id: str) -> bool:
    return len(account_id) <= _ACCOUNT and plain(account_id) == account_id == account_id.strip()
