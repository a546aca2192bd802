"""The migrations make exactly the schema of the models."""

from alembic import command
from alembic.config import Config

from service.cli.setup import MIGRATIONS


def test_models_and_migrations_agree(stack):
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = stack.database_url()
    command.check(config)
    assert stack.sql("SELECT version_num FROM alembic_version") != []
