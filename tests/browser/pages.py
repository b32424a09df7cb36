"""The pages that a browser looks at, and what is said of any of them."""

PAGES = [
    "admin/",
    "sandbox/",
    *(
        f"admin/sepahan_django/{path}"
        for path in (
            "",
            "overview/",
            "overview/first-run/",
            "outboundmessage/",
            "outboundmessage/?created=month",
            "outboundmessage/?created_from=never&created_to=1405/09/03",
            "outboundmessage/1/change/",
            "outboundmessage/send/",
            "outboundmessage/send/?draft=1",
            "outboundmessage/send/1/",
            "outboundmessage/in-doubt/",
            "inboundmessage/",
            "inboundmessage/1/change/",
            "inboundmessage/conversation/09121234567/",
            "inboundmessage/conversation/IRANCELL/",
            "campaign/",
            "campaign/1/change/",
            "recipientlist/",
            "recipientlist/add/",
            "recipientlist/1/change/",
            "recipientlist/1/members/",
            "messagetemplate/",
            "messagetemplate/add/",
            "messagetemplate/1/change/",
            "sendrequest/",
            "sendrequest/1/change/",
            "senderline/",
            "senderline/add/",
            "apikey/",
            "apikey/add/",
            "apikey/generate/",
            "apikey/1/change/",
        )
    ),
]
"""Every page of the demo that has an address, by that address."""


def opened(page, demo, path):
    """The server's answer to opening a page, which is that page and no error or redirect."""
    answer = page.goto(f"{demo}/{path}")
    # The admin redirects where there is no such row.
    assert (answer.status, page.url) == (200, f"{demo}/{path}")
    return answer


def overhang(page):
    """By how many pixels the open page is wider than its window, by the width of a desk's and a phone's."""
    found = {}
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        found[width] = max(0, page.evaluate("document.documentElement.scrollWidth") - width)
    return found
