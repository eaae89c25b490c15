"""The HTTP API and the web pages over a trained station."""

from segue.service.app import create_app
from segue.service.options import ServiceOptions, check_binding
from segue.service.serving import run

__all__ = ["ServiceOptions", "check_binding", "create_app", "run"]
