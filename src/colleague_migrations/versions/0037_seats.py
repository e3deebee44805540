"""Seats: how many there may be, who waits, and in which department people work."""

from alembic import op

from colleague.kit.db import Base

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE people ADD COLUMN IF NOT EXISTS waiting_since TIMESTAMP WITH TIME ZONE")
    for table in ("people", "provisioned_people"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS department VARCHAR NOT NULL DEFAULT ''")
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables["seat_limit"]], checkfirst=True)


def downgrade() -> None:
    op.drop_table("seat_limit")
    for table, column in (("people", "waiting_since"), ("people", "department"), ("provisioned_people", "department")):
        op.drop_column(table, column)
