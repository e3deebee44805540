"""Every sentence of the product's own in an extractive output: a test checks that nothing else was written. Pure."""

from typing import Final

LABEL: Final = "Extractive draft, no model used: every statement below is copied from the sources named beside it."
KEY_FACTS: Final = "Key facts"
NO_FACTS: Final = "No key facts were found by their usual words. Read the document itself."
IN_SHORT: Final = "What the main sections say"
MATRIX: Final = "Obligations matrix"
MATRIX_NOTE: Final = "Copied word for word. Definitions and «not required» are left out. Owners are yours to fill in."
NO_OBLIGATIONS: Final = "No obligations were found by their usual words."
OUTLINE: Final = "Response outline"
OUTLINE_NOTE: Final = "One part for each section that demands something. Writing the answers needs a model or a person."
BOX: Final = "Your answer"
NEEDS: Final = "Needs a model"
NEEDS_RFP: Final = "Judging fit, writing persuasive answers and pricing need a model or a person."
NEEDS_CONTRACT: Final = "Judging risk and proposing changes need a model or a person, and a lawyer's review."
NEEDS_MEETING: Final = "Suggesting what to say needs a model or a person."
NEEDS_BRIEF: Final = "Comparing, ranking and recommending need a model or a person."
NEEDS_SUMMARY: Final = "Rewording and interpreting need a model or a person."
ANSWER: Final = "What the documents say"
NOT_FOUND: Final = "This is not in the documents you may read."
LOOKED_IN: Final = "Documents looked in"
QUESTION: Final = "Question"
CLAUSES: Final = "Key terms, clause by clause"
DUTIES: Final = "Duties of the parties"
BACKGROUND: Final = "Background"
OTHERS: Final = "Further mentions"
COLUMNS_FACTS: Final = ("Fact", "In the words of the document", "Where")
COLUMNS_MATRIX: Final = ("Id", "Requirement, word for word", "Section", "Where", "Kind", "Owner")
MANDATORY: Final = "mandatory"
DESIRABLE: Final = "desirable"

TITLES: Final = {
    "rfp": "RFP summary and response outline",
    "contract": "Contract review summary",
    "meeting": "Meeting preparation",
    "brief": "Competitive brief",
    "qa": "Policy answer",
    "summary": "Document summary",
}
