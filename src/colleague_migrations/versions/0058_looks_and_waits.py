"""Adoption: who was seen without doing anything, and how long runs waited. All facts are rolled up anew."""

from alembic import op

from colleague.kit.db import Base

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

TABLES = ("adoption_looks", "adoption_waits")
FACTS = "adoption_place, adoption_actions, adoption_last, adoption_seats, adoption_runs"


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)
    op.execute(f"TRUNCATE {FACTS}")


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
