"""Converting a lead: an account, a contact and, when it is named, an opportunity are made of it.

REST has no resource for it, so it goes through ``convertLead()`` of the SOAP API. Whoever is signed in needs the
permission "Convert Leads". Repeating is safe: a lead that is converted already is returned as it is.

Sources: SOAP API Developer Guide, "convertLead()"; Object Reference, "LeadStatus".
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from leadbridge.adapter import Missing, Record, Ref
from leadbridge.errors import BadRequest, Unavailable, Unsupported
from leadbridge_salesforce.errors import no_longer, of_finding
from leadbridge_salesforce.mappers import id18, is_id
from leadbridge_salesforce.reading import Reader
from leadbridge_salesforce.soap import Soap, argument, error_of, text_of
from leadbridge_salesforce.soql import select
from leadbridge_salesforce.wire import Wire

__all__ = ["Converter"]

_PERSON = "005"
_QUEUE = "00G"


class Converter:
    """The ability ``Convert`` of the adapter."""

    def __init__(self, wire: Wire, reader: Reader, soap: Soap) -> None:
        self._wire = wire
        self._reader = reader
        self._soap = soap

    def convert(self, ref: Ref, *, owner: str | None, opportunity: str | None = None) -> Record:
        """See :meth:`leadbridge.adapter.Convert.convert`.

        Args:
            ref: a lead.
            owner: the user who gets the contact; by default the lead's own owner, who must not be a queue then.
            opportunity: the name of an opportunity to make as well; none is made without.

        Raises:
            Unsupported: only leads can be converted.
            BadRequest: this lead cannot be; the message says why.
            AdapterError: Salesforce did not answer or did not allow it. To ask again does no harm.
        """
        if ref.kind != "Lead":
            raise Unsupported(f"conversion of {ref.kind}", operation="convert")
        lead = self._read(ref)
        if lead.state == "converted":
            return lead
        if lead.state != "live":
            raise _refused(f"the lead is {lead.state}: restore it first", "ENTITY_IS_DELETED")
        keeper = id18(owner or str(lead.fields.get("OwnerId") or ""))
        if keeper.startswith(_QUEUE):
            raise _refused("contacts cannot belong to a queue: name a user as the owner", "QUEUE_OWNER")
        if not is_id(keeper) or not keeper.startswith(_PERSON):
            raise _refused("the owner is no user of this org: name one by its id", "INVALID_OWNER")
        fields = {
            "convertedStatus": self._status(),
            "doNotCreateOpportunity": "false" if opportunity else "true",
            "leadId": lead.ref.id,
            "overwriteLeadSource": "false",
            "ownerId": keeper,
            "sendNotificationEmail": "false",
        }
        if opportunity:
            fields["opportunityName"] = opportunity
        results = self._soap.call("convertLead", [argument("leadConverts", fields)], operation="convert")
        return self._checked(lead.ref, results)

    def _checked(self, ref: Ref, results: Sequence[Element]) -> Record:
        """The lead as it is after the call."""
        problem = error_of(results[0]) if len(results) == 1 else None
        if problem is None and (len(results) != 1 or text_of(results[0], "success") != "true"):
            raise Unavailable("Salesforce answered a conversion in an unknown way: ask again", operation="convert")
        if problem is None or no_longer(problem.code):
            lead = self._read(ref)
            if lead.state == "converted":
                return lead  # by us, or by somebody who was faster
        if problem is None:
            raise Unavailable("Salesforce does not show the conversion yet: ask again", operation="convert")
        if problem.code == "DUPLICATES_DETECTED":
            raise _refused("a duplicate rule stopped it: convert this lead by hand into the record", problem.code)
        raise of_finding(problem, operation="convert", connection=self._wire.http.connection)

    def _status(self) -> str:
        """A status that a converted lead may have; orgs can have several."""
        soql = select(["ApiName"], "LeadStatus", where=["IsConverted = true"], order=("SortOrder",), limit=1)
        for row in self._wire.rows(soql, operation="convert"):
            return str(row["ApiName"])
        raise _refused("this org has no lead status for converted leads: mark one in Setup", "NO_CONVERTED_STATUS")

    def _read(self, ref: Ref) -> Record:
        found = self._reader.fetch([ref], ["OwnerId"])[0]
        if isinstance(found, Missing):
            raise _refused("there is no such lead, or this user cannot see it", "NOT_FOUND")
        return found


def _refused(why: str, code: str) -> BadRequest:
    return BadRequest(why, operation="convert", code=code)
