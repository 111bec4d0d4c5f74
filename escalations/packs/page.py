"""A policy as a page: the drawing, then every rule in words with the paragraph behind it.

`body` is what the web puts into its own page; `alone` is one file that needs nothing else: it opens from a mail, and
prints. Both are made of one template, so that what a partnership reads is what is in force.
"""

from __future__ import annotations

import functools

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from escalations.packs import drawing, saying
from escalations.policy import Policy


def body(policy: Policy, *, notes: tuple[str, ...] = ()) -> Markup:
    """The policy as a part of a page, in GOV.UK's own classes; the page brings the styles.

    Args:
        policy: the policy.
        notes: what is to be said of it first, such as that its review is due.
    """
    return Markup(  # noqa: S704  rendered by a template that escapes
        environment()
        .get_template("policy.html")
        .render(
            policy=policy,
            ladder=saying.say(policy),
            adoption=saying.adoption(policy),
            drawing=drawing.draw(policy),
            notes=notes,
        )
    )


def alone(policy: Policy, *, notes: tuple[str, ...] = ()) -> str:
    """The policy as one file."""
    return environment().get_template("alone.html").render(policy=policy, body=body(policy, notes=notes))


@functools.cache
def environment() -> Environment:
    """The templates of policies, made once."""
    return Environment(
        loader=PackageLoader("escalations.packs"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
