"""The buttons of a campaign: what they do, and for whom."""

import pytest
from django.contrib.auth.models import Group

from sepahan_django import accounts, outbox
from sepahan_django.models import Campaign
from tests.admin.campaigns.pages import address, history, looked_up, page, post
from tests.campaigns import messages, sent
from tests.factories import number, states
from tests.staff import clerk, page_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("english")]


# Pause and resume


def test_pause_holds_back_and_resume_lets_go(boss, campaign):
    messages(3, campaign)
    post(boss, campaign, "pause")
    outbox.drain()
    held = states()
    post(boss, campaign, "resume")
    outbox.drain()
    assert (held, states(), history(campaign)) == ({"queued": 3}, {"sent": 3}, ["Paused.", "Resumed."])


def test_a_button_pressed_twice_is_noted_once(boss, campaign):
    messages(1, campaign)
    post(boss, campaign, "pause")
    assert "It was already paused." in page_text(post(boss, campaign, "pause"))
    assert history(campaign) == ["Paused."]


def test_the_page_offers_what_can_be_done(boss, campaign):
    messages(2, campaign)
    messages(3, campaign, "failed")
    assert looked_up(boss, campaign)["offers"] == {"pause": "2", "resume": "", "cancel": "2", "retry": "3"}
    outbox.pause(campaign)
    assert looked_up(boss, campaign)["offers"] == {"pause": "", "resume": "2", "cancel": "2", "retry": "3"}


def test_without_the_permission_to_send_there_is_no_button(client, campaign):
    messages(1, campaign)
    shown = page(clerk(client, "view_campaign"), campaign).content.decode()
    assert all(address(name, campaign) not in shown for name in ("pause", "cancel", "retry", "export"))


# Cancel


def test_the_page_before_cancelling_says_how_many_and_what_is_gone(boss, campaign):
    messages(5, campaign)
    sent(2, campaign)
    shown = page(boss, campaign, "cancel")
    assert "5 SMS are still queued and will never be sent." in page_text(shown)
    assert "2 SMS have already been sent" in page_text(shown)
    assert 'value="Cancel 5 SMS"' in shown.content.decode()
    assert states() == {"queued": 5, "sent": 2}


def test_cancelling_leaves_what_has_gone_and_is_kept_in_the_history(boss, campaign):
    messages(5, campaign)
    sent(2, campaign)
    answer = post(boss, campaign, "cancel", count=5)
    assert states() == {"cancelled": 5, "sent": 2}
    assert "5 SMS cancelled; 2 had already been sent." in page_text(answer)
    assert history(campaign) == ["Cancelled 5 unsent SMS."]


@pytest.mark.parametrize("count", ["", "x", "-1", "4", "9" * 30])
def test_a_number_that_nobody_was_shown_cancels_nothing(boss, campaign, count):
    messages(5, campaign)
    post(boss, campaign, "cancel", count=count)
    assert states() == {"queued": 5}


def test_what_has_gone_since_the_page_was_shown_needs_no_second_look(boss, campaign):
    messages(5, campaign)
    post(boss, campaign, "cancel", count=8)
    assert states() == {"cancelled": 5}


def test_what_has_come_since_the_page_was_shown_needs_a_second_look(boss, campaign):
    messages(5, campaign)
    answer = post(boss, campaign, "cancel", count=4)
    assert "The number has grown since this page opened" in page_text(answer)


def test_cancelling_when_nothing_is_left_says_so(boss, campaign):
    sent(1, campaign)
    assert "This campaign has no queued messages left." in page_text(post(boss, campaign, "cancel", count=1))


# Retry


def test_the_page_before_sending_again_says_how_many_and_why(boss, campaign):
    messages(2, campaign, "failed", error_code=-4)
    messages(1, campaign, "failed")
    shown = page_text(page(boss, campaign, "retry"))
    assert "3 SMS have failed." in shown
    assert "2 × The recipient&#x27;s number has the wrong format." in shown


def test_sending_again_queues_the_failed_ones_of_this_campaign_alone(boss, campaign):
    messages(2, campaign, "failed")
    messages(1, campaign, "in_doubt")
    messages(1, None, "failed")
    post(boss, campaign, "retry", count=2)
    assert states() == {"queued": 2, "in_doubt": 1, "failed": 1}
    assert history(campaign) == ["Sent 2 failed SMS again."]


def test_more_failed_than_the_button_said_are_not_sent_again_unseen(boss, campaign):
    messages(3, campaign, "failed")
    post(boss, campaign, "retry", count=2)
    assert states() == {"failed": 3}


def test_those_without_a_number_any_more_are_not_counted(boss, campaign):
    messages(1, campaign, "failed", recipient="")
    assert "No message of this campaign has failed." in page_text(post(boss, campaign, "retry", count=1))


def test_sending_again_to_many_takes_the_permission_to_send_to_many(client, campaign, settings):
    settings.SEPAHAN = {**settings.SEPAHAN, "MANY": 2}
    messages(3, campaign, "failed")
    post(clerk(client, "view_campaign", "send_message"), campaign, "retry", count=3)
    refused = states()
    post(clerk(client, "view_campaign", "send_message", "send_to_many"), campaign, "retry", count=3)
    assert (refused, states()) == ({"failed": 3}, {"queued": 3})


# Export


def test_the_export_holds_the_messages_of_the_campaign(boss, campaign):
    messages(2, campaign, text="Happy Yalda")
    messages(1, None, recipient="09999999999")
    answer = boss.post(address("export", campaign), {"format": "csv"})
    content = b"".join(answer.streaming_content).decode()
    assert (content.count("Happy Yalda"), "09999999999" in content) == (2, False)
    assert history(campaign) == ["Exported as CSV: 2 SMS."]


def test_the_export_is_an_excel_file_too(boss, campaign):
    messages(1, campaign)
    answer = boss.post(address("export", campaign), {"format": "xlsx"})
    assert b"".join(answer.streaming_content).startswith(b"PK")


def test_the_export_masks_numbers_for_those_who_may_not_see_them(client, campaign):
    messages(1, campaign, text="nobody's business")
    user = clerk(client, "view_campaign", "export_messages")
    content = b"".join(user.post(address("export", campaign), {"format": "csv"}).streaming_content).decode()
    assert (number(0) in content, "nobody's" in content) == (False, False)


# Rights


SENDING = ("pause", "resume", "cancel", "retry")


@pytest.mark.parametrize("name", [*SENDING, "export"])
@pytest.mark.parametrize("permission", ["view_campaign", "send_message", "export_messages"])
def test_one_permission_alone_presses_no_button(client, campaign, name, permission):
    messages(1, campaign, "failed")
    answer = clerk(client, permission).post(address(name, campaign), {"count": 1})
    assert (answer.status_code, states(), history(campaign)) == (403, {"failed": 1}, [])


@pytest.mark.parametrize("name", [*SENDING, "export"])
def test_with_both_permissions_the_button_works(client, campaign, name):
    messages(1, campaign, "failed" if name == "retry" else "queued")
    needed = "export_messages" if name == "export" else "send_message"
    fields = {"count": 1, "format": "csv"}
    answer = clerk(client, "view_campaign", needed).post(address(name, campaign), fields)
    assert answer.status_code == (200 if name == "export" else 302)


@pytest.mark.parametrize("name", ["pause", "resume", "export"])
def test_a_look_presses_no_button(boss, campaign, name):
    messages(1, campaign)
    assert (page(boss, campaign, name).status_code, history(campaign)) == (405, [])


@pytest.mark.parametrize("name", ["change", "progress", *SENDING, "export"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_campaign_of_another_groups_account_is_not_there(client, campaign, name, method):
    messages(1, campaign)
    accounts.resolve().groups.add(Group.objects.create(name="sales"))
    user = clerk(client, "view_campaign", "send_message", "export_messages", "view_content")
    answer = getattr(user, method)(address(name, campaign), {"count": 1}, follow=True)
    assert ("Yalda" in answer.content.decode(), states(), Campaign.objects.get().paused_at) == (
        False,
        {"queued": 1},
        None,
    )


def test_staff_of_the_group_have_the_buttons(client, campaign):
    messages(1, campaign)
    group = Group.objects.create(name="sales")
    accounts.resolve().groups.add(group)
    post(clerk(client, "view_campaign", "send_message", groups=[group]), campaign, "pause")
    assert Campaign.objects.get().paused_at is not None
