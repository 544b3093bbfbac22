"""Which company a lead belongs to: by exact domain, else by name within a country, else a person says. Never a guess.

* The domain is that of the lead's website and that of its e-mail address, unless many people share it (gmail.com, ...).
  It is the company's when it is the same, or ends in it and nothing longer does: ``eu.acme.example`` belongs to a
  company whose domain is written as ``acme.example``. Nothing is derived that no company wrote down itself:
  ``eu.acme.example`` and ``us.acme.example`` have nothing to do with each other.
* The name counts without its legal form, within one country. Where the country of one of the two is unknown, a person
  decides.
* Several companies that fit, or a website and an address of different companies: a person decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from leadbridge.domain.company import Company, domain_of
from leadbridge.domain.company_names import SHARED_DOMAINS, host_of_address, plain_host, plain_name
from leadbridge.domain.facts import CompanyMatched
from leadbridge.domain.lead import Lead
from leadbridge.domain.model import listing
from leadbridge.errors import IllegalMove

__all__ = ["CompanyIndex", "CompanyMatch", "company_hosts", "match_company"]

_Matched = Literal["domain", "name", "person"]


@dataclass(frozen=True, slots=True)
class CompanyMatch:
    """What the search for a lead's company came to.

    Attributes:
        lead: the leadbridge id of the lead.
        how: ``domain`` or ``name`` for a match, ``person`` for somebody's choice; ``ambiguous`` when a person has to
            decide among the ``candidates``; ``none`` when no company fits.
        company: the company; ``None`` unless one was recognised.
        candidates: the companies that fit, by id.
        why: in words, without anything about the person.
    """

    lead: str
    how: Literal["domain", "name", "person", "ambiguous", "none"]
    company: Company | None = None
    candidates: tuple[Company, ...] = ()
    why: str = ""

    def choose(self, company: Company) -> CompanyMatch:
        """A person says which company it is, whatever was found."""
        return CompanyMatch(self.lead, "person", company, self.candidates, "a person decided")

    def fact(
        self, *, at: datetime, recorded_at: datetime | None = None, actor: str = "leadbridge", agreement: int = 0
    ) -> CompanyMatched:
        """The fact of the match, to be recorded.

        Args:
            at: when the lead was recognised.
            recorded_at: when it became known here; ``at`` when not given.
            actor: who decided.
            agreement: the version of the agreement in force.

        Raises:
            IllegalMove: no company was recognised; says what to do.
        """
        if self.company is None or self.how not in ("domain", "name", "person"):
            raise IllegalMove(
                f"no company was recognised: {self.why}; "
                f"let a person say which it is, with choose(...) (candidates: {listing(c.id for c in self.candidates)})"
            )
        how: _Matched = "person" if self.how == "person" else "domain" if self.how == "domain" else "name"
        return CompanyMatched(
            lead=self.lead,
            occurred_at=at,
            recorded_at=recorded_at or at,
            actor=actor,
            agreement=agreement,
            company=self.company.id,
            how=how,
        )

    def __str__(self) -> str:
        what = f"company {self.company.id} (by {self.how})" if self.company is not None else self.how
        return f"{what}: {self.why}"


class CompanyIndex:
    """Companies, ready to be found by domain and by name: a lead costs the same among ten and among a million.

    Args:
        companies: each with an ``id`` of its own.
        shared: domains that say nothing about a company, besides :data:`SHARED_DOMAINS`.

    Raises:
        ValueError: a company has no id, or two have the same.
    """

    def __init__(self, companies: Iterable[Company], *, shared: Iterable[str] = ()) -> None:
        self.shared = SHARED_DOMAINS | {host for each in shared if (host := plain_host(each)) is not None}
        self._by_id: dict[str, Company] = {}
        self._by_domain: dict[str, list[Company]] = defaultdict(list)
        self._by_name: dict[str, list[Company]] = defaultdict(list)
        for company in companies:
            if not company.id or company.id in self._by_id:
                what = "has no id" if not company.id else f"has the id {company.id} of another"
                raise ValueError(f"a company {what}: give every company an id of its own")
            self._by_id[company.id] = company
            host = plain_host(domain_of(company.domain) if company.domain else None)
            if host is not None and host not in self.shared:
                self._by_domain[host].append(company)
            name = plain_name(company.name or "")
            if name:
                self._by_name[name].append(company)

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, company: object) -> bool:
        return company in self._by_id

    def get(self, company: str) -> Company | None:
        """The company of this id; ``None`` when it is not among them."""
        return self._by_id.get(company)

    def __repr__(self) -> str:
        return f"<CompanyIndex: {len(self)} companies>"

    def match(self, lead: Lead) -> CompanyMatch:
        """The company of a lead."""
        found = {company.id: company for host in company_hosts(lead, self.shared) for company in self._at(host)}
        if found:
            return _decided(lead, "domain", list(found.values()), "its domain is that of the company")
        name = plain_name(lead.company.name or "") if lead.company is not None else ""
        namesakes = self._by_name.get(name, []) if name else []
        country = _country(lead.country or (lead.company.country if lead.company is not None else None))
        near = [each for each in namesakes if not country or _country(each.country) in ("", country)]
        if not near:
            why = "companies of this name are in other countries" if namesakes else "no company has its domain or name"
            return CompanyMatch(lead.id, "none", why=why)
        if not country or any(not _country(each.country) for each in near):
            why = "the name is the same, but a country is unknown"
            return CompanyMatch(lead.id, "ambiguous", None, _ordered(near), why)
        return _decided(lead, "name", near, "its name is that of the company, in the same country")

    def _at(self, host: str) -> Sequence[Company]:
        """The companies of a host: those of the host itself, else of the nearest host above it that is written down."""
        return next((self._by_domain[part] for part in _upward(host) if part in self._by_domain), ())


def match_company(
    lead: Lead, companies: Iterable[Company] | CompanyIndex, *, shared: Iterable[str] = ()
) -> CompanyMatch:
    """The company of one lead; for many leads build a :class:`CompanyIndex` once.

    Args:
        lead: with its e-mail address, website, company name and country, as far as they are known.
        companies: those that it may belong to.
        shared: more domains that say nothing about a company; an index knows its own.
    """
    index = companies if isinstance(companies, CompanyIndex) else CompanyIndex(companies, shared=shared)
    return index.match(lead)


def company_hosts(lead: Lead, shared: frozenset[str] = SHARED_DOMAINS) -> tuple[str, ...]:
    """The domains of a lead that say something about its company: that of its website, then that of its address."""
    website = plain_host(domain_of(lead.company.domain) if lead.company is not None and lead.company.domain else None)
    hosts = (host for host in (website, host_of_address(lead.email)) if host is not None and host not in shared)
    return tuple(dict.fromkeys(hosts))


def _decided(lead: Lead, how: Literal["domain", "name"], found: Sequence[Company], why: str) -> CompanyMatch:
    if len(found) == 1:
        return CompanyMatch(lead.id, how, found[0], (found[0],), why)
    return CompanyMatch(lead.id, "ambiguous", None, _ordered(found), f"{len(found)} companies fit by {how}")


def _ordered(companies: Iterable[Company]) -> tuple[Company, ...]:
    return tuple(sorted(companies, key=lambda company: company.id))


def _country(country: str | None) -> str:
    return (country or "").strip().casefold()


def _upward(host: str) -> Iterator[str]:
    """A host and the hosts above it, down to two parts."""
    parts = host.split(".")
    return (".".join(parts[start:]) for start in range(len(parts) - 1))
