"""What is said of a candidate, as a form and as JSON say it."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from colleague.rollout.cohorts.model import CRITERIA, Answer, Score


def _yes(value: Any) -> Any:
    """A form says yes, no, or nothing yet."""
    return {"yes": True, "no": False, "": None}.get(value, value) if isinstance(value, str) else value


Yes = Annotated[bool | None, BeforeValidator(_yes)]
Words = Annotated[str, Field(max_length=2000)]
Short = Annotated[str, Field(max_length=300)]


class Said(BaseModel):
    """What is said of a candidate. A criterion is a yes or no, with its evidence in words."""

    model_config = ConfigDict(extra="ignore")

    documents: Yes = None
    documents_evidence: Words = ""
    feedback: Yes = None
    feedback_evidence: Words = ""
    not_sensitive: Yes = None
    not_sensitive_evidence: Words = ""
    profile: Short = ""
    repetition: Short = ""
    comparable: Yes = None
    comparable_evidence: Words = ""
    department: Short = ""
    title: Short = ""

    def score(self) -> Score:
        """Return it as a value."""
        answers = {name: Answer(getattr(self, name), getattr(self, f"{name}_evidence")) for name in CRITERIA}
        comparable = Answer(self.comparable, self.comparable_evidence)
        return Score(answers, self.profile, self.repetition, comparable, self.department, self.title)


class Proposed(Said):
    """Somebody who is proposed: by mail address or id."""

    person: Short


class ProposedTogether(Said):
    """Several people of whom the same is said."""

    people: Annotated[list[Annotated[str, Field(max_length=80)]], Field(max_length=40)] = []
