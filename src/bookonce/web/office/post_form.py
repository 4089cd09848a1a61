"""Roles in forms: what can be chosen, what was, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bookonce.accounts.access import Access
from bookonce.accounts.roles import PRESETS, SWITCHES, Post, grantable_roles
from bookonce.platform.actor import Role
from bookonce.platform.errors import FieldError, ValidationError
from bookonce.web.office.page import Office
from bookonce.web.office.words import right_name, role_name, role_summary


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """A role in a form, with its switches: a right's name, what it is called, whether it is on."""

    role: Role
    name: str
    summary: str
    is_chosen: bool
    switches: list[tuple[str, str, bool]]


def own_post(access: Access) -> Post:
    """What whoever looks at the page is in the business."""
    assert access.post is not None  # a page is for accounts
    return access.post


def post_of(fields: Any) -> Post:
    """The post that a form describes. A role has its own switches; those of others don't count."""
    try:
        role = Role(str(fields.get("role") or ""))
    except ValueError:
        raise ValidationError([FieldError("role", "is required")]) from None
    names = [right for right in SWITCHES[role] if fields.get(f"switch_{role}_{right}")]
    return Post.of(role, str(fields.get("staff") or "") or None, names)


def post_choices(office: Office, access: Access, post: Post) -> dict[str, Any]:
    """What a form of a post shows: the roles and switches that one may give, and the calendars."""
    assert office.directory is not None
    words, own = office.language.words, own_post(access)
    roles = [
        RoleChoice(
            role,
            role_name(role, words),
            role_summary(role, words),
            role is post.role,
            [
                (
                    right.value,
                    right_name(right, words),
                    right in (post.rights if role is post.role else PRESETS[role]),
                )
                for right in SWITCHES[role]
                if right in own.rights
            ],
        )
        for role in grantable_roles(own)
    ]
    staff = [(each.key, each.name) for each in office.directory.business.staff]
    return {"roles": roles, "staff": staff, "staff_key": post.staff_key or ""}


def team_address(office: Office) -> str:
    """Where the team is listed."""
    assert office.directory is not None
    return f"/office/{office.directory.slug}/team"


def wrong_fields(office: Office, errors: list[FieldError]) -> dict[str, str]:
    """What to say by which field."""
    _ = office.language.words.gettext
    texts = {
        "email": _("Please enter an email address such as anna@example.com."),
        "name": _("Please say what to call you, in at most 200 characters."),
        "staff": _("Nobody of this key works here any more. Please choose again."),
        "role": _("Please choose a role."),
    }
    wrong = {error.field for error in errors}
    return {field: text for field, text in texts.items() if field in wrong}
