"""Adoption: when outputs are taken, and what runs are told of them."""

from alembic import op

from colleague.kit.db import Base

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

COLUMNS = {
    "input_at": "TIMESTAMP WITH TIME ZONE", "taken_at": "TIMESTAMP WITH TIME ZONE",
    "verdict": "VARCHAR NOT NULL DEFAULT ''", "verdict_at": "TIMESTAMP WITH TIME ZONE",
    "seq": "BIGINT NOT NULL DEFAULT 0",
}  # fmt: skip


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables["output_takings"]], checkfirst=True)
    for name, kind in COLUMNS.items():
        op.execute(f"ALTER TABLE adoption_runs ADD COLUMN IF NOT EXISTS {name} {kind}")
    op.execute("CREATE INDEX IF NOT EXISTS ix_adoption_runs_task_id ON adoption_runs (task_id)")


def downgrade() -> None:
    op.drop_index("ix_adoption_runs_task_id", "adoption_runs")
    for name in reversed(COLUMNS):
        op.drop_column("adoption_runs", name)
    op.drop_table("output_takings")
