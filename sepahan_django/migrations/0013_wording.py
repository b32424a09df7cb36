"""Clearer English names of tables, columns and choices: Django keeps them, the database does not."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('sepahan_django', '0012_reasons'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='actor',
            options={'default_permissions': (), 'verbose_name': 'SMS audit record', 'verbose_name_plural': 'SMS audit records'},
        ),
        migrations.AlterModelOptions(
            name='draftrow',
            options={'default_permissions': (), 'ordering': ('pk',), 'verbose_name': 'draft row', 'verbose_name_plural': 'draft rows'},
        ),
        migrations.AlterModelOptions(
            name='listmember',
            options={'default_permissions': (), 'ordering': ('pk',), 'verbose_name': 'list recipient', 'verbose_name_plural': 'list recipients'},
        ),
        migrations.AlterField(
            model_name='apikey',
            name='base_url',
            field=models.CharField(blank=True, default='', help_text="Leave empty to use the address from the project's settings.", max_length=200, verbose_name='gateway address'),
        ),
        migrations.AlterField(
            model_name='apikey',
            name='groups',
            field=models.ManyToManyField(blank=True, help_text='Only staff in these groups can see and use the account. Leave empty to allow everyone who may send.', related_name='+', to='auth.group', verbose_name='limited to groups'),
        ),
        migrations.AlterField(
            model_name='apikey',
            name='is_default',
            field=models.BooleanField(default=False, help_text='Used when no account is given for a message.', verbose_name='default'),
        ),
        migrations.AlterField(
            model_name='apikey',
            name='is_limited',
            field=models.BooleanField(default=False, help_text='The groups it was limited to have been deleted, so only superusers can see it. Choose other groups, or clear this checkbox to open it to everyone who may send.', verbose_name='limited'),
        ),
        migrations.AlterField(
            model_name='draftrow',
            name='problem',
            field=models.CharField(blank=True, choices=[('', 'none'), ('duplicate', 'Duplicate'), ('unreadable', 'Unreadable number'), ('empty', 'A column used in the text is empty')], default='', max_length=12, verbose_name='problem'),
        ),
        migrations.AlterField(
            model_name='draftrow',
            name='raw',
            field=models.CharField(max_length=200, verbose_name='as entered'),
        ),
        migrations.AlterField(
            model_name='inboundmessage',
            name='dispatch_error',
            field=models.TextField(blank=True, default='', verbose_name='processing error'),
        ),
        migrations.AlterField(
            model_name='inboundmessage',
            name='dispatched_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='processed at'),
        ),
        migrations.AlterField(
            model_name='inboundmessage',
            name='gateway_date',
            field=models.CharField(max_length=255, verbose_name='raw gateway date'),
        ),
        migrations.AlterField(
            model_name='jobrun',
            name='last_ok_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='last success at'),
        ),
        migrations.AlterField(
            model_name='jobrun',
            name='name',
            field=models.CharField(choices=[('send_queued', 'Sending queued SMS'), ('pull_inbox', 'Fetching inbound SMS'), ('sync_status', 'Checking delivery statuses'), ('credit', 'Checking the credit')], max_length=20, unique=True, verbose_name='job'),
        ),
        migrations.AlterField(
            model_name='outboundmessage',
            name='expires_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='expires at'),
        ),
        migrations.AlterField(
            model_name='outboundmessage',
            name='gateway_id',
            field=models.BigIntegerField(blank=True, null=True, verbose_name='gateway id'),
        ),
        migrations.AlterField(
            model_name='outboundmessage',
            name='status_due_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='next delivery check at'),
        ),
        migrations.AlterField(
            model_name='senddraft',
            name='keep_duplicates',
            field=models.BooleanField(default=False, verbose_name='send to duplicate numbers too'),
        ),
        migrations.AlterField(
            model_name='sendrequest',
            name='answer',
            field=models.TextField(blank=True, default='', editable=False, verbose_name='raw answer'),
        ),
        migrations.AlterField(
            model_name='sendrequest',
            name='due_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='next attempt at'),
        ),
        migrations.AlterField(
            model_name='sendrequest',
            name='state',
            field=models.CharField(choices=[('ready', 'Ready'), ('sending', 'On its way'), ('in_doubt', 'In doubt'), ('accepted', 'Accepted'), ('rejected', 'Rejected'), ('not_sent', 'Not sent'), ('unresolved', 'Needs a decision')], default='sending', max_length=10, verbose_name='state'),
        ),
    ]
