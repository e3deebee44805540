"""Reviews of the catalogue: who answers for what is in use, and who looked at it last."""

from alembic import op

from colleague.kit.db import Base

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

TABLES = ("catalogue_reviews",)


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
