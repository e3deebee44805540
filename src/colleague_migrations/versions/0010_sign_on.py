"""Sign-on: identity providers, links of people to them, ways there and back, and whether passwords are switched off."""

from alembic import op

from colleague.kit.db import Base

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("sso_providers", "sso_links", "sso_flows", "sso_seen", "sso_sessions", "sign_on_mode")


def upgrade() -> None:
    # A new installation has them from the first revision, which makes all tables that its release knows.
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
