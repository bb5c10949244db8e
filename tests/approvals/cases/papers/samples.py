"""One realistic set of data per kind of paper, from the demo county."""

from dataclasses import asdict
from datetime import date, datetime
from zoneinfo import ZoneInfo

from zhengtong.kernel.legal_clock import Budget, DayException, Pause, WorkingDays, ledger

LOCAL = ZoneInfo("Asia/Shanghai")

URL = "http://127.0.0.1:8000/verify/431321-260921-00012-7?code=K7Q2-M9RD"
COMMON: dict[str, object] = {
    "organ": "双峰县市场监督管理局",
    "number": "双市监许〔2026〕12号",
    "case_number": "431321-260921-00012-7",
    "machine_number": "11431321DEM00025X94430124005W002026092100012",
    "matter_name": "食品经营许可（餐饮服务）",
    "matter_code": "11431321DEM00025X94430124005W00",
    "applicant_name": "双峰县永丰街道禾青饭店",
    "applicant_id": "914313********4C",
    "issued_on": date(2026, 9, 21),
    "legal_basis": (
        "《中华人民共和国行政许可法》第三十二条、第三十八条",
        "《中华人民共和国食品安全法》第三十三条、第三十五条",
    ),
    "contact": "双峰县政务服务中心市场监管窗口　0738-6820000　工作日 9:00—12:00、13:30—17:00",
    "complaint": "12345 政务服务便民热线，或县优化营商环境办公室 0738-6820110",
    "verify_url": URL,
    "query_code": "K7Q2-M9RD",
    "demo": True,
}
REMEDIES = (
    "对本决定不服的，可以自收到本决定书之日起六十日内向双峰县人民政府申请行政复议，"
    "也可以自收到本决定书之日起六个月内依法向有管辖权的人民法院提起行政诉讼。"
)
MATERIALS = (
    {"name": "食品经营许可申请书", "originals": 1, "form": "电子"},
    {"name": "营业执照", "copies": 1, "form": "数据共享", "note": "市场监管部门"},
    {"name": "法定代表人（负责人）居民身份证", "copies": 1, "form": "数据共享", "note": "公安机关"},
    {"name": "经营场所布局和操作流程图", "originals": 1, "form": "电子"},
    {"name": "主要设备设施清单", "originals": 1, "form": "纸质"},
    {"name": "食品安全规章制度目录", "originals": 1, "form": "纸质"},
)
DEFECTS = (
    {
        "material": "经营场所布局和操作流程图",
        "problem": "图上没有标出粗加工区与就餐区的分隔，流程方向不清。",
        "requirement": "按比例重新绘制，标明各功能间名称、面积和食品流向，加盖经营者公章。",
        "basis": "《食品经营许可和备案管理办法》第十五条",
    },
    {
        "material": "健康证明",
        "problem": "从业人员王某某的健康证明已于2026年8月30日到期。",
        "requirement": "提交有效期内的健康证明复印件一份，或者同意由卫生健康部门共享数据。",
        "basis": "《中华人民共和国食品安全法》第四十五条",
    },
)


def _ledger() -> list[dict[str, object]]:
    """Twenty working days over two holidays, a make-up day and a pause, by the real clock."""
    holidays = {date(2026, 9, 25): "中秋节"} | {date(2026, 10, number): "国庆节" for number in range(1, 8)}
    exceptions = {day: DayException(False, name) for day, name in holidays.items()}
    exceptions |= {day: DayException(True, "国庆节") for day in (date(2026, 9, 20), date(2026, 10, 10))}
    pause = Pause(date(2026, 10, 12), date(2026, 10, 16), "专家评审", "《行政许可法》第四十五条")
    made = ledger(Budget(date(2026, 9, 21), 20, (pause,)), WorkingDays({2026: exceptions}))
    assert made.due == date(2026, 10, 30)
    return [asdict(row) for row in made.days]


def sample(kind: str, **changes: object) -> dict[str, object]:
    """The data of a kind, with changes."""
    return COMMON | SAMPLES[kind] | changes


_RECEIPT: dict[str, object] = {
    "number": "双政务收〔2026〕12号",
    "organ": "双峰县政务服务中心",
    "received_at": datetime(2026, 9, 21, 10, 24, tzinfo=LOCAL),
    "received_by": "刘海燕（3号窗口）",
    "materials": MATERIALS,
    "acceptance_due": date(2026, 9, 29),
    "next_steps": (
        "我们逐项核对材料，需要补正的一次性告诉您。",
        "受理后由市场监督管理局审查，必要时到现场核查。",
        "随时可以扫描下方二维码，或凭办件编号和查询码查看进度，不需要登录。",
    ),
}
SAMPLES: dict[str, dict[str, object]] = {
    "receipt": _RECEIPT,
    "defect_notice": {
        "number": "双市监补〔2026〕12号",
        "received_on": date(2026, 9, 21),
        "defects": DEFECTS,
        "respond_by": date(2026, 11, 4),
        "respond_days": "三十个工作日",
        "how_to": "登录政务服务网打开本办件，点击“补正材料”逐项上传；也可以到县、乡镇任一政务服务窗口提交。",
        "consequence": "逾期不补正的，视为撤回申请；撤回后可以随时重新申请。",
    },
    "acceptance": {
        "number": "双市监受〔2026〕12号",
        "received_on": date(2026, 9, 21),
        "accepted_on": date(2026, 9, 21),
        "statutory_limit": "20个工作日",
        "statutory_due": date(2026, 10, 27),
        "promised_limit": "7个工作日",
        "promised_due": date(2026, 9, 30),
        "fee": "不收费（《中华人民共和国行政许可法》第五十八条）",
        "result_name": "食品经营许可证",
        "delivery": "邮政寄递到经营场所，同时发放电子证照",
        "special_procedures": ("现场核查：不超过10个工作日，暂停承诺时限，不暂停法定时限。",),
    },
    "decision": {
        "accepted_on": date(2026, 9, 21),
        "decided_on": date(2026, 9, 29),
        "issued_on": date(2026, 9, 29),
        "granted": (
            {"label": "经营场所", "value": "湖南省娄底市双峰县永丰街道复兴路128号一楼"},
            {"label": "主体业态", "value": "餐饮服务经营者（小型餐馆）"},
            {"label": "经营项目", "value": "热食类食品制售；冷食类食品制售（不含生食、冷加工糕点）；自制饮品制售"},
        ),
        "conditions": ("冷食类制售须在专间内操作。", "食品安全管理人员变动的，于十个工作日内报告。"),
        "result_name": "食品经营许可证",
        "result_number": "JY24313210001234",
        "valid_from": date(2026, 9, 29),
        "valid_until": date(2031, 9, 28),
        "deliver_by": date(2026, 10, 20),
    },
    "licence": {
        "title": "食品经营许可证",
        "number": "JY24313210001234",
        "issued_on": date(2026, 9, 29),
        "facts": (
            {"label": "法定代表人（负责人）", "value": "王禾青"},
            {"label": "经营场所", "value": "湖南省娄底市双峰县永丰街道复兴路128号一楼"},
            {"label": "主体业态", "value": "餐饮服务经营者（小型餐馆）"},
        ),
        "items": "热食类食品制售；冷食类食品制售（不含生食、冷加工糕点）；自制饮品制售",
        "items_label": "经营项目",
        "valid_from": date(2026, 9, 29),
        "valid_until": date(2031, 9, 28),
        "statement": "应当在经营场所显著位置悬挂或者摆放。届满前九十个工作日至十五个工作日期间可以申请延续。",
    },
    "supplement_receipt": _RECEIPT
    | {"number": "双政务补收〔2026〕7号", "notice_number": "双市监补〔2026〕12号", "materials": MATERIALS[3:5]},
    "review_supplement": {
        "number": "双市监审补〔2026〕3号",
        "received_on": date(2026, 9, 21),
        "defects": DEFECTS[:1],
        "respond_by": date(2026, 10, 9),
        "respond_days": "五个工作日",
        "legal_basis": ("《中华人民共和国行政许可法》第三十一条、第三十四条",),
    },
    "not_accepted": {
        "number": "双市监不受〔2026〕2号",
        "received_on": date(2026, 9, 21),
        "reason_code": "N-02 不属于本机关职权",
        "reason": "申请的“道路运输经营许可”依法不属于本机关职权范围。\n本机关同时说明：申请材料原件已当场退还。",
        "where_to_apply": "双峰县交通运输局（县政务服务中心二楼12号窗口）",
        "remedies": REMEDIES,
    },
    "refusal": {
        "number": "双市监不许〔2026〕1号",
        "issued_on": date(2026, 10, 13),
        "accepted_on": date(2026, 9, 21),
        "facts": "2026年9月24日，本机关两名执法人员到经营场所现场核查。经查，粗加工区与就餐区没有分隔，未设消毒设施。",
        "reasons": (
            "经营场所布局不合理，不能防止待加工食品与直接入口食品交叉污染，不符合《食品安全法》第三十三条第一款第四项。",
            "没有相应的消毒设施，不符合《食品安全法》第三十三条第一款第二项。",
        ),
        "hearing": "本机关于2026年9月28日告知你（单位）陈述、申辩和要求听证的权利，你（单位）未提出。",
        "remedies": REMEDIES,
    },
    "special_procedure": {
        "number": "双市监特〔2026〕5号",
        "issued_on": date(2026, 10, 12),
        "accepted_on": date(2026, 9, 21),
        "procedure": "现场核查",
        "reason": "申请事项需要对经营场所的布局和设备进行实地核查。",
        "starts_on": date(2026, 10, 12),
        "planned_limit": "4个工作日",
        "planned_end": date(2026, 10, 16),
        "clocks": ("承诺办结时限",),
        "organiser": "双峰县市场监督管理局餐饮服务监督管理股",
        "legal_basis": ("《中华人民共和国行政许可法》第三十四条第三款、第四十五条",),
    },
    "extension": {
        "number": "双市监延〔2026〕1号",
        "issued_on": date(2026, 10, 20),
        "accepted_on": date(2026, 9, 21),
        "original_due": date(2026, 10, 27),
        "added_limit": "10个工作日",
        "new_due": date(2026, 11, 10),
        "reason": "经营场所所在建筑的消防资料需要向上级档案部门调取，法定期限内不能取得。",
        "approved_by": "本机关负责人王建国",
        "legal_basis": ("《中华人民共和国行政许可法》第四十二条第一款",),
    },
    "delivery_receipt": {
        "number": "双市监送〔2026〕12号",
        "organ": "双峰县市场监督管理局",
        "papers": (
            {"title": "准予行政许可决定书", "number": "双市监许〔2026〕12号"},
            {"title": "食品经营许可证（正本）", "number": "JY24313210001234"},
        ),
        "recipient": "双峰县永丰街道禾青饭店",
        "method": "窗口领取",
        "place": "双峰县政务服务中心3号窗口",
        "delivered_at": datetime(2026, 9, 30, 15, 4, tzinfo=LOCAL),
        "signed_by": "王禾青",
        "relation": "经营者本人",
        "deliverers": ("刘海燕", "陈志远"),
    },
    "process_acceptance": {
        "number": "双市监过受〔2026〕2号",
        "notice_number": "双市监审补〔2026〕3号",
        "received_on": date(2026, 9, 30),
        "materials": MATERIALS[3:4],
        "current_due": date(2026, 10, 27),
    },
    "online_receipt": _RECEIPT | {"channel": "网上提交", "received_by": "", "number": "双政务网收〔2026〕88号"},
    "online_supplement_receipt": _RECEIPT | {"notice_number": "双市监补〔2026〕12号", "channel": "网上提交"},
    "process_receipt": _RECEIPT | {"acceptance_due": ""},
    "process_supplement_receipt": _RECEIPT | {"notice_number": "双市监审补〔2026〕3号", "notice_complete": False},
    "site_visit": {
        "number": "双市监核〔2026〕9号",
        "issued_on": date(2026, 9, 22),
        "purpose": "食品经营场所现场核查",
        "visit_at": datetime(2026, 9, 24, 9, 30, tzinfo=LOCAL),
        "address": "湖南省娄底市双峰县永丰街道复兴路128号一楼",
        "inspectors": ("李卫东（执法证号 18090412007）", "周晓梅（执法证号 18090412015）"),
        "items": ("功能间布局和食品流向", "消毒、冷藏、防蝇防鼠设施", "从业人员健康证明和管理制度"),
        "preparations": ("打开全部功能间并通电通水", "备好主要设备设施清单原件"),
        "time_counts": "现场核查时间不计入承诺办结时限，计入法定办结时限。",
        "legal_basis": ("《中华人民共和国行政许可法》第三十四条第三款",),
    },
    "hearing_notice": {
        "number": "双市监听告〔2026〕1号",
        "accepted_on": date(2026, 9, 21),
        "intended": "不予食品经营许可。",
        "reasons": ("经营场所布局不合理，不能防止交叉污染。",),
        "legal_basis": ("《中华人民共和国行政许可法》第四十七条、第四十八条",),
    },
    "opinion_form": {
        "number": "双市监审〔2026〕12号",
        "accepted_on": date(2026, 9, 21),
        "due": date(2026, 9, 30),
        "summary": ({"label": "经营场所", "value": "湖南省娄底市双峰县永丰街道复兴路128号一楼"},),
        "opinions": (
            {
                "step": "审查",
                "department": "餐饮服务监管股",
                "officer": "李卫东",
                "opinion": "申请材料齐全，经营者主体资格有效，食品安全管理制度符合要求。建议现场核查。",
                "result": "同意",
                "signed_at": datetime(2026, 9, 22, 16, 20, tzinfo=LOCAL),
            },
            {
                "step": "现场勘验",
                "department": "餐饮服务监管股",
                "officer": "李卫东、周晓梅",
                "opinion": "9月24日现场核查，布局、设施与图纸一致，十二项全部符合。",
                "result": "符合",
                "signed_at": datetime(2026, 9, 24, 11, 40, tzinfo=LOCAL),
            },
            {
                "step": "决定",
                "department": "局领导",
                "officer": "王建国",
                "opinion": "同意。",
                "result": "准予许可",
                "signed_at": datetime(2026, 9, 29, 9, 5, tzinfo=LOCAL),
            },
        ),
        "conclusion": "准予行政许可",
    },
    "withdrawal": {
        "number": "双市监撤〔2026〕1号",
        "applied_on": date(2026, 9, 21),
        "withdrawn_on": date(2026, 9, 23),
        "reason": "经营场所租赁合同解除，另行选址后再申请。",
        "returned": MATERIALS[4:],
    },
    "termination": {"number": "双市监终〔2026〕1号", "reason": "逾期未补正，视为撤回申请。", "remedies": REMEDIES},
    "joint_completion": {
        "number": "双发改局联〔2026〕1号",
        "project_code": "2608-431321-04-01-100867",
        "stage": "立项用地规划许可",
        "accepted_on": date(2026, 8, 18),
        "finished_on": date(2026, 8, 19),
        "limit": "15个工作日",
        "used": "1个工作日",
        "lines": (
            {
                "matter": "企业投资项目备案",
                "department": "双峰县发展和改革局",
                "decided_on": date(2026, 8, 18),
                "result": "准予",
                "number": "双发改许〔2026〕3号",
            },
            {"matter": "建设用地规划许可证核发", "department": "双峰县自然资源局", "result": "准予"},
        ),
        "remaining": ("工程建设许可：向双峰县自然资源局申请",),
    },
    "clock_ledger": {
        "number": "双市监期〔2026〕12号",
        "clock_name": "法定办结时限",
        "starts_on": date(2026, 9, 21),
        "limit": "20个工作日",
        "due": date(2026, 10, 30),
        "used": 20,
        "remaining": 0,
        "pauses": ("2026年10月12日至10月16日　专家评审　《行政许可法》第四十五条",),
        "calendar_version": "2026年第1版（国务院办公厅2026年放假安排）",
        "days": _ledger(),
        "legal_basis": ("《中华人民共和国行政许可法》第四十二条、第四十五条、第八十二条",),
    },
    "event_log": {
        "number": "双市监志〔2026〕12号",
        "state": "已办结",
        "events": tuple(
            {
                "sequence": number,
                "effective_at": datetime(2026, 9, 20 + number, 9, 30, tzinfo=LOCAL),
                "recorded_at": datetime(2026, 9, 20 + number, 9 + (number == 3), 30, tzinfo=LOCAL),
                "actor": actor,
                "on_behalf_of": behalf,
                "action": action,
                "detail": detail,
                "digest": f"{number:064x}",
            }
            for number, (actor, behalf, action, detail) in enumerate(
                (
                    ("刘海燕", "王禾青", "提交申请", "窗口代为填报"),
                    ("刘海燕", "", "接收材料", "共6项"),
                    ("李卫东", "", "受理", "材料齐全，符合法定形式"),
                    ("王建国", "", "准予许可", ""),
                ),
                start=1,
            )
        ),
    },
    "evidence_index": {
        "number": "双市监卷〔2026〕12号",
        "state": "已办结",
        "packed_at": datetime(2026, 10, 8, 10, 0, tzinfo=LOCAL),
        "members": tuple(
            {"name": f"papers/{number:02d}.pdf", "title": title, "size": 81234 * number, "sha256": f"{number:064x}"}
            for number, title in enumerate(("申请材料接收凭证", "受理通知书", "准予行政许可决定书"), start=1)
        ),
    },
}
