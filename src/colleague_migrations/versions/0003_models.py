"""Model providers, their papers, routes, prices, usage, ceilings."""

from alembic import op

from colleague.kit.db import Base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = (
    "model_providers", "model_papers", "model_routes", "model_prices", "model_usage", "model_ceilings",
    "model_increases", "model_decisions", "model_spoken", "model_estimates",
)  # fmt: skip


def upgrade() -> None:
    # A new installation has them from the first revision, which makes all tables that its release knows.
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
