"""Sub-agents: a run may work for another run of its task, started by one of its calls."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A new installation has them from the first revision, which makes all tables that its release knows.
    for name in ("parent_run", "parent_call"):
        op.execute(f"ALTER TABLE runs ADD COLUMN IF NOT EXISTS {name} VARCHAR NOT NULL DEFAULT ''")
        op.execute(f"ALTER TABLE runs ALTER COLUMN {name} DROP DEFAULT")
    op.execute("CREATE INDEX IF NOT EXISTS ix_runs_parent_run ON runs (parent_run) WHERE parent_run <> ''")
    op.execute("CREATE UNIQUE INDEX IF NOT EXISTS uq_runs_parent_call ON runs (parent_call) WHERE parent_call <> ''")


def downgrade() -> None:
    op.execute("DROP INDEX uq_runs_parent_call")
    op.execute("DROP INDEX ix_runs_parent_run")
    op.drop_column("runs", "parent_call")
    op.drop_column("runs", "parent_run")
