"""Where a house keeps what about a person: every table, what access shows of it, and what erasure does to it.

INVARIANT: every table stands in PLACES, OF_TASKS or ELSEWHERE; a test holds this list to the tables there are. A
table is named by its name: this floor reads all slices and knows none of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Fate = Literal["goes", "emptied", "stays"]
ERASED: Final = "[erased]"
_GONE, _NONE = f"'{ERASED}'", "''"


@dataclass(frozen=True, slots=True)
class Place:
    """Rows of `table` in which one of `whose` is the person.

    `kind`: what they are, in words. `empty`: the columns that are written over where the row stays, as SQL. `hidden`:
    what access leaves out of them: secrets, and what somebody else wrote that the person could not read. `only`: a
    condition besides.
    """

    table: str
    whose: tuple[str, ...]
    kind: str
    fate: Fate
    empty: Mapping[str, str] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    only: str = ""

    @property
    def where(self) -> str:
        """Return the condition on a row; `:person` is the id."""
        named = (column.partition(".") for column in self.whose)
        mine = " OR ".join(f'"{column}"' + (f"->>'{key}'" if key else "") + " = :person" for column, _, key in named)
        return f"({mine})" + (f" AND ({self.only})" if self.only else "")


def _goes(kind: str, table: str, *whose: str, hidden: str = "", only: str = "") -> Place:
    return Place(table, whose, kind, "goes", hidden=frozenset(hidden.split()), only=only)


def _emptied(kind: str, table: str, *whose: str, only: str = "", hidden: str = "", **empty: str) -> Place:
    return Place(table, whose, kind, "emptied", empty, frozenset(hidden.split()), only)


def _stays(kind: str, table: str, *whose: str, hidden: str = "") -> Place:
    return Place(table, whose, kind, "stays", hidden=frozenset(hidden.split()))


ACCESS, DEVICES, NOTICES = "sign-in and access", "phones, accounts and devices", "notices and preferences"
DISPATCH, OWN, WORDS = (
    "messages, schedules and voice notes",
    "marks, shares, memberships and drafts",
    "words to colleagues",
)
NUMBERS, DECISIONS = "numbers of use and programme", "decisions and what they made for the organisation"

PLACES: Final[tuple[Place, ...]] = (
    _goes(ACCESS, "sign_ins", "person_id", hidden="token_sha256"),
    _goes(ACCESS, "api_tokens", "person_id", hidden="token_sha256"),
    _goes(ACCESS, "passkeys", "person_id", hidden="credential_id public_key"),
    _goes(ACCESS, "once_links", "person_id", hidden="token_sha256 data"),
    _goes(ACCESS, "once_keys", "person_id", hidden="key content answer"),
    _goes(ACCESS, "sso_links", "person_id"),
    _goes(ACCESS, "sso_flows", "person_id", hidden="handle_sha256 browser_sha256 sealed"),
    _goes(ACCESS, "person_roles", "person_id"),
    _goes(ACCESS, "group_members", "person_id"),
    _goes(ACCESS, "provisioned_people", "person_id"),
    _goes(ACCESS, "approval_deputies", "person_id", "deputy_id"),
    _goes(ACCESS, "programme_leaders", "person_id"),
    _goes(ACCESS, "connector_accounts", "person_id", hidden="sealed"),
    _goes(DEVICES, "channel_addresses", "person_id", hidden="code"),
    _goes(DEVICES, "push_subscriptions", "person_id", hidden="endpoint sealed key"),
    _goes(NOTICES, "channel_preferences", "person_id"),
    _goes(NOTICES, "notices", "person_id"),
    _goes(NOTICES, "onboarding_quiet", "person_id"),
    _goes(DISPATCH, "dispatch_messages", "person_id", hidden="code content_hash sender"),
    _goes(DISPATCH, "dispatch_deliveries", "person_id"),
    _goes(DISPATCH, "dispatch_drills", "person_id"),
    _goes(DISPATCH, "schedules", "owner_id"),
    _goes(DISPATCH, "voice_notes", "person_id", hidden="content"),
    _goes(OWN, "skill_packages", "owner_id", only="state <> 'approved'"),
    _goes(OWN, "task_marks", "person_id"),
    _goes(OWN, "task_shares", "person_id"),
    _goes(OWN, "task_mentions", "person_id", "by_id"),
    _goes(OWN, "project_members", "person_id"),
    _goes(OWN, "model_ceilings", "subject", only="scope = 'person'"),
    _goes(OWN, "model_increases", "asked_by", hidden="note"),
    _goes(OWN, "champion_nominations", "person_id", hidden="why by"),
    _goes(OWN, "cohort_candidates", "person_id", hidden="sponsor_reason"),
    _goes(OWN, "seat_reasons", "person_id", hidden="reason"),
    _goes(OWN, "seat_choices", "person_id"),
    _emptied(WORDS, "champion_nominations", "by", why=_GONE),
    _emptied(WORDS, "task_hand_overs", "from_id", "to_id", note=_NONE, why=_NONE, hidden="note why"),
    _emptied(WORDS, "support_tickets", "person_id", title=_GONE, text=_GONE, external_id="id"),
    _emptied(WORDS, "support_answers", "by", text=_GONE),
    _emptied(WORDS, "use_case_observations", "person_id", "by", note=_NONE),
    _emptied(WORDS, "use_case_frictions", "by", text=_GONE, hidden="resolution"),
    _emptied(WORDS, "use_case_frictions", "resolved_by", resolution=_GONE, hidden="text"),
    _emptied(WORDS, "project_proposals", "person_id", why=_NONE, hidden="before"),
    _emptied(WORDS, "cohort_members", "person_id", left_why=_NONE),
    _emptied(WORDS, "champions", "person_id", why=_GONE, retired_why=_NONE, hidden="why retired_why"),
    _emptied(
        WORDS,
        "steps",
        "body.by",
        only="body->>'who' = 'person' AND run_id NOT IN (SELECT r.id FROM runs r JOIN "
        "task_hand_overs h ON h.task_id = r.task_id WHERE h.from_id = :person AND h.state = 'done')",
        body=f"(body - 'own') || '{{\"text\": \"{ERASED}\"}}'::jsonb",
    ),
    _stays(NUMBERS, "adoption_absences", "person_id"),
    _stays(NUMBERS, "adoption_actions", "person_id"),
    _stays(NUMBERS, "adoption_last", "person_id"),
    _stays(NUMBERS, "adoption_looks", "person_id"),
    _stays(NUMBERS, "adoption_runs", "person_id"),
    _stays(NUMBERS, "adoption_seats", "person_id"),
    _stays(NUMBERS, "champion_contacts", "person_id", "champion_id", hidden="outcome"),
    _stays(NUMBERS, "memberships", "person_id"),
    _stays(NUMBERS, "model_usage", "person_id"),
    _stays(NUMBERS, "onboarding_nudges", "person_id"),
    _stays(NUMBERS, "onboarding_passes", "person_id"),
    _stays(NUMBERS, "onboarding_savings", "person_id"),
    _stays(NUMBERS, "onboarding_ticks", "about", "by"),
    _stays(DECISIONS, "adoption_signatures", "by"),
    _stays(DECISIONS, "approvals", "answered_by", hidden="preview why then also title"),
    _stays(DECISIONS, "catalogue_reviews", "owner_id", "reviewed_by"),
    _stays(DECISIONS, "file_undos", "person_id"),
    _stays(DECISIONS, "governance_acknowledgements", "person_id"),
    _stays(DECISIONS, "governance_signatures", "person_id"),
    _stays(DECISIONS, "output_declassifications", "person_id", hidden="reasons"),
    _stays(DECISIONS, "output_reviews", "person_id"),
    _stays(DECISIONS, "output_takings", "person_id"),
    _stays(DECISIONS, "project_notes", "accepted_by", hidden="text"),
    _stays(DECISIONS, "programme_attestations", "by"),
    _stays(DECISIONS, "skill_packages", "owner_id"),
    _stays(DECISIONS, "use_case_cards", "by"),
    _stays(DECISIONS, "use_case_frameworks", "by"),
)

# What hangs on a task of theirs: by which column, and on what. The tasks themselves go by the deed that deletes a task.
OF_TASKS: Final[Mapping[str, tuple[str, str]]] = {
    "tasks": ("id", "task"), "runs": ("task_id", "task"), "steps": ("run_id", "run"), "calls": ("run_id", "run"),
    "approvals": ("run_id", "run"), "outputs": ("task_id", "task"), "output_versions": ("output_id", "output"),
    "files": ("task_id", "task"), "readings": ("task_id", "task"), "model_estimates": ("run_id", "run"),
    "model_decisions": ("run_id", "run"), "model_spoken": ("run_id", "run"), "task_indexed": ("run_id", "run"),
    "task_words": ("task_id", "task"),
}  # fmt: skip

# What is about nobody, or names people by id alone; hangs on a row above and goes with it; or is told of elsewhere.
ELSEWHERE: Final[Mapping[str, str]] = {
    "people": "the record itself: identity/erased/bury.py", "erasures": "what is told of an erasure",
    "blobs": "bytes of files",
    "legal_holds": "none that stands covers who is erased",
    "legal_hold_covers": "none that stands covers who is erased",
    "ledger_entries": "fields of the person read «[erased]» once their key is destroyed", "ledger_checkpoints": "roots",
    "ledger_subject_keys": "the key is destroyed", "ledger_forwards": "places in the ledger",
    "adoption_place": "ids", "adoption_frozen": "ids and numbers", "adoption_running": "numbers",
    "adoption_waits": "ids", "adoption_holidays": "days", "programme_items": "never about a person",
    "telemetry_sources": "names of fleets", "telemetry_seen": "digests", "telemetry_strangers": "keyed hashes",
    "sso_sessions": "goes with its session", "sso_providers": "set-up", "sso_seen": "digests", "sign_in_failures":
    "keyed by a hash, for a quarter of an hour", "sign_on_mode": "set-up", "seat_limit": "set-up", "teams": "names of "
    "teams", "custom_roles": "set-up", "groups": "set-up", "group_rules": "set-up", "provisioning_tokens": "set-up",
    "provisioning_faults": "without personal data", "deliveries": "goes with its notice",
    "dispatch_answers": "emptied once sent; looked at by address", "dispatch_contents": "goes with its message",
    "dispatch_files": "goes with its message", "dispatch_triggers": "set-up", "dispatch_wordings": "set-up",
    "schedule_slots": "goes with its schedule", "schedule_envelopes": "goes with its schedule",
    "schedule_envelope_uses": "goes with its schedule", "connector_grants": "set-up", "tool_states": "set-up",
    "mcp_servers": "set-up", "mcp_tools": "set-up", "model_papers": "set-up", "model_prices": "set-up",
    "model_providers": "set-up", "model_routes": "set-up", "governance_documents": "signed by id",
    "governance_proposals": "ids", "governance_versions": "ids", "posture_deviations": "checks",
    "catalogue_hold": "set-up", "skill_switches": "ids", "templates": "ids", "library_sets": "of projects",
    "library_documents": "an index of the organisation's files", "library_passages": "an index of the organisation's "
    "files", "library_places": "set-up", "projects": "of their members", "project_links": "of projects",
    "use_cases": "ids", "champion_weeks": "numbers", "cohorts": "ids", "onboarding_stalls": "numbers",
    "onboarding_versions": "texts of the programme", "programme": "ids", "programme_moves": "ids, signed",
    "retention_runs": "numbers, signed", "configuration_applied": "settings, by id",
    "programme_readiness": "answers about the organisation",
    "readouts": "numbers, frozen", "readout_assumptions": "numbers", "support_models": "a card",
}  # fmt: skip
