"""What the pages of the hall show: services as they stand in lists, themes with their pictures, words for codes."""

from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Service:
    """A matter as a line of the catalogue."""

    key: str
    name: str
    department_code: str
    department: str
    type_code: str
    audiences: frozenset[str]
    themes: tuple[str, ...]
    promised_workdays: int
    immediate: bool
    end_to_end: bool
    guidance_only: bool
    township: bool
    free: bool
    tags: tuple[tuple[str | Promise, str], ...] = field(default=())

    @property
    def picture(self) -> str:
        """The icon of its theme, else of its type."""
        themed = next((THEMES[theme][1] for theme in self.themes if theme in THEMES), "")
        return themed or PICTURES.get(self.type_code, "doc")


PERSON, LEGAL = "person", "legal"
AUDIENCES: dict[str, str | Promise] = {PERSON: _("个人办事"), LEGAL: _("企业和单位办事")}
AUDIENCE_CODES = {
    "1": _("自然人"),
    "2": _("企业法人"),
    "3": _("事业法人"),
    "4": _("社会组织法人"),
    "5": _("行政机关"),
    "6": _("其他组织（含个体工商户、合作社）"),
}
"""服务对象, GB/T 39046-2020 annex A."""

TYPES = {
    "01": _("行政许可"),
    "05": _("行政给付"),
    "07": _("行政确认"),
    "10": _("其他行政权力"),
    "20": _("公共服务"),
}
"""事项类型, GB/T 39046-2020 annex A."""

RESULT_KINDS = {
    "licence": _("许可证"),
    "certificate": _("证书"),
    "approval": _("批准文件"),
    "decision": _("决定"),
    "record": _("登记"),
    "filing_receipt": _("备案回执"),
    "payment": _("资金发放"),
}

THEMES: dict[str, tuple[str | Promise, str]] = {
    "生育收养": (_("生育收养"), "baby"),
    "户籍办理": (_("户籍办理"), "home"),
    "证件办理": (_("证件办理"), "doc"),
    "教育科研": (_("教育科研"), "school"),
    "就业创业": (_("就业创业"), "work"),
    "职业资格": (_("职业资格"), "star"),
    "婚姻登记": (_("婚姻登记"), "heart"),
    "住房保障": (_("住房保障"), "home"),
    "规划建设": (_("农村建房"), "building"),
    "社会保障": (_("社会保障"), "person"),
    "社会救助": (_("社会救助"), "heart"),
    "医疗卫生": (_("医疗卫生"), "heart"),
    "优待抚恤": (_("优待抚恤"), "star"),
    "离职退休": (_("离职退休"), "person"),
    "司法公证": (_("司法公证"), "doc"),
    "公共安全": (_("公共安全"), "warning"),
    "入伍服役": (_("入伍服役"), "star"),
    "死亡殡葬": (_("死亡殡葬"), "doc"),
    "准营准办": (_("开店经营"), "shop"),
    "设立变更": (_("设立变更"), "building"),
    "投资审批": (_("投资审批"), "building"),
    "国土和规划建设": (_("国土和规划"), "land"),
    "农林牧渔": (_("农林牧渔"), "land"),
    "交通运输": (_("交通运输"), "car"),
    "人力资源": (_("人力资源"), "work"),
    "环保绿化": (_("环保绿化"), "land"),
    "安全生产": (_("安全生产"), "warning"),
    "公安消防": (_("公安消防"), "warning"),
    "文体教育": (_("文体教育"), "school"),
    "水务气象": (_("水务气象"), "land"),
    "公用事业": (_("公用事业"), "building"),
    "融资信贷": (_("融资信贷"), "shop"),
    "抵押质押": (_("抵押质押"), "doc"),
    "检验检疫": (_("检验检疫"), "check"),
    "税收财务": (_("税收财务"), "doc"),
    "质量技术": (_("质量技术"), "check"),
    "档案文物": (_("档案文物"), "doc"),
    "商务贸易": (_("商务贸易"), "shop"),
    "法人注销": (_("法人注销"), "doc"),
    "其他": (_("其他"), "info"),
}
"""Themes of the catalogue in the words and order a visitor sees, with a picture each."""

OFTEN = (
    "food-business-licence",
    "company-establishment",
    "individual-business-registration",
    "resident-medical-insurance-enrolment",
    "old-age-allowance",
    "homestead-approval",
    "minimum-living-allowance",
    "disability-certificate",
    "marriage-registration",
)
"""Shown first until enough cases tell what people really ask for."""

ELDERS = ("old-age-allowance", "resident-medical-insurance-enrolment", "resident-pension-claim")
"""The tiles of the elder version, before the fixed ones."""

PICTURES = {"01": "doc", "05": "heart", "07": "check", "10": "doc", "20": "person"}


def theme_label(theme: str) -> str:
    """A theme as the visitor reads it."""
    return str(THEMES[theme][0]) if theme in THEMES else theme


def english() -> bool:
    """True when the page is drawn in English."""
    return (get_language() or "").startswith("en")


def own(chinese: str, translation: str) -> str:
    """A text of the catalogue in the reader's language, where it is translated."""
    return translation if english() and translation else chinese
