"""Weeks that are not frozen yet, computed ahead for large organisations."""

from alembic import op

from colleague.kit.db import Base

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables["adoption_running"]], checkfirst=True)


def downgrade() -> None:
    op.drop_table("adoption_running")
