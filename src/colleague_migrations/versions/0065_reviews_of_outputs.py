"""Adoption: verdicts by output, and what was delivered stays so. All facts are rolled up anew from the ledger."""

from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

COLUMNS = {
    "reviews": "JSONB NOT NULL DEFAULT '{}'", "reviewed": "INTEGER NOT NULL DEFAULT 0",
    "passed": "INTEGER NOT NULL DEFAULT 0",
}  # fmt: skip
FACTS = "adoption_place, adoption_actions, adoption_last, adoption_seats, adoption_runs, adoption_looks, adoption_waits"


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.execute(f"ALTER TABLE adoption_runs ADD COLUMN IF NOT EXISTS {name} {kind}")
    op.execute("ALTER TABLE adoption_runs DROP COLUMN IF EXISTS verdict_at")
    op.execute(f"TRUNCATE {FACTS}")


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column("adoption_runs", name)
    op.execute("ALTER TABLE adoption_runs ADD COLUMN verdict_at TIMESTAMP WITH TIME ZONE")
    op.execute(f"TRUNCATE {FACTS}")
