"""The risk of a skipped gate: named, confirmed by a second owner, accepted by the sponsor."""

from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

COLUMNS = {
    "risk": "VARCHAR NOT NULL DEFAULT ''", "confirmed_by": "VARCHAR REFERENCES people (id)",
    "confirmed_at": "TIMESTAMP WITH TIME ZONE", "accepted_by": "VARCHAR REFERENCES people (id)",
    "accepted_at": "TIMESTAMP WITH TIME ZONE",
}  # fmt: skip


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.execute(f"ALTER TABLE programme_moves ADD COLUMN IF NOT EXISTS {name} {kind}")
    # Who confirmed a skip before was the second owner; nobody had accepted a risk of its own.
    op.execute(
        "UPDATE programme_moves SET confirmed_by = decided_by, confirmed_at = decided_at "
        "WHERE kind = 'skip' AND state = 'done' AND confirmed_by IS NULL"
    )


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column("programme_moves", name)
