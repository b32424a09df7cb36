"""Members of staff at the admin, and what they read there."""

import re

from django.contrib.auth.models import Permission, User


def member_of_staff(*permissions, groups=()):
    """A new member of staff with these permissions and no others."""
    user = User.objects.create_user(f"clerk{User.objects.count()}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    user.groups.set(groups)
    return user


def clerk(client, *permissions, groups=()):
    """The client, logged in as a new member of staff with these permissions and no others."""
    client.force_login(member_of_staff(*permissions, groups=groups))
    return client


def page_text(answer):
    """What a reader sees of a page, in one line."""
    return " ".join(re.sub("<[^>]*>", " ", answer.content.decode()).split())
