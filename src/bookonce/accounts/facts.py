"""What events say of posts."""

from __future__ import annotations

from uuid import UUID

from bookonce.accounts.roles import Post
from bookonce.events.catalogue import MemberFacts


def member_facts(post: Post, account_id: UUID | None = None) -> MemberFacts:
    """A post, and whose it is; None: of somebody who has no account yet, maybe."""
    return MemberFacts(
        role=post.role,
        account=account_id,
        staff=post.staff_key,
        granted=tuple(sorted(post.granted)),
        withheld=tuple(sorted(post.withheld)),
    )
