"""The directory, for those who keep it: the list, an agency's page, and the forms that change it.

Names and addresses are shown and never stand in an address of a page: those hold ids of agencies and holdings, and
codes. Searching by name is a POST. A GET changes nothing.
"""

from __future__ import annotations

from fastapi import APIRouter

from escalations.rules.access import Page
from escalations.web.auth import allowed
from escalations.web.directory_agencies import AgencyPages
from escalations.web.directory_list import ListPages
from escalations.web.directory_posts import PostPages
from escalations.web.directory_tables import TablePages
from escalations.web.parts import Parts


def routes(parts: Parts) -> APIRouter:
    """The list, the agencies and the forms."""
    router = APIRouter(prefix="/directory", dependencies=[allowed(parts, Page.DIRECTORY)], include_in_schema=False)
    lists, agencies, posts, loads = ListPages(parts), AgencyPages(parts), PostPages(parts), TablePages(parts)
    router.add_api_route("", lists.all_of_them, methods=["GET"])
    router.add_api_route("/find", lists.find, methods=["POST"])
    router.add_api_route("/to-tell", lists.to_tell, methods=["GET"])
    router.add_api_route("/import", loads.ask, methods=["GET"])
    router.add_api_route("/import", loads.take, methods=["POST"])
    router.add_api_route("/export.csv", loads.download, methods=["GET"])
    router.add_api_route("/new", agencies.new, methods=["GET"])
    router.add_api_route("/new", agencies.add, methods=["POST"])
    one = "/agencies/{agency_id}"
    router.add_api_route(one, agencies.agency, methods=["GET"])
    router.add_api_route(f"{one}/change", agencies.show_change, methods=["GET"])
    router.add_api_route(f"{one}/change", agencies.change, methods=["POST"])
    router.add_api_route(f"{one}/notices", agencies.show_notices, methods=["GET"])
    router.add_api_route(f"{one}/notices", agencies.notices, methods=["POST"])
    router.add_api_route(f"{one}/end", agencies.show_end, methods=["GET"])
    router.add_api_route(f"{one}/end", agencies.end, methods=["POST"])
    router.add_api_route(f"{one}/appoint", posts.show_appoint, methods=["GET"])
    router.add_api_route(f"{one}/appoint", posts.appoint, methods=["POST"])
    router.add_api_route(f"{one}/holdings/{{holding_id}}/end", posts.show_end_holding, methods=["GET"])
    router.add_api_route(f"{one}/holdings/{{holding_id}}/end", posts.end_holding, methods=["POST"])
    return router
