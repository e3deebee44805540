"""How far the ledger was sent on to a SIEM."""

from alembic import op

from colleague.kit.db import Base

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A new installation has it from the first revision, which makes all tables that its release knows.
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables["ledger_forwards"]], checkfirst=True)


def downgrade() -> None:
    op.drop_table("ledger_forwards")
