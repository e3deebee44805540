"""Legal holds, and what they cover."""

from alembic import op

from colleague.kit.db import Base

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

TABLES = ("legal_holds", "legal_hold_covers")


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
