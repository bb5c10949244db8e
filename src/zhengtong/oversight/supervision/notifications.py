"""The messages that supervision sends to officials."""

from django.utils.translation import gettext_noop

from zhengtong.foundation.notices import public as notices

TEMPLATES = {
    "supervision.card": (
        gettext_noop("{level}：{rule}"),
        gettext_noop(
            "“{matter}”（编号{number}）触发监察规则：{rule}。请于{due}前登录签收并说明情况；认为有误的，可以在期限内申诉。"
        ),
    ),
    "supervision.revoked": (
        gettext_noop("监察卡已撤销：{rule}"),
        gettext_noop("“{matter}”（编号{number}）的监察卡已撤销，不再计入考核。原因请登录查看。"),
    ),
    "supervision.appeal_lapsed": (
        gettext_noop("申诉已终结：{rule}"),
        gettext_noop(
            "您就“{matter}”（编号{number}）提出申诉的监察卡已{how}，不再计入考核。申诉随之终结，没有作出成立或者不成立的裁决，不用再办理。"
        ),
    ),
    "supervision.order": (
        gettext_noop("督办：{title}"),
        gettext_noop("监察机构要求贵单位于{due}前落实：{title}。请登录查看整改要求并答复。"),
    ),
}


def register() -> None:
    """Hand the templates to the notices app. None is sent as a text message: a card is no matter for a lock screen."""
    for key, (subject, body) in TEMPLATES.items():
        notices.register_template(key, subject=subject, body=body)
