"""The elements of a matter laid out as columns and tables: one description for the editor's pages, the workbook and the differences.

`path` is the place in the document (`statutory_limit.days`). The label is the heading of the column in the exchanged workbook, in
Chinese whoever exports it, so that a workbook can be read back anywhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from zhengtong.kernel.identifiers import matter_code

TEXT, LONG, INTEGER, BOOLEAN, CHOICE, LIST, OPTIONS, RULE = (
    "text",
    "long",
    "integer",
    "boolean",
    "choice",
    "list",
    "options",
    "rule",
)
Choices = tuple[tuple[str, str | Promise], ...]


@dataclass(frozen=True)
class Column:
    """One element. `width` in characters for the page; `choices` for kind `choice` and as a hint for `list`."""

    path: str
    label: str | Promise
    kind: str = TEXT
    choices: Choices = ()
    help: str | Promise = ""
    width: int = 10
    optional: bool = False


@dataclass(frozen=True)
class Table:
    """Elements that repeat. `path`: the list in the document; `identity`: the column by which a row is recognised in a new version."""

    path: str
    title: str | Promise
    columns: tuple[Column, ...]
    identity: str
    help: str | Promise = ""
    name: str = ""
    """The column by which a person recognises a row; empty: the identity."""


@dataclass(frozen=True)
class Section:
    """What is edited on one page."""

    key: str
    title: str | Promise
    columns: tuple[Column, ...] = ()
    tables: tuple[Table, ...] = ()


TYPE_CODES: Choices = tuple(matter_code.TYPES.items())
LEVELS: Choices = tuple(matter_code.LEVELS.items())
BODY_KINDS: Choices = (("1", _("法定机关")), ("2", _("授权组织")), ("3", _("受委托组织")), ("9", _("其他")))
AUDIENCES: Choices = (
    ("1", _("自然人")),
    ("2", _("企业法人")),
    ("3", _("事业法人")),
    ("4", _("社会组织法人")),
    ("5", _("行政机关")),
    ("6", _("其他组织")),
)
HANDLING: Choices = (("1", _("即办件")), ("2", _("承诺件")), ("9", _("其他")))
DAY_KINDS: Choices = (("workday_by_law", _("法律规定为工作日")), ("treated_as_workday", _("按工作日计算")))
LAPSES: Choices = (("withdrawn", _("视为撤回")), ("refused", _("不予许可")))
EFFECTS: Choices = (("suspend", _("暂停计时")), ("extend", _("延长时限")))
GATES: Choices = (("none", _("不等缴费")), ("decision", _("先缴费再决定")), ("delivery", _("先缴费再送达")))
LIMIT_SOURCES: Choices = (("law", _("法律规定")), ("county_setting", _("县级设定")))
CLOCKS: Choices = (("statutory", _("法定时限")), ("promised", _("承诺时限")))
MODES: Choices = (
    ("single", _("单独")),
    ("all", _("并行，全部完成")),
    ("any", _("并行，任一完成")),
    ("lead", _("并行，牵头决定")),
)
STEP_KINDS: Choices = (
    ("handle", _("承办")),
    ("review", _("审核")),
    ("consult", _("征求意见")),
    ("decide", _("决定")),
    ("certify", _("制证")),
    ("pay", _("发放")),
)
RESULT_KINDS: Choices = (
    ("licence", _("许可证件")),
    ("certificate", _("证明")),
    ("approval", _("批准文件")),
    ("decision", _("决定书")),
    ("record", _("登记")),
    ("filing_receipt", _("备案凭证")),
    ("payment", _("资金给付")),
)
DEPTHS: Choices = (
    ("1", _("网上指南")),
    ("2", _("网上预约或预审")),
    ("3", _("网上受理，现场一次办结")),
    ("4", _("全程网办")),
)
FIELD_TYPES: Choices = (
    ("text", _("文字")),
    ("textarea", _("多行文字")),
    ("number", _("数字")),
    ("date", _("日期")),
    ("choice", _("单选")),
    ("choices", _("多选")),
    ("boolean", _("是或否")),
    ("phone", _("电话")),
    ("address", _("地址")),
    ("resident_id", _("公民身份号码")),
    ("uscc", _("统一社会信用代码")),
    ("file", _("文件")),
    ("group", _("重复项")),
)


def _basis(prefix: str) -> tuple[Column, ...]:
    return (
        Column(f"{prefix}law", _("法律法规"), width=20),
        Column(f"{prefix}article", _("条款")),
        Column(f"{prefix}article_no", _("条号"), INTEGER, width=4),
        Column(f"{prefix}version", _("文本版本")),
        Column(f"{prefix}checked", _("已核对"), BOOLEAN),
        Column(f"{prefix}anchor", _("核对用语")),
    )


SECTIONS: tuple[Section, ...] = (
    Section(
        "basic",
        _("基本信息"),
        columns=(
            Column("key", _("键"), help=_("网址和引用用的名字，小写字母、数字和短横线，定了就不改"), width=20),
            Column("name", _("事项名称"), width=20),
            Column("name_en", _("英文名称"), width=20),
            Column("department", _("实施主体"), width=20),
            Column("type_code", _("事项类型"), CHOICE, TYPE_CODES),
            Column("level", _("行使层级"), CHOICE, LEVELS),
            Column("implementing_body_kind", _("实施主体性质"), CHOICE, BODY_KINDS),
            Column("audiences", _("服务对象"), LIST, AUDIENCES),
            Column("handling_type", _("办件类型"), CHOICE, HANDLING),
            Column("basic_code", _("基本编码"), width=20),
            Column("implementation_code", _("实施编码"), width=20),
            Column("codes_synthetic", _("编码为合成数据"), BOOLEAN),
            Column("guidance_only", _("仅提供指南"), BOOLEAN, help=_("在别的系统办理，这里只说明怎么办")),
            Column("township_acceptance", _("乡镇可受理"), BOOLEAN),
            Column("themes_natural", _("自然人主题"), LIST),
            Column("themes_legal", _("法人主题"), LIST),
            Column("synonyms", _("群众说法"), LIST, help=_("群众会怎么说这件事，例如：开饭店；开小吃店")),
            Column("note", _("备注"), LONG),
        ),
    ),
    Section(
        "law",
        _("依据和时限"),
        columns=(
            Column("statutory_limit.days", _("法定时限（工作日）"), INTEGER, help=_("法律没有规定的留空，并写明原因")),
            Column("statutory_limit.unit_in_law", _("法律原文的单位")),
            Column("statutory_limit.day_kind", _("法定时限按"), CHOICE, DAY_KINDS, optional=True),
            Column("statutory_limit.law", _("法定时限依据"), width=20),
            Column("statutory_limit.article", _("法定时限条款")),
            Column("statutory_limit.article_no", _("法定时限条号"), INTEGER),
            Column("statutory_limit.checked", _("法定时限已核对"), BOOLEAN),
            Column("statutory_limit.anchor", _("法定时限核对用语")),
            Column("statutory_limit.reason", _("没有法定时限的原因"), LONG),
            Column("statutory_limit.note", _("法定时限说明"), LONG),
            Column("promised_workdays", _("承诺时限（工作日）"), INTEGER),
            Column("acceptance_workdays", _("受理期限（工作日）"), INTEGER),
            Column("pre_review_workdays", _("网上预审期限（工作日）"), INTEGER),
            Column("supplement_workdays", _("补正期限（工作日）"), INTEGER),
            Column("supplement_lapse", _("逾期未补正"), CHOICE, LAPSES),
            Column("delivery_workdays", _("送达期限（工作日）"), INTEGER),
        ),
        tables=(
            Table("legal_basis", _("设定依据"), _basis(""), "law"),
            Table(
                "special_procedures",
                _("特别程序"),
                (
                    Column("kind", _("种类")),
                    Column("name", _("程序名称")),
                    Column("name_en", _("程序英文")),
                    *_basis("basis."),
                    Column("max_workdays", _("最长（工作日）"), INTEGER, width=4),
                    Column("max_from", _("时限来自"), CHOICE, LIMIT_SOURCES),
                    Column("effect", _("作用"), CHOICE, EFFECTS),
                    Column("clocks", _("影响时限"), LIST, CLOCKS),
                ),
                "kind",
                name="name",
            ),
        ),
    ),
    Section(
        "conditions",
        _("受理条件"),
        tables=(
            Table("conditions", _("受理条件"), (Column("", _("条件"), LONG, width=20),), ""),
            Table("conditions_en", _("受理条件英文"), (Column("", _("条件英文"), LONG, width=20),), ""),
            Table(
                "eligibility",
                _("资格自测"),
                (
                    Column("question", _("问题"), LONG),
                    Column("question_en", _("问题英文"), LONG),
                    Column("wanted", _("符合的回答是“是”"), BOOLEAN),
                    Column("otherwise", _("不符合时怎么办"), LONG),
                    Column("otherwise_en", _("不符合时怎么办英文"), LONG),
                ),
                "question",
            ),
        ),
    ),
    Section(
        "materials",
        _("申请材料"),
        columns=(Column("deferral_allowed", _("允许容缺受理"), BOOLEAN),),
        tables=(
            Table(
                "materials",
                _("申请材料"),
                (
                    Column("no", _("序号"), INTEGER, width=2),
                    Column("name", _("材料名称"), width=20),
                    Column("name_en", _("材料英文")),
                    Column("issuer", _("出具机构")),
                    Column("issuer_en", _("出具机构英文")),
                    Column("originals", _("原件份数"), INTEGER, width=2),
                    Column("copies", _("复印件份数"), INTEGER, width=2),
                    Column("required", _("必交"), BOOLEAN),
                    Column("condition", _("什么情况要交"), width=20),
                    Column("condition_en", _("什么情况要交英文")),
                    Column("needed_if", _("条件表达式"), width=20),
                    Column("by_data_sharing", _("数据共享取得"), BOOLEAN),
                    Column("shared_by", _("共享部门")),
                    Column("from_form", _("即网上表单"), BOOLEAN),
                    Column("deferrable", _("可容缺"), BOOLEAN),
                ),
                "name",
            ),
        ),
    ),
    Section(
        "steps",
        _("办理环节"),
        columns=(Column("accept_role", _("受理岗位")),),
        tables=(
            Table(
                "steps",
                _("办理环节"),
                (
                    Column("group", _("第几组"), INTEGER, width=2),
                    Column("mode", _("组内方式"), CHOICE, MODES),
                    Column("key", _("环节键")),
                    Column("name", _("环节名称")),
                    Column("name_en", _("环节英文")),
                    Column("kind", _("环节种类"), CHOICE, STEP_KINDS),
                    Column("role", _("岗位")),
                    Column("department", _("部门（空为实施主体）")),
                    Column("min_officers", _("最少人数"), INTEGER, width=2),
                    Column("workdays", _("时限（工作日）"), INTEGER, width=2),
                    Column("lead", _("牵头"), BOOLEAN),
                ),
                "key",
                name="name",
                help=_("同一组的环节同时办理，组号相同；组与组依次办理。各组最长时限之和不能超过承诺时限。"),
            ),
        ),
    ),
    Section(
        "outcome",
        _("收费和结果"),
        columns=(
            Column("fees.charged", _("收费"), BOOLEAN),
            *(
                Column(column.path, label, column.kind, width=column.width)
                for column, label in zip(
                    _basis("fees.basis."),
                    (
                        _("收费或免费依据"),
                        _("收费依据条款"),
                        _("收费依据条号"),
                        _("收费依据版本"),
                        _("收费依据已核对"),
                        _("收费依据核对用语"),
                    ),
                    strict=True,
                )
            ),
            Column("fees.pay_workdays", _("缴款期限（工作日）"), INTEGER, width=4),
            Column(
                "fees.gate", _("缴清才能"), CHOICE, GATES, help=_("法律没有规定先缴费的，选“不等缴费”，办理照常进行")
            ),
            *(
                Column(column.path, label, column.kind, width=column.width)
                for column, label in zip(
                    _basis("fees.gate_basis."),
                    (
                        _("先缴费的依据"),
                        _("先缴费依据条款"),
                        _("先缴费依据条号"),
                        _("先缴费依据版本"),
                        _("先缴费依据已核对"),
                        _("先缴费依据核对用语"),
                    ),
                    strict=True,
                )
            ),
            Column("result.name", _("结果名称"), width=20),
            Column("result.name_en", _("结果英文"), width=20),
            Column("result.kind", _("结果种类"), CHOICE, RESULT_KINDS),
            Column("result.validity", _("有效期说明"), width=20),
            Column("result.validity_en", _("有效期说明英文"), width=20),
            Column("result.validity_years", _("有效年数"), INTEGER),
        ),
        tables=(
            Table(
                "fees.items",
                _("收费项目"),
                (
                    Column("name", _("收费名称"), width=20),
                    Column("name_en", _("收费英文")),
                    Column("rule", _("计收方式")),
                    Column("amount", _("金额（元）"), width=5),
                    Column("unit", _("单位")),
                    Column("rate_checked", _("标准已核对"), BOOLEAN),
                    Column("code", _("收费项目编码")),
                    Column("account", _("收入科目编码")),
                    Column("applies_if", _("什么情况收（表达式）"), width=20),
                    Column("quantity", _("数量（表达式）"), width=20),
                    *_basis("basis."),
                ),
                "name",
            ),
            Table(
                "fees.reductions",
                _("减免"),
                (
                    Column("name", _("减免名称"), width=20),
                    Column("name_en", _("减免英文")),
                    Column("item", _("针对的收费（空为全部）"), width=20),
                    Column("percent", _("减免比例（%）"), INTEGER, width=4),
                    Column("when", _("什么情况可以减免（表达式）"), width=20),
                    Column("proof", _("证明材料"), width=20),
                    *_basis("basis."),
                ),
                "name",
            ),
        ),
    ),
    Section(
        "channels",
        _("办理方式和救济"),
        columns=(
            Column("online.depth", _("网办深度"), CHOICE, DEPTHS),
            Column("online.depth_name", _("网办深度名称")),
            Column("online.end_to_end", _("全程网办"), BOOLEAN),
            Column("visits", _("到现场次数"), INTEGER),
            Column("visit_reason", _("到现场原因"), width=20),
            Column("visit_reason_en", _("到现场原因英文"), width=20),
            Column("enquiry_phone", _("咨询电话"), width=20),
            Column("complaint_phone", _("监督投诉电话"), width=20),
            Column("remedies", _("救济途径"), LONG),
        ),
        tables=(
            Table(
                "places",
                _("办理地点"),
                (
                    Column("name", _("地点名称"), width=20),
                    Column("address", _("地点地址"), width=20),
                    Column("hours", _("办理时间"), width=20),
                    Column("phone", _("地点电话")),
                ),
                "name",
            ),
        ),
    ),
    Section(
        "form",
        _("申请表单"),
        columns=(Column("form.rich", _("有完整校验"), BOOLEAN),),
        tables=(
            Table(
                "form.pages",
                _("表单分页"),
                (
                    Column("key", _("页键")),
                    Column("title", _("页标题"), width=20),
                    Column("title_en", _("页英文"), width=20),
                ),
                "key",
                name="title",
                help=_("不写分页时，系统按“一页只问一件事”自动分页。"),
            ),
            Table(
                "form.fields",
                _("表单字段"),
                (
                    Column("parent", _("所属重复项")),
                    Column("key", _("字段键")),
                    Column("label", _("字段名称")),
                    Column("label_en", _("字段英文")),
                    Column("help", _("填写提示")),
                    Column("help_en", _("填写提示英文")),
                    Column("type", _("字段类型"), CHOICE, FIELD_TYPES),
                    Column("required", _("必填"), BOOLEAN),
                    Column("page", _("所在页")),
                    Column("options", _("选项"), OPTIONS, help=_("每行一个：值 | 名称 | 英文")),
                    Column("validation", _("校验规则"), RULE, help=_("例如：range; min=5; max=2000")),
                    Column("shown_if", _("显示条件")),
                    Column("prefill", _("预填来源")),
                    Column("max_items", _("最多项数"), INTEGER, width=2),
                    Column("personal", _("个人信息"), BOOLEAN),
                ),
                "key",
                name="label",
                help=_("重复项里的字段写在重复项之后，“所属重复项”填它的键。"),
            ),
            Table(
                "form.checks",
                _("表单校验"),
                (Column("0", _("必须成立的条件"), width=20), Column("1", _("不成立时的提示"), LONG, width=20)),
                "0",
            ),
        ),
    ),
)


def section(key: str) -> Section | None:
    """The section with this key, None when there is none."""
    return next((found for found in SECTIONS if found.key == key), None)


def scalar_columns() -> Iterator[Column]:
    """Every element that stands once in a matter."""
    for found in SECTIONS:
        yield from found.columns


def tables() -> Iterator[Table]:
    """Every element that repeats."""
    for found in SECTIONS:
        yield from found.tables


def section_of(where: str) -> str:
    """The key of the section a finding of the check (`steps.review`) is about; empty when it is about none."""
    head = where.split(".")[0]
    for found in SECTIONS:
        heads = {column.path.split(".")[0] for column in found.columns} | {
            table.path.split(".")[0] for table in found.tables
        }
        if head in heads:
            return found.key
    return ""
