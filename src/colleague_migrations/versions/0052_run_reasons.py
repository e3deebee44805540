"""Adoption: when anything last happened in a run, and what held it up. All facts are rolled up anew from the ledger."""

from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

COLUMNS = {"active_at": "TIMESTAMP WITH TIME ZONE", "reason": "VARCHAR NOT NULL DEFAULT ''"}
FACTS = "adoption_place, adoption_actions, adoption_last, adoption_seats, adoption_runs"


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.execute(f"ALTER TABLE adoption_runs ADD COLUMN IF NOT EXISTS {name} {kind}")
    op.execute(f"TRUNCATE {FACTS}")


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column("adoption_runs", name)
    op.execute(f"TRUNCATE {FACTS}")
