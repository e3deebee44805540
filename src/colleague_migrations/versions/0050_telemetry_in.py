"""Adoption: telemetry of other agents: sources, what came already, strangers."""

from alembic import op

from colleague.kit.db import Base

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

TABLES = ("telemetry_sources", "telemetry_seen", "telemetry_strangers")


def upgrade() -> None:
    # A new installation has them from the first revision, which makes the tables that its release knows.
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
