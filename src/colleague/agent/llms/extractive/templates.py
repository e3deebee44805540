"""Every sentence of the product's own in an extractive output: a test checks that nothing else was written. Pure."""

from typing import Final

LABEL: Final = "Extractive draft, no model used: every statement below is copied from the sources named beside it."
KEY_FACTS: Final = "Key facts"
NO_FACTS: Final = "No key facts were found by their usual (English) words. Read the document itself."
STILL_OPEN: Final = "Still open in the document"
IN_SHORT: Final = "What the main sections say"
GOES_ON: Final = "The list goes on in the source."
MATRIX: Final = "Obligations matrix"
MATRIX_NOTE: Final = "Copied word for word. Definitions and «not required» are left out. Owners are yours to fill in."
NO_OBLIGATIONS: Final = "No obligations were found by their usual (English) words."
BUYER: Final = "What the buyer undertakes"
OUTLINE: Final = "Response outline"
OUTLINE_NOTE: Final = "One part for each section that demands something. Writing the answers needs a model or a person."
PARTS: Final = "Parts of the response"
BY_SECTION: Final = "Requirements to meet, section by section"
BOX: Final = "Your answer"
NEEDS: Final = "Needs a model"
OWN_PLAN: Final = "You changed the plan. Without a model I keep to my own way of working: look at what is missing."
NEEDS_RFP: Final = "Judging fit, writing persuasive answers and pricing need a model or a person."
NEEDS_CONTRACT: Final = "Judging risk and proposing changes need a model or a person, and a lawyer's review."
NEEDS_MEETING: Final = "Suggesting what to say needs a model or a person."
NEEDS_BRIEF: Final = "Comparing, ranking and recommending need a model or a person."
NEEDS_SUMMARY: Final = "Rewording and interpreting need a model or a person."
NEEDS_QA: Final = "Weighing passages against each other needs a model or a person."
NEEDS_SYNTHESIS: Final = "Weighing, reconciling and concluding need a model or a person."
SHORTER: Final = "Key facts only. Condensing the text itself needs a model or a person."
FEWER: Final = "The best passages only. Condensing the text itself needs a model or a person."
NO_QUESTION: Final = "I need a question to bring the documents together on."
UNCLEAR: Final = "I can only extract, and I do not see what from this request."
NO_WRITING: Final = "Documents cannot be written in this task."
CANNOT_WRITE: Final = "I cannot write:"
CAN: Final = (
    "I work without a model. I can write the result again as docx, pdf, md, xlsx, csv or html, give the key facts "
    "only, mail it, or answer a question from the documents. Rewording and judging need a model."
)
CLOSING: Final = "Extractive draft, no model used: everything is copied from the documents, with its place."
ANSWER: Final = "What the documents say"
NOT_FOUND: Final = "This is not in the documents you may read."
LOOKED_IN_SET: Final = "I looked in the document set that this task is about."
LOOKED_IN: Final = "Documents looked in"
QUESTION: Final = "Question"
DIFFERS: Final = "Side by side: what may disagree"
DIFFERS_NOTE: Final = (
    "These speak of the same thing and give another number or date, or one says «not». Whether they disagree is for a "
    "person to say."
)
NO_DIFFERENCE: Final = "No two documents were found to give another number, date or «not» of the same thing."
NOT_THERE: Final = "Not in the documents you may read"
SOURCES: Final = "Sources"
SAY_NOTHING: Final = "Looked in, not quoted"
CLAUSES: Final = "Clause by clause"
DUTIES: Final = "Duties of the parties"
ANY_PARTY: Final = "Either party, or none named"
BACKGROUND: Final = "Background"
NOTHING: Final = "There is no text to copy from in this document."
COLUMNS_FACTS: Final = ("Fact", "In the words of the document", "Where")
COLUMNS_OPEN: Final = ("In the words of the document", "Where")
COLUMNS_MATRIX: Final = ("Id", "Requirement, word for word", "Section", "Where", "Kind", "Owner")
COLUMNS_DUTIES: Final = ("Id", "Duty, word for word", "Section", "Where", "Owner")
COLUMNS_BUYER: Final = ("Id", "Word for word", "Section", "Where")
COLUMNS_DIFFERS: Final = ("One document says", "Where", "Another says", "Where")
COLUMNS_SOURCES: Final = ("Document", "Its date or version, in its own words", "Where")
COLUMNS_ANSWER: Final = ("Section", "Where", "Requirements", "Your answer")
MANDATORY: Final = "mandatory"
DESIRABLE: Final = "desirable"

TITLES: Final = {
    "rfp": "RFP summary and response outline",
    "contract": "Contract review summary",
    "meeting": "Meeting preparation",
    "brief": "Competitive brief",
    "qa": "Policy answer",
    "synthesis": "Knowledge synthesis",
    "summary": "Document summary",
}
