"""SMS that arrive at the faulty gateway, to be fetched into the inbox."""

from tests.faulty_gateway import Inbound

LINE, DAY = "50003300", "1405/09/03"


def arrive(gateway, *texts, sender="09126900023", line=LINE, date=DAY):
    """Let SMS with these texts arrive at the gateway."""
    gateway.state.inbound += [Inbound(line=line, date=date, sender=sender, text=text) for text in texts]


def arrived(gateway):
    """All that ever arrived, as the database should hold it."""
    return sorted((one.line, one.date, one.sender, one.text) for one in gateway.state.inbound)


def unread(gateway):
    """The texts of those that the gateway has not marked as read."""
    return [one.text for one in gateway.state.inbound if not one.is_read]
