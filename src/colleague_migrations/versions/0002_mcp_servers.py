"""MCP servers and their tools."""

from alembic import op

from colleague.connectors.tables import McpServerRow, McpToolRow

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The first revision makes every table there is: on a new database these two are there already.
    for table in (McpServerRow.__table__, McpToolRow.__table__):
        table.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    for table in (McpToolRow.__table__, McpServerRow.__table__):
        table.drop(op.get_bind(), checkfirst=True)
