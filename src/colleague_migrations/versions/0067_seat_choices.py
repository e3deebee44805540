"""Seats in the pilot: who was chosen for one, on the three criteria or by an exception."""

from alembic import op

from colleague.kit.db import Base

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE seat_limit ADD COLUMN IF NOT EXISTS criteria BOOLEAN NOT NULL DEFAULT FALSE")
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables["seat_choices"]], checkfirst=True)
    # A pilot that runs asks for the criteria from now on, and who was chosen stays chosen.
    op.execute(
        "UPDATE seat_limit SET criteria = TRUE"
        " WHERE EXISTS (SELECT 1 FROM programme_moves WHERE state = 'done' AND kind = 'start')"
        " AND NOT EXISTS (SELECT 1 FROM programme_moves WHERE state = 'done' AND to_phase > 1)"
    )
    op.execute(
        "INSERT INTO seat_choices (person_id, how, by, at)"
        " SELECT DISTINCT ON (c.person_id) c.person_id, 'chosen', c.by, c.at FROM cohort_candidates c"
        " JOIN cohort_members m ON m.cohort_id = c.cohort_id AND m.person_id = c.person_id AND m.left_at IS NULL"
        " WHERE c.stand = 'chosen' ON CONFLICT DO NOTHING"
    )


def downgrade() -> None:
    op.drop_table("seat_choices")
    op.drop_column("seat_limit", "criteria")
