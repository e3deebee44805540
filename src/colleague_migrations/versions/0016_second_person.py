"""Changes that weaken a rule of the organisation wait for a second person."""

from alembic import op

from colleague.kit.db import Base

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables["governance_proposals"]], checkfirst=True)


def downgrade() -> None:
    op.drop_table("governance_proposals")
