"""The one door to the service that writes voice notes down: rules → ledger → the service (OpenAI's wire format).

It is held to the rules for models (policy/rules/thinking.cedar): what a person says is not known before it is heard, so
it counts as the highest class that they may give to the agent.
"""

import json
import secrets
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from colleague.audit.event import Event
from colleague.audit.record import Ledger
from colleague.dispatch.voice.sound import Sound
from colleague.identity.actor import Actor
from colleague.kit.clock import Clock
from colleague.kit.db import Database
from colleague.kit.errors import Conflict, Failure, Forbidden, Unavailable
from colleague.kit.http import Answer, Egress
from colleague.kit.settings import Settings
from colleague.models.model import Kind, Paper
from colleague.models.papers import deployed_paper
from colleague.models.providers import checked_address
from colleague.policy.engine import Engine
from colleague.policy.governance import current_governance
from colleague.policy.inputs import narrowed
from colleague.policy.model import DataClass, Effect, Governance, Label, Zone
from colleague.policy.thinking import Thought
from colleague.tasks.parts import Parts

PROVIDER, SECONDS, ANSWER_LIMIT = "transcription", 120, 1_000_000


class NotSetUp(Conflict):
    """Voice notes are not set up here: no service that writes them down is named (COLLEAGUE_TRANSCRIPTION_URL). Your
    keyboard's own dictation works everywhere."""


class MayNotHear(Forbidden):
    """The service that writes voice notes down may not hear you: {why}"""


class NotWrittenDown(Unavailable):
    """The service did not write it down: {why}. Your recording is kept for a day; try again, or type it."""


@dataclass(frozen=True, slots=True)
class Ears:
    """The service of the settings, and what decides whether it may hear a person."""

    settings: Settings
    database: Database
    engine: Engine
    ledger: Ledger
    clock: Clock
    egress: Egress = field(repr=False)
    paper: Paper | None = None

    @staticmethod
    def of(settings: Settings, parts: Parts) -> "Ears":
        """Build it from the settings; its line reaches that one host alone. Raises BadPaper for a malformed paper."""
        # A service on one's own machines is at a private address.
        egress = Egress(private=settings.egress_private or settings.transcription_zone == "own", seconds=SECONDS)
        paper = deployed_paper(settings.transcription_attestation, name="COLLEAGUE_TRANSCRIPTION_ATTESTATION")
        return Ears(settings, parts.database, parts.engine, parts.ledger, parts.clock, egress, paper)

    @property
    def set_up(self) -> bool:
        """Say whether a service is named."""
        return bool(self.settings.transcription_url)

    async def hear(self, actor: Actor, content: bytes, sound: Sound, *, note: str) -> str:
        """Return what is said in a recording, for `actor`; `note` is what the ledger calls it.

        Decided and on record before anything leaves. Raises NotSetUp, MayNotHear, NotWrittenDown.
        """
        if not self.set_up:
            raise NotSetUp
        await self._decide(actor, sound, note)
        try:
            answer = await self._ask(content, sound)
            text = _text_of(answer)
        except NotWrittenDown as failure:
            await self._record("voice.failed", actor, note, {"why": failure.message[:300]})
            raise
        except Failure as failure:
            await self._record("voice.failed", actor, note, {"why": failure.message[:300]})
            raise NotWrittenDown(why=failure.message.rstrip(".")) from None
        await self._record("voice.transcribed", actor, note, {"seconds": round(sound.seconds), "length": len(text)})
        return text

    async def _decide(self, actor: Actor, sound: Sound, note: str) -> None:
        async with self.database.transaction() as session:
            governance = await current_governance(session)
            thought = self._thought(actor, governance)
            decision = self.engine.decide_thought(thought, governance)
            facts = {
                "person": actor.id, "effect": decision.effect.name.lower(), "zone": thought.zone.value,
                "rules": [r.rule for r in decision.rulings], "policy_hash": decision.policy_hash,
                "class": thought.label.data_class.name.lower(), "kind": sound.media_type,
                "seconds": round(sound.seconds),
            }  # fmt: skip
            await self.ledger.record(session, Event("voice.decided", actor.id, note, data=facts))
        if decision.effect is not Effect.ALLOW:
            remedies = " ".join(dict.fromkeys(_REMEDIES.get(r.rule, r.remedy) for r in decision.rulings))
            raise MayNotHear(why=f"{decision.why} {remedies}".strip())

    def _thought(self, actor: Actor, governance: Governance) -> Thought:
        own = self.settings.transcription_zone == "own"
        paper = self.paper if self.paper and self.paper.holds(self.clock.now().date()) else None
        label = Label(data_class=narrowed(governance, actor.teams, frozenset()).highest_input)
        return Thought(
            actor.id, PROVIDER, Kind.COMPATIBLE.value, Zone(self.settings.transcription_zone), True, own=own,
            attested=paper is not None, attested_fully=paper is not None and paper.whole,
            ceiling=DataClass.RESTRICTED if own else DataClass.CONFIDENTIAL, label=label, teams=actor.teams,
        )  # fmt: skip

    async def _ask(self, content: bytes, sound: Sound) -> Answer:
        own = self.settings.transcription_zone == "own"
        address = checked_address((self.settings.transcription_url or "").rstrip("/"), own=own or self._private)
        key = self.settings.transcription_key.get_secret_value() if self.settings.transcription_key else ""
        kind, body = _form(self.settings.transcription_model, f"voice.{sound.ending}", sound.media_type, content)
        headers = {"content-type": kind, "accept": "application/json"}
        if key:
            headers["authorization"] = f"Bearer {key}"
        # To write the same down twice harms nobody: a busy service is asked again.
        return await self.egress.request(
            "POST", f"{address}/audio/transcriptions", headers=headers, content=body, idempotent=True,
            hosts=(urlsplit(address).hostname or "",), size_limit=ANSWER_LIMIT,
        )  # fmt: skip

    @property
    def _private(self) -> bool:
        return self.settings.egress_private

    async def _record(self, verb: str, actor: Actor, note: str, facts: dict[str, object]) -> None:
        async with self.database.transaction() as session:
            await self.ledger.record(session, Event(verb, actor.id, note, data=facts))


_REMEDIES = {
    "think-no-training": "The operator names the service's no-training attestation in "
    "COLLEAGUE_TRANSCRIPTION_ATTESTATION, or a service of your own with COLLEAGUE_TRANSCRIPTION_ZONE=own.",
    "think-zone": "The operator says in COLLEAGUE_TRANSCRIPTION_ZONE where it works, or names one inside the zone.",
}


def _form(model: str, name: str, media_type: str, content: bytes) -> tuple[str, bytes]:
    """Return the content type and the body of the request (multipart/form-data, RFC 7578)."""
    edge, say = secrets.token_hex(16), "Content-Disposition: form-data; name="
    fields = (("model", model), ("response_format", "json"))
    plain = "".join(f'--{edge}\r\n{say}"{field}"\r\n\r\n{value}\r\n' for field, value in fields)
    head = f'--{edge}\r\n{say}"file"; filename="{name}"\r\nContent-Type: {media_type}\r\n\r\n'
    end = f"\r\n--{edge}--\r\n"
    return f"multipart/form-data; boundary={edge}", b"".join([plain.encode(), head.encode(), content, end.encode()])


def _text_of(answer: Answer) -> str:
    """Return the words of an answer. The service's own words about what went wrong stay out: they may hold anything."""
    if answer.status != 200:
        raise NotWrittenDown(why=f"it answered with {answer.status}")
    try:
        text = json.loads(answer.content)["text"]
    except (ValueError, TypeError, KeyError):
        raise NotWrittenDown(why="its answer is not what such a service answers") from None
    if not isinstance(text, str) or not text.strip():
        raise NotWrittenDown(why="it heard no words")
    return " ".join(text.replace("\x00", "").encode("utf-8", "replace").decode().split())[:8000]
