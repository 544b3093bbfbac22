"""What companies are called, and where they get their mail: names without their legal form, domains that many share."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["SHARED_DOMAINS", "host_of_address", "plain_host", "plain_name"]

_SHARED = """
    gmail.com googlemail.com outlook.com outlook.de outlook.fr outlook.jp hotmail.com hotmail.co.uk hotmail.de
    hotmail.fr hotmail.it hotmail.es live.com live.co.uk live.de live.fr msn.com yahoo.com yahoo.co.uk yahoo.co.jp
    yahoo.co.in yahoo.de yahoo.fr yahoo.it yahoo.es yahoo.com.br ymail.com rocketmail.com aol.com icloud.com me.com
    mac.com proton.me protonmail.com pm.me tutanota.com tuta.io fastmail.com hey.com zoho.com mail.com email.com
    gmx.com gmx.de gmx.net gmx.at gmx.ch web.de t-online.de freenet.de arcor.de posteo.de mailbox.org bluewin.ch
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it tiscali.it telenet.be skynet.be ziggo.nl
    kpnmail.nl btinternet.com sky.com comcast.net verizon.net att.net sbcglobal.net cox.net charter.net shaw.ca
    rogers.com bigpond.com uol.com.br bol.com.br terra.com.br qq.com foxmail.com 163.com 126.com sina.com sohu.com
    yeah.net aliyun.com naver.com hanmail.net daum.net docomo.ne.jp ezweb.ne.jp softbank.ne.jp rediffmail.com
    mail.ru yandex.ru yandex.com rambler.ru bk.ru inbox.ru ukr.net seznam.cz wp.pl o2.pl onet.pl interia.pl
    facebook.com linkedin.com instagram.com x.com twitter.com youtube.com xing.com github.io wordpress.com
    blogspot.com wixsite.com squarespace.com myshopify.com sites.google.com
    co.uk org.uk ac.uk com.au co.nz co.jp ne.jp or.jp co.kr co.in com.br com.mx com.ar com.cn com.hk com.sg com.tr
    co.za co.at com.pl
"""
SHARED_DOMAINS = frozenset(_SHARED.split())
"""Domains that say nothing about a company: mail for everybody, pages of everybody, and endings under which companies
register their own. General knowledge, not complete: ``target_market.shared_domains`` adds to it."""

_FORMS = """
    gmbh mbh ag kg kgaa ohg gbr ug ev eg se inc incorporated corp corporation co company llc llp lp ltd limited plc pllc
    sa sas sasu sarl eurl snc srl sca bv nv vof cv ab as asa aps oy oyj kk gk pty pte bhd sdn pvt doo dd kft zrt nyrt
    sro spzoo spolka ltda eireli lda sl slu sau sapi ooo oao zao pao ооо оао зао пао
"""
_LEGAL_FORMS = frozenset(_FORMS.split())
_LEGAL_PHRASES = (
    "ug haftungsbeschränkt",
    "mit beschränkter haftung",
    "gesellschaft mit beschränkter haftung",
    "aktiengesellschaft",
    "sp z oo",
    "spółka z oo",
    "kabushiki kaisha",
    "godo kaisha",
    "sa de cv",
    "s de rl de cv",
    "société anonyme",
)
_UNSPACED_FORMS = (
    *("株式会社", "有限会社", "合同会社", "合資会社", "合名会社", "(株)", "(有)", "(同)"),
    *("有限责任公司", "有限責任公司", "股份有限公司", "有限公司", "주식회사", "유한회사", "(주)", "(유)"),
)
_BEFORE = frozenset(("ooo", "oao", "zao", "pao", "ооо", "оао", "зао", "пао"))
_EMPTY_WORDS = frozenset(("the", "a", "die", "der", "das", "la", "le", "les", "el", "los", "il", "lo", "de"))
_SPA = re.compile(r"\bS\.\s?p\.\s?A\b\.?|\bSpA\b")  # spelled otherwise it may be where one takes the waters
_DROPPED = re.compile(r"(?<=\w)[.'’](?=\w|\s|$)")
_ADDRESS = re.compile(r"[^@\s]+@([^@\s]+)")


def plain_name(name: str) -> str:
    """A company's name for comparison: without legal form, case, punctuation and spaces; empty when nothing is.

    Accents stay: two companies may differ by nothing else, and a match not made is only a question for a person.
    The legal form is kept when it is all there is.
    """
    text = unicodedata.normalize("NFKC", name).strip()
    for form in _UNSPACED_FORMS:
        stripped = text.removeprefix(form).removesuffix(form)
        text = stripped if stripped.strip() else text
    text = _SPA.sub(" ", text) if _SPA.sub("", text).strip() else text
    words = re.sub(r"[\W_]+", " ", _DROPPED.sub("", text.casefold())).split()
    return "".join(_without_form(words))


def _without_form(words: list[str]) -> list[str]:
    kept = words
    for form in _FORMS_BEFORE:
        if kept[: len(form)] == form and not _EMPTY_WORDS.issuperset(kept[len(form) :]):
            kept = kept[len(form) :]
    while True:
        long = _FORMS_AFTER.get(kept[-1], ()) if kept else ()
        form = next((form for form in long if kept[-len(form) :] == form), kept[-1:])
        shorter = kept[: -len(form)] if len(form) > 1 or _LEGAL_FORMS.issuperset(form) else kept
        if shorter == kept or _EMPTY_WORDS.issuperset(shorter):
            return kept
        kept = shorter


_FORMS_AFTER: dict[str, list[list[str]]] = {}
for _words in sorted((form.split() for form in _LEGAL_PHRASES), key=len, reverse=True):
    _FORMS_AFTER.setdefault(_words[-1], []).append(_words)
_FORMS_BEFORE = [["kabushiki", "kaisha"], ["godo", "kaisha"], *([word] for word in sorted(_BEFORE))]


def plain_host(host: str | None) -> str | None:
    """A domain for comparison: lower case, without a dot at the end, other scripts in their ASCII form."""
    if not host:
        return None
    text = host.strip().rstrip(".").casefold().removeprefix("www.")
    if text.isascii():
        return text or None
    try:
        return text.encode("idna").decode("ascii") or None
    except UnicodeError:
        return text or None


def host_of_address(email: str | None) -> str | None:
    """The domain of an e-mail address; ``None`` when it is none."""
    found = _ADDRESS.fullmatch(email.strip()) if email else None
    host = plain_host(found[1]) if found else None
    return host if host is not None and "." in host else None
