"""The catalogue is held while a review of the programme is due."""

from alembic import op

from colleague.kit.db import Base

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables["catalogue_hold"]], checkfirst=True)


def downgrade() -> None:
    op.drop_table("catalogue_hold")
