"""Seats in the pilot: whose reason is asked for people whom it is warned of, and the reasons that were given."""

from alembic import op

from colleague.kit.db import Base

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE seat_limit ADD COLUMN IF NOT EXISTS sponsor_id VARCHAR REFERENCES people (id)")
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables["seat_reasons"]], checkfirst=True)
    # A pilot that runs asks for reasons from now on.
    op.execute(
        "UPDATE seat_limit SET sponsor_id = (SELECT sponsor_id FROM programme)"
        " WHERE NOT EXISTS (SELECT 1 FROM programme_moves WHERE state = 'done' AND to_phase > 1)"
    )


def downgrade() -> None:
    op.drop_table("seat_reasons")
    op.drop_column("seat_limit", "sponsor_id")
