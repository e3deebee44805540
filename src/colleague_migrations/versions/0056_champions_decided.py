"""Champions by decision alone: whoever holds the role was appointed, and whoever was appointed holds it."""

from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

APPOINTED = "SELECT 1 FROM champions c WHERE c.person_id = r.person_id AND c.retired_at IS NULL"


def upgrade() -> None:
    op.execute("DELETE FROM group_rules WHERE kind = 'role' AND target = 'champion'")
    op.execute(f"DELETE FROM person_roles r WHERE r.role = 'champion' AND NOT EXISTS ({APPOINTED})")
    op.execute("UPDATE person_roles SET by_hand = true, by_groups = false WHERE role = 'champion'")
    op.execute(
        "UPDATE champions c SET retired_at = now(), retired_why = 'The role was taken by hand.'"
        " WHERE c.retired_at IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM person_roles r WHERE r.person_id = c.person_id AND r.role = 'champion')"
    )


def downgrade() -> None:
    """Keep what is: who is a champion is decided as before."""
