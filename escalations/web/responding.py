"""Stub."""
from fastapi import APIRouter

from escalations.web.parts import Parts


def routes(parts: Parts) -> APIRouter:
    """Nothing yet."""
    return APIRouter()
