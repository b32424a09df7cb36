"""The pages that a browser looks at, by their addresses below the app's, and how wide one is."""

PAGES = [
    *(f"{model}/" for model in ("outboundmessage", "inboundmessage", "sendrequest", "campaign", "apikey")),
    *(
        "outboundmessage/send/",
        "outboundmessage/in-doubt/",
        "apikey/generate/",
        "apikey/add/",
        "apikey/1/change/",
    ),
    *("outboundmessage/?created=month", "outboundmessage/?created_from=never&created_to=1405/09/03"),
    *("senderline/", "senderline/add/", "outboundmessage/1/change/", "sendrequest/1/change/"),
    "campaign/1/change/",
    "inboundmessage/conversation/09121234567/",
    "inboundmessage/conversation/IRANCELL/",
    *("recipientlist/", "recipientlist/add/", "messagetemplate/", "messagetemplate/add/"),
]


def overhang(page):
    """By how many pixels the open page is wider than its window, by the width of a desk's and a phone's."""
    found = {}
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        found[width] = max(0, page.evaluate("document.documentElement.scrollWidth") - width)
    return found
