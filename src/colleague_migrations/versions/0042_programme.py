"""The programme: who runs it, its moves with their evidence, what people vouched for."""

from alembic import op

from colleague.kit.db import Base

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

TABLES = ("programme", "programme_moves", "programme_attestations")


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind(), tables=[Base.metadata.tables[name] for name in TABLES], checkfirst=True)


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
