"""Registration of the app with Django."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class VaultConfig(AppConfig):
    """加密保管"""

    name = "zhengtong.security.vault"
    label = "vault"
    verbose_name = "加密保管"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Fill the slots of kernel and files; make the first keys after the tables (and after a test's flush); register the work
        and the page."""
        from zhengtong.foundation.files import public as files
        from zhengtong.kernel import navigation, sealed
        from zhengtong.security.vault import events, first_keys, jobs  # noqa: F401
        from zhengtong.security.vault.content import ContentVault
        from zhengtong.security.vault.sealing import FieldVault

        sealed.register(FieldVault())
        files.register_cipher(ContentVault())
        post_migrate.connect(first_keys.after_migration, sender=self, dispatch_uid="vault.keys")
        navigation.register(navigation.Entry(_("加密密钥"), "vault:keys", "vault.manage", 53, section="system"))
        navigation.register(
            navigation.Entry(_("删除个人信息"), "vault:erasures", "erasures.handle", 54, section="system")
        )
        navigation.register(navigation.Entry(_("保存期限"), "vault:retention", "erasures.handle", 55, section="system"))
