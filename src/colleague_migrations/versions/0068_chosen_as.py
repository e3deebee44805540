"""Seats in the pilot: as whom somebody was chosen, so that an account given to somebody else is seen."""

from alembic import op

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("name", "email"):
        op.execute(f"ALTER TABLE seat_choices ADD COLUMN IF NOT EXISTS {name} VARCHAR NOT NULL DEFAULT ''")
    op.execute("UPDATE seat_choices c SET name = p.name, email = p.email FROM people p WHERE p.id = c.person_id")


def downgrade() -> None:
    for name in ("name", "email"):
        op.drop_column("seat_choices", name)
