"""Small matters and answers for tests."""

from datetime import UTC, datetime
from typing import Any

from zhengtong.approvals.matters.values import MatterDocument
from zhengtong.foundation.organizations.models import Organization
from zhengtong.kernel.identifiers import matter_code, uscc
from zhengtong.security.accounts.models import User

AT = datetime(2026, 9, 21, 2, 0, tzinfo=UTC)
TODAY = AT.date()
BODY_USCC = uscc.make_synthetic(kind="11", serial=7)


def organization(code: str = "market-regulation", **more: Any) -> Organization:
    found, _ = Organization.objects.get_or_create(
        code=code, defaults={"name": f"测试{code}", "kind": "department", "path": f"/{code}/", **more}
    )
    return found


def official(username: str = "editor") -> User:
    return User.objects.create(username=username, kind=User.OFFICIAL, display_name=username)


def raw_document(key: str = "test-licence", main: int = 1, **more: Any) -> dict[str, Any]:
    """The elements of a sound licence as JSON."""
    basic = matter_code.make_basic(type_code="01", department="24", main=main)
    base: dict[str, Any] = {
        "key": key,
        "name": "测试许可",
        "name_en": "Test licence",
        "type_code": "01",
        "department": "market-regulation",
        "basic_code": basic,
        "implementation_code": matter_code.make_implementation(body_uscc=BODY_USCC, level="4", basic=basic),
        "audiences": ["1", "2"],
        "handling_type": "2",
        "legal_basis": [{"law": "行政许可法", "article": "第四十二条", "checked": True}],
        "statutory_limit": {"days": 20, "law": "行政许可法", "article": "第四十二条"},
        "promised_workdays": 7,
        "conditions": ["有营业执照"],
        "synonyms": ["测试"],
        "materials": [
            {"no": 1, "name": "申请书", "originals": 1, "from_form": True},
            {"no": 2, "name": "营业执照", "by_data_sharing": True, "shared_by": "market-regulation"},
            {"no": 3, "name": "平面图", "originals": 1},
            {
                "no": 4,
                "name": "消防证明",
                "copies": 1,
                "required": False,
                "condition": "面积超过200平方米时",
                "needed_if": "area > 200",
            },
        ],
        "steps": [
            {
                "no": 1,
                "mode": "single",
                "steps": [{"key": "review", "name": "审查", "role": "case_officer", "workdays": 3}],
            },
            {
                "no": 2,
                "mode": "single",
                "steps": [{"key": "decision", "name": "决定", "role": "approver", "kind": "decide", "workdays": 1}],
            },
            {
                "no": 3,
                "mode": "single",
                "steps": [
                    {
                        "key": "certificate",
                        "name": "制证",
                        "role": "certificate_clerk",
                        "kind": "certify",
                        "workdays": 1,
                    }
                ],
            },
        ],
        "fees": {"charged": False, "basis": {"law": "行政许可法", "article": "第五十八条", "checked": True}},
        "result": {"name": "测试许可证", "kind": "licence"},
        "online": {"depth": 4, "end_to_end": True},
        "places": [{"name": "政务服务中心"}],
        "enquiry_phone": "0738-0000024（演示号码）",
        "complaint_phone": "12345",
        "remedies": "60日内申请行政复议，6个月内提起行政诉讼。",
        "form": {
            "fields": [
                {
                    "key": "name",
                    "label": "姓名",
                    "label_en": "Name",
                    "type": "text",
                    "prefill": "applicant.name",
                    "personal": True,
                },
                {
                    "key": "area",
                    "label": "经营面积（平方米）",
                    "type": "number",
                    "validation": {"rule": "range", "min": 5, "max": 20000},
                },
                {
                    "key": "kitchen",
                    "label": "其中后厨面积（平方米）",
                    "type": "number",
                    "validation": {"rule": "compare", "lte": "area"},
                },
                {
                    "key": "kind",
                    "label": "业态",
                    "type": "choice",
                    "options": [{"value": "a", "label": "餐馆"}, {"value": "b", "label": "食堂"}],
                },
                {"key": "meals", "label": "供餐人数", "type": "number", "shown_if": "kind = 'b'"},
            ]
        },
    }
    return {**base, **more}


def document(key: str = "test-licence", main: int = 1, **more: Any) -> MatterDocument:
    return MatterDocument.model_validate(raw_document(key, main, **more))


def answers(**more: Any) -> dict[str, Any]:
    return {"name": "张三", "area": 80, "kitchen": 20, "kind": "a", **more}


def food_answers(**more: Any) -> dict[str, Any]:
    """Answers that hold for the demo county's 食品经营许可."""
    return {
        "entity_name": "永丰街道好味道餐馆",
        "uscc": uscc.make_synthetic(kind="92", serial=501),
        "legal_rep": "张好味",
        "phone": "13800001234",
        "premises": "永丰街道国藩路88号1楼",
        "format": "restaurant",
        "items": ["hot", "cold"],
        "floor_area": 120,
        "kitchen_area": 40,
        "staff_count": 5,
        "health_certs": 5,
        "managers": [{"name": "李安全", "phone": "13900001234"}],
        **more,
    }
