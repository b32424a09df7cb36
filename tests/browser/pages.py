"""The pages that a browser looks at, by their addresses below the app's."""

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
