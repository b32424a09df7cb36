from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sepahan_django", "0008_inbox_words")]

    operations = [
        migrations.AlterField(
            model_name="sendrequest",
            name="error_code",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="error code"),
        ),
    ]
