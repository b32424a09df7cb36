from django.apps import AppConfig


class ExampleConfig(AppConfig):
    """The example project itself, for its command `demo`."""

    name = "example_project"
