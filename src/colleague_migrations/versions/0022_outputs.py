"""Why a file has its class; reviews with their time and checklist; second looks; classes that were lowered."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A new installation has all this from the first revision, which makes the tables that its release knows.
    op.execute("ALTER TABLE files ADD COLUMN IF NOT EXISTS reasons JSONB NOT NULL DEFAULT '[]'")
    op.execute("ALTER TABLE output_versions ADD COLUMN IF NOT EXISTS self_reviewed BOOLEAN NOT NULL DEFAULT false")
    op.execute("ALTER TABLE output_versions ADD COLUMN IF NOT EXISTS second_look VARCHAR NOT NULL DEFAULT ''")
    op.execute(
        "UPDATE output_versions v SET self_reviewed = true FROM outputs o JOIN tasks t ON t.id = o.task_id"
        " WHERE o.id = v.output_id AND v.reviewed_by = t.person_id"
    )
    op.execute("""
        CREATE TABLE IF NOT EXISTS output_reviews (
            id VARCHAR PRIMARY KEY, output_id VARCHAR NOT NULL, version INTEGER NOT NULL, kind VARCHAR NOT NULL,
            person_id VARCHAR NOT NULL REFERENCES people (id), opened_at TIMESTAMPTZ, decided_at TIMESTAMPTZ,
            seconds INTEGER, verdict VARCHAR NOT NULL, checklist JSONB NOT NULL, note VARCHAR NOT NULL,
            sha256_before VARCHAR NOT NULL, sha256_after VARCHAR NOT NULL,
            UNIQUE (output_id, version, kind, person_id),
            FOREIGN KEY (output_id, version) REFERENCES output_versions (output_id, version) ON DELETE CASCADE
        )""")
    op.execute("""
        CREATE TABLE IF NOT EXISTS output_declassifications (
            id VARCHAR PRIMARY KEY, output_id VARCHAR NOT NULL, version INTEGER NOT NULL, sha256 VARCHAR NOT NULL,
            from_class INTEGER NOT NULL, to_class INTEGER NOT NULL, reason VARCHAR NOT NULL, reasons JSONB NOT NULL,
            person_id VARCHAR NOT NULL REFERENCES people (id), at TIMESTAMPTZ NOT NULL,
            FOREIGN KEY (output_id, version) REFERENCES output_versions (output_id, version) ON DELETE CASCADE
        )""")
    op.execute(
        "CREATE INDEX IF NOT EXISTS ix_output_declassifications_output_id ON output_declassifications (output_id)"
    )


def downgrade() -> None:
    op.drop_table("output_declassifications")
    op.drop_table("output_reviews")
    op.drop_column("output_versions", "second_look")
    op.drop_column("output_versions", "self_reviewed")
    op.drop_column("files", "reasons")
