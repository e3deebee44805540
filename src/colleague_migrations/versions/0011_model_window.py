"""How much a model can be given at once, beside its price."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A new installation has it from the first revision, which makes all tables that its release knows.
    op.execute('ALTER TABLE model_prices ADD COLUMN IF NOT EXISTS "window" INTEGER NOT NULL DEFAULT 0')
    op.execute('ALTER TABLE model_prices ALTER COLUMN "window" DROP DEFAULT')


def downgrade() -> None:
    op.drop_column("model_prices", "window")
