"""Who named sponsor and lead, and which owner confirmed the sponsor: one that is there needs to be confirmed once."""

from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

COLUMNS = {
    "sponsor_by": "VARCHAR REFERENCES people (id)", "lead_by": "VARCHAR REFERENCES people (id)",
    "confirmed_by": "VARCHAR REFERENCES people (id)", "confirmed_at": "TIMESTAMP WITH TIME ZONE",
}  # fmt: skip


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.execute(f"ALTER TABLE programme ADD COLUMN IF NOT EXISTS {name} {kind}")
    op.execute("UPDATE programme SET sponsor_by = changed_by, lead_by = changed_by WHERE sponsor_by IS NULL")


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column("programme", name)
