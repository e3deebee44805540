"""Groups of identity providers with their rules, custom roles, provisioning."""

from alembic import op

from colleague.kit.db import Base

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = (
    "custom_roles", "groups", "group_members", "group_rules", "provisioning_tokens", "provisioned_people",
    "provisioning_faults",
)  # fmt: skip


def upgrade() -> None:
    # A new installation has them from the first revision, which makes all tables that its release knows.
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)
    for table in ("memberships", "person_roles"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS by_hand BOOLEAN NOT NULL DEFAULT true")
        op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS by_groups BOOLEAN NOT NULL DEFAULT false")


def downgrade() -> None:
    for table in ("memberships", "person_roles"):
        op.execute(f"DELETE FROM {table} WHERE NOT by_hand")
        op.drop_column(table, "by_hand")
        op.drop_column(table, "by_groups")
    for name in reversed(TABLES):
        op.drop_table(name)
