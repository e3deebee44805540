"""Adoption: holidays, absences, open items of the programme."""

from alembic import op

from colleague.kit.db import Base

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

TABLES = ("adoption_holidays", "adoption_absences", "programme_items")


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
