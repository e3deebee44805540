"""The governance document: drafts and versions, signatures, acknowledgements."""

from alembic import op

from colleague.kit.db import Base

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = ("governance_documents", "governance_signatures", "governance_acknowledgements")


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
