"""What the person is told, wherever they can be reached."""

from django.utils.translation import gettext_noop

from zhengtong.foundation.notices import public as notices

TOLD = notices.register_template(
    "accounts.recovered",
    subject=gettext_noop("您的账号在窗口重新设置了登录方式"),
    body=gettext_noop(
        "{at}，政务服务窗口核对身份证后，为您的账号重新设置了登录方式，原来的登录都已结束。不是您本人办理的，请立即拨打12345或到窗口停用账号。"
    ),
    sms=gettext_noop("您的账号刚在政务服务窗口重新设置了登录方式。不是您本人办理的，请立即拨打12345。"),
).key
