"""Roles that are poor choices for a pilot: legal, HR leads, compliance-adjacent (PP-3). A warning, never a ban. Pure.

It reads English words of department, title and profile. An unknown title in HR counts as a lead: better one question
too many.
"""

import re
import unicodedata
from typing import Final

LEGAL: Final = "Legal work: privileged and confidential by nature, so a first pilot learns little from it."
HR: Final = "HR lead: works on personal data of colleagues, so a first pilot learns little from it."
COMPLIANCE: Final = "Compliance-adjacent: output needs a qualified review each time, which hides the time saved."

_LEGAL = re.compile(
    r"\b(?:legal|law|lawyers?|attorneys?|counsels?|solicitors?|barristers?|paralegals?|litigat\w+|notary|juridical|"
    r"general counsel|contracts? (?:law|counsel)|company secretar\w+)\b"
)
_HR = re.compile(
    r"\b(?:hr|hrbp|human resources?|human capital|people (?:operations|ops|and culture|team|partner|function)|"
    r"chief people|head of people|vp people|personnel|talent|recruit\w*|people)\b"
)
_LEAD = re.compile(
    r"\b(?:head|lead|leads|leader|director|chief|chro|cpo|vp|vice president|president|manager|principal|partner|"
    r"business partner|officer|senior)\b"
)
_COMPLIANCE = re.compile(
    r"\b(?:compliance|regulat\w+|audit(?:s|or|ors|ing)?|risk|aml|kyc|anti money laundering|mlro|sanctions|ethics|"
    r"privacy|data protection|dpo|fraud|internal controls?|financial crime|whistleblow\w*|investigations?|"
    r"governance|conduct)\b"
)
_HR_TITLE = re.compile(r"\b(?:chro|hrbp|hr director|head of hr|chief people officer)\b")


def plain(text: str) -> str:
    """Return `text` in one spelling for comparing: letters without case, marks, and what cannot be seen."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(c for c in folded if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    # «H.R.» and «h/r» are read as «hr».
    kept = re.sub(r"\b(\w)[./](?=\w\b)", r"\1", kept)
    return " ".join(re.sub(r"[^\w]+|_", " ", kept).split())


def warnings(department: str, title: str, profile: str = "") -> tuple[str, ...]:
    """Return why somebody of this department, with this title and profile, is a poor choice for a pilot; () if not."""
    at, called, does = plain(department), plain(title), plain(profile)
    found = []
    if any(map(_LEGAL.search, (at, called, does))):
        found.append(LEGAL)
    in_hr = bool(_HR.search(at))
    leads = bool(_LEAD.search(called)) or not called
    if (in_hr and leads) or (_HR.search(called) and _LEAD.search(called)) or _HR_TITLE.search(called):
        found.append(HR)
    if any(map(_COMPLIANCE.search, (at, called, does))):
        found.append(COMPLIANCE)
    return tuple(found)
