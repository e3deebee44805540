"""Champions: appointments, nominations, whom they were asked to help, the weeks handed out."""

from alembic import op

from colleague.kit.db import Base

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

TABLES = ("champions", "champion_nominations", "champion_contacts", "champion_weeks")


def upgrade() -> None:
    # A new installation has them from the first revision, which makes the tables that its release knows.
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
