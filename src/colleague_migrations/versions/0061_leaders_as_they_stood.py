"""Until when somebody was a named leader: a week is told of by the list as it stood at its end."""

from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE programme_leaders ADD COLUMN IF NOT EXISTS until TIMESTAMP WITH TIME ZONE")
    op.execute("ALTER TABLE programme_leaders DROP CONSTRAINT pk_programme_leaders")
    op.execute("ALTER TABLE programme_leaders ADD CONSTRAINT pk_programme_leaders PRIMARY KEY (person_id, at)")
    op.execute(
        "CREATE UNIQUE INDEX IF NOT EXISTS uq_programme_leaders_now ON programme_leaders (person_id) "
        "WHERE until IS NULL"
    )


def downgrade() -> None:
    op.execute("DELETE FROM programme_leaders WHERE until IS NOT NULL")
    op.execute("DROP INDEX uq_programme_leaders_now")
    op.execute("ALTER TABLE programme_leaders DROP CONSTRAINT pk_programme_leaders")
    op.execute("ALTER TABLE programme_leaders ADD CONSTRAINT pk_programme_leaders PRIMARY KEY (person_id)")
    op.drop_column("programme_leaders", "until")
