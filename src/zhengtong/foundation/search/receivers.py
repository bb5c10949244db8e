"""The index table is made after every migration, so that it exists in tests without migrations too."""

from typing import Any

from django.db.models.signals import post_migrate

from zhengtong.foundation.search import engines


def create_index(sender: Any, **kwargs: Any) -> None:
    """Make the table of the index."""
    engines.index().create()


def listen(app: Any) -> None:
    """Run `create_index` when the tables of `app` have been made."""
    post_migrate.connect(create_index, sender=app, dispatch_uid="search.create_index")
