"""The spine: all tables of the first release, and the queue's own schema."""

from alembic import op
from procrastinate.schema import SchemaManager

from colleague.kit.db import Base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    Base.metadata.create_all(op.get_bind())


def downgrade() -> None:
    raise RuntimeError("The first revision cannot be undone.")
