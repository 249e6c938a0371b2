"""The Flask application: the admin pages, behind an edge that answers the AWS calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from flask import Flask

from personalize_local.server.admin import Administered, admin_pages, answer_errors_in_json
from personalize_local.server.edge import Answering, Edge

if TYPE_CHECKING:
    from personalize_local.server.companion import Companion
    from personalize_local.settings import Settings


class Served(Answering, Administered, Protocol):
    """What a server needs of the emulator."""


def create_app(emulator: Served, settings: Settings, companion: Companion | None = None) -> Flask:
    """A WSGI application over ``emulator``; ``companion`` answers other AWS services, None when it is off."""
    application = Flask("personalize_local", static_folder=None, template_folder=None)
    application.register_blueprint(admin_pages(emulator, companion))
    answer_errors_in_json(application)
    edge = Edge(emulator, application.wsgi_app, companion, settings.max_body)
    # Flask documents replacing this attribute as the way to put middleware around an application.
    application.wsgi_app = edge  # type: ignore[method-assign]
    return application
