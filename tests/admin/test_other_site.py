"""A second admin site in the project, to which the app's pages are given as well."""

import re

import pytest
from django.contrib.admin import AdminSite
from django.urls import include, path, reverse

from sepahan_django.admin import register_pages
from tests.admin.doors import addresses

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.admin.test_other_site")]

office = AdminSite("office")
register_pages(office)

urlpatterns = [
    path("office/", office.urls),
    path("", include("tests.urls")),
]


def pages_of_the_office(rows):
    for name, address in addresses(rows):
        yield name, address.replace("/admin/", "/office/", 1)


def test_every_link_of_a_page_stays_within_its_site(boss, rows):
    leading_out = {}
    for name, address in pages_of_the_office(rows):
        if name == "refused":  # a file
            continue
        answer = boss.get(address)
        assert answer.status_code in (200, 302, 403, 405), name
        links = re.findall(r'(?:href|action|src)="(/[^"]*)"', answer.content.decode())
        leading_out[name] = [link for link in links if link.startswith("/admin/")]
    assert {name: links for name, links in leading_out.items() if links} == {}


def test_every_button_returns_to_its_site(boss, rows):
    for name, address in pages_of_the_office(rows):
        # As CSV a file leaves nothing open behind.
        answer = boss.post(address, {"format": "csv"})
        assert not answer.get("Location", "").startswith("/admin/"), name


def test_the_other_site_has_every_page_of_the_first(rows):
    assert {address for _name, address in pages_of_the_office(rows)} == {
        address.replace("/admin/", "/office/", 1) for _name, address in addresses(rows)
    }
    assert reverse("office:sepahan_django_send").startswith("/office/")
