"""Projects with members, files, notes and proposals; document sets with their passages."""

from alembic import op

from colleague.kit.db import Base

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = (
    "projects", "project_members", "project_links", "project_notes", "project_proposals", "library_sets",
    "library_places", "library_documents", "library_passages",
)  # fmt: skip


def upgrade() -> None:
    # A new installation has them from the first revision, which makes all tables that its release knows.
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)
    op.execute("ALTER TABLE files ALTER COLUMN task_id DROP NOT NULL")
    for table, column, target, gone in (
        ("files", "project_id", "projects", "CASCADE"), ("tasks", "project_id", "projects", "SET NULL"),
        ("tasks", "set_id", "library_sets", "SET NULL"),
    ):  # fmt: skip
        op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column} VARCHAR")
        name = f"fk_{table}_{column}_{target}"
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
        op.create_foreign_key(name, table, target, [column], ["id"], ondelete=gone)
    op.execute("CREATE INDEX IF NOT EXISTS ix_files_project_id ON files (project_id)")
    op.execute("CREATE INDEX IF NOT EXISTS ix_tasks_project_id ON tasks (project_id)")


def downgrade() -> None:
    op.execute("DELETE FROM files WHERE task_id IS NULL")
    op.alter_column("files", "task_id", nullable=False)
    op.drop_column("files", "project_id")
    op.drop_column("tasks", "project_id")
    op.drop_column("tasks", "set_id")
    for name in reversed(TABLES):
        op.drop_table(name)
