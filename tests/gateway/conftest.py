"""The client and a faulty gateway, without Django between them."""

import pytest

from sepahan_django.gateway import SepahanClient
from tests.faulty_gateway import FaultyGateway
from tests.gateway.exchanges import TOKEN


@pytest.fixture
def server():
    with FaultyGateway() as gateway:
        yield gateway


@pytest.fixture
def client(server):
    with SepahanClient(TOKEN, base_url=server.url, timeout=(0.5, 0.5)) as made:
        yield made
