"""Grants to roles, with words for tools and the hour of their last use."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A new installation has all this from the first revision, which makes the tables that its release knows.
    op.execute("ALTER TABLE connector_grants ADD COLUMN IF NOT EXISTS role VARCHAR NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE connector_grants ADD COLUMN IF NOT EXISTS tools JSONB NOT NULL DEFAULT '{}'")
    op.execute("ALTER TABLE connector_grants ADD COLUMN IF NOT EXISTS used_at TIMESTAMPTZ")
    op.execute("ALTER TABLE connector_grants ALTER COLUMN team_id DROP NOT NULL")
    op.execute("CREATE INDEX IF NOT EXISTS ix_connector_grants_role ON connector_grants (role)")
    op.execute("ALTER TABLE connector_grants DROP CONSTRAINT IF EXISTS one_holder")
    op.execute("ALTER TABLE connector_grants ADD CONSTRAINT one_holder CHECK ((team_id IS NULL) <> (role = ''))")


def downgrade() -> None:
    op.execute("DELETE FROM connector_grants WHERE role <> ''")
    op.drop_constraint("one_holder", "connector_grants")
    op.drop_index("ix_connector_grants_role", "connector_grants")
    op.execute("ALTER TABLE connector_grants ALTER COLUMN team_id SET NOT NULL")
    for name in ("role", "tools", "used_at"):
        op.drop_column("connector_grants", name)
