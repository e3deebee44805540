"""Keys under which devices send again what they do not know to have arrived."""

from alembic import op

from colleague.kit.db import Base

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TABLES = ("once_keys",)


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
