"""Results on their way to people."""

from alembic import op

from colleague.kit.db import Base

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

TABLES = ("dispatch_deliveries",)


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
