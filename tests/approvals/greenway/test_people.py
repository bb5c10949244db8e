"""Agents, joint visits, superior authorities, imported projects: who may, what is refused, what is written."""

from datetime import date
from io import BytesIO
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from tests.approvals.cases.play import another
from tests.approvals.greenway.play import branch, template
from tests.factories import at, grant, make_enterprise, make_officer, make_official, make_resident
from zhengtong.approvals.cases import public as cases
from zhengtong.approvals.greenway import public as greenway
from zhengtong.approvals.greenway.models import Attendance
from zhengtong.approvals.greenway.refusals import CannotDecideAsAgent, CannotImport, CannotVisit
from zhengtong.kernel.errors import Invalid, NotAllowed, NotFound
from zhengtong.kernel.identifiers import project_code
from zhengtong.security.accounts import public as accounts
from zhengtong.security.accounts.models import User

pytestmark = pytest.mark.django_db
B = greenway.BranchState


class TestAgent:
    @pytest.fixture
    def agent(self, shop):
        found = make_resident(20, "代小帮")
        greenway.appoint(
            project_id=shop.project.pk,
            login=found.username,
            valid_until=date(2026, 12, 31),
            by=shop.applicant,
            at=shop.now,
        )
        return found

    def test_every_act_is_by_the_agent_for_the_applicant(self, shop, agent):
        shop.filled()
        assert shop.paper("平面图", by=agent) == 2
        event = shop.project.log.get(kind="material")
        assert (event.actor, event.on_behalf_of) == (agent, shop.applicant.display_name)
        assert [m.agent for m in greenway.agents_of(shop.project, on=shop.now.date())] == [agent]

    def test_ends_at_once_when_revoked_and_by_itself_on_its_day(self, shop, agent):
        shop.filled()
        mandate = greenway.agents_of(shop.project, on=shop.now.date())[0]
        with pytest.raises(NotFound):
            shop.go("2027-01-01 09:00").paper("平面图", by=agent)
        shop.go("2026-09-21 10:00")
        greenway.dismiss(project_id=shop.project.pk, mandate_id=mandate.pk, by=shop.applicant, at=shop.now)
        with pytest.raises(NotFound):
            shop.paper("平面图", by=agent)

    def test_a_mandate_of_too_few_matters_does_not_submit(self, shop):
        narrow = make_resident(21, "窄小帮")
        accounts.grant_mandate(
            agent=narrow,
            principal_user=shop.applicant,
            scope=["front-licence"],
            valid_from=shop.now.date(),
            valid_until=date(2026, 12, 31),
            by=shop.applicant,
            at=shop.now,
        )
        shop.filled()
        for name in ("平面图", "front说明", "back说明"):
            shop.paper(name)
        with pytest.raises(NotAllowed, match="back许可"):
            greenway.submit(joint_id=shop.joint_id, by=narrow, at=shop.now)
        assert shop.joint.state == "drafting"

    def test_decides_nothing_on_the_project_with_whatever_account(self, shop, agent):
        shop.accepted().reviewed("front")
        twin = make_official("twin", "代小帮", phone=agent.phone, organization=shop.county.market)
        grant(twin, "approver", shop.county.market)
        before = shop.branch("front").case.row_version
        with pytest.raises(CannotDecideAsAgent):
            cases.decide(
                case_id=shop.branch("front").case_id, outcome="grant", opinion="准予许可。", by=twin, at=shop.now
            )
        assert shop.branch("front").case.row_version == before

    def test_who_works_at_a_body_of_the_project_becomes_no_agent(self, shop):
        both = make_resident(23, "双面人")
        make_officer("both", "双面人", "case_officer", shop.county.health)
        official = User.objects.get(username="both")
        official.phone = both.phone
        official.save()
        with pytest.raises(Invalid):
            greenway.appoint(
                project_id=shop.project.pk,
                login=both.username,
                valid_until=date(2026, 12, 31),
                by=shop.applicant,
                at=shop.now,
            )

    def test_only_the_applicant_appoints(self, shop, agent):
        other = make_resident(22, "又一人")
        for by in (agent, other):
            with pytest.raises((NotAllowed, NotFound)):
                greenway.appoint(
                    project_id=shop.project.pk, login=other.username, valid_until=date(2026, 12, 31), by=by, at=shop.now
                )
        with pytest.raises(Invalid):
            greenway.appoint(
                project_id=shop.project.pk,
                login="nobody",
                valid_until=date(2026, 12, 31),
                by=shop.applicant,
                at=shop.now,
            )


class TestVisit:
    def propose(self, shop, *keys):
        return greenway.propose(
            joint_id=shop.joint_id,
            branch_ids=[shop.branch(key).pk for key in keys],
            address="国藩路88号",
            purpose="现场核查",
            by=shop.county.case_officer,
            at=shop.now,
        )

    def test_one_visit_one_record_for_every_branch(self, shop):
        shop.accepted()
        second = (
            another(shop.county, "case_officer", "陈二"),
            another(shop.county, "case_officer", "孙二", shop.county.health),
        )
        going = [shop.county.case_officer.pk, shop.county.health_officer.pk, *(user.pk for user in second)]
        visit = self.propose(shop, "front", "back")
        assert len(visit.slots) == 4
        with pytest.raises(Invalid, match="两名"):
            greenway.fix(
                visit_id=visit.pk, slot=visit.slots[0], officers=going[:2], by=shop.county.case_officer, at=shop.now
            )
        greenway.fix(visit_id=visit.pk, slot=visit.slots[0], officers=going, by=shop.county.case_officer, at=shop.now)
        assert Attendance.objects.filter(visit=visit).count() == 4
        visit.refresh_from_db()
        assert visit.paper.kind == "site_visit"
        again = self.propose(shop, "front", "back")
        assert visit.slots[0] not in again.slots  # the shared calendar has it
        with pytest.raises(CannotVisit):
            greenway.write_record(
                visit_id=visit.pk, record="现场与图纸一致。", by=shop.county.case_officer, at=shop.now
            )
        shop.go("2026-09-23 09:00")
        with pytest.raises(CannotVisit):
            greenway.write_record(
                visit_id=visit.pk, record="现场与图纸一致。", by=shop.county.fire_officer, at=shop.now
            )
        greenway.write_record(visit_id=visit.pk, record="现场与图纸一致。", by=shop.county.health_officer, at=shop.now)
        for key in ("front", "back"):
            lines = [line.text for panel in cases.panels_of(shop.branch(key).case) for line in panel.lines]
            assert any("现场与图纸一致" in line for line in lines)

    def test_one_branch_is_no_joint_visit(self, shop):
        shop.accepted()
        with pytest.raises(CannotVisit):
            self.propose(shop, "front")


class Superior:
    """A superior authority for tests: it numbers what it gets and answers when told to."""

    def __init__(self):
        self.answers = {}

    def send(self, branch, *, at):
        return f"市〔2026〕{branch.pk}"

    def ask(self, reference):
        if reference not in self.answers:
            raise RuntimeError("the line is dead")
        return self.answers[reference]


class TestSuperior:
    @pytest.fixture
    def of_the_city(self, small_county, applicant, deliver):
        from tests.approvals.greenway.play import Shop

        stage = template().model_dump(mode="json")["stages"][0]
        stage["branches"] = [
            branch("front", "market-regulation", level="city", adapter="city", authority="娄底市局", role="lead"),
            branch("back", "health", prerequisites=["front-licence"]),
        ]
        shop = Shop(small_county, applicant, deliver, stages=[stage], questions=[])
        greenway.begin_stage(joint_id=shop.joint_id, by=applicant, at=shop.now)
        common = {"shop": "永丰米粉", "area": 60, "back_count": 2}
        greenway.answer_branch(branch_id=shop.branch("back").pk, answers=common, by=applicant, at=shop.now)
        for name in ("平面图", "back说明"):
            shop.paper(name)
        yield shop
        greenway.adapters.unregister("city")

    def test_sent_and_answered_through_the_adapter(self, of_the_city):
        shop, city = of_the_city, Superior()
        greenway.adapters.register("city", city)
        greenway.submit(joint_id=shop.joint_id, by=shop.applicant, at=shop.now)
        front = shop.branch("front")
        assert (front.state, front.case, front.reference) == (B.FORWARDED, None, f"市〔2026〕{front.pk}")
        assert greenway.poll(now=shop.now) == 0  # a dead line is logged and tried again
        assert [one.matter_key for one in greenway.unmet(shop.branch("back"))] == ["front-licence"]
        city.answers[front.reference] = greenway.Answer("granted", "娄市许〔2026〕7号")
        assert greenway.poll(now=shop.later(days=1)) == 1
        assert greenway.poll(now=shop.now) == 0
        assert (shop.branch("front").state, shop.branch("front").result) == (B.GRANTED, "娄市许〔2026〕7号")
        assert greenway.unmet(shop.branch("back")) == []

    def test_without_an_adapter_the_lead_writes_it_down(self, of_the_city):
        shop = of_the_city
        greenway.submit(joint_id=shop.joint_id, by=shop.applicant, at=shop.now)
        reply = {
            "branch_id": shop.branch("front").pk,
            "outcome": "granted",
            "number": "娄市许〔2026〕8号",
            "decided_on": shop.now.date(),
        }
        with pytest.raises(NotAllowed):
            greenway.write_down_reply(**reply, by=shop.county.fire_officer, at=shop.now)
        with pytest.raises(Invalid):
            greenway.write_down_reply(**{**reply, "number": " "}, by=shop.county.window_officer, at=shop.now)
        greenway.write_down_reply(**reply, by=shop.county.window_officer, at=shop.now)
        assert shop.branch("front").state == B.GRANTED


class TestImport:
    CODE = project_code.make_synthetic(division_code="431321", on=date(2026, 7, 1), serial=5)

    @pytest.fixture
    def body(self, shop):
        plan = template(key="small-factory", kind="project", name="小工厂项目").model_dump(mode="json")
        second = {**plan["stages"][0], "no": 2, "key": "second", "name": "第二阶段"}
        plan["stages"][0] |= {"key": "first", "name": "第一阶段", "branches": plan["stages"][0]["branches"][:1]}
        second["branches"] = second["branches"][1:]
        plan["stages"].append(second)
        greenway.publish_template(
            document=greenway.TemplateDocument.model_validate(plan), reason="测试", by=None, at=shop.now
        )
        return make_enterprise(make_resident(30, "周老板"), 7)

    def workbook(self, body, *rows, code=None):
        book = load_workbook(BytesIO(greenway.empty_workbook()))
        book["项目"].append([code or self.CODE, "老厂扩建", "小工厂项目", body.uscc, "国藩路", 1200])
        for row in rows:
            book["事项"].append([code or self.CODE, *row])
        out = BytesIO()
        book.save(out)
        return out.getvalue()

    def read(self, shop, content):
        return greenway.read_file(name="在办.xlsx", content=content, by=shop.county.county_office, at=shop.now)

    def test_a_running_project_goes_on_where_it_truly_stands(self, shop, body):
        found = self.read(
            shop,
            self.workbook(
                body,
                ["第一阶段", "front许可", "已办结", "2026-08-03", "2026-08-07", "双市监许〔2026〕3号"],
                ["第二阶段", "back许可", "办理中", "2026-09-16", "", ""],
                ["第二阶段", "side许可", "不需要", "", "", ""],
            ),
        )
        assert found.problems == []
        before = greenway.Project.objects.count()
        assert before == 1  # reading wrote nothing
        project = greenway.carry_out(import_id=found.pk, by=shop.county.county_office, at=shop.now)[0]
        first, second = project.joints.order_by("no")
        assert (first.state, second.state) == ("former", "in_process")
        case = second.branches.get(matter_key="back-licence").case
        assert (case.state, case.channel) == ("in_process", "import")
        assert case.accepted_at == at("2026-09-16 09:00")
        assert second.clock.started_on == date(2026, 9, 16)
        event = case.log.get(kind="accept")
        assert (event.effective_at, event.data["taken_over"]) == (at("2026-09-16 09:00"), True)
        assert event.recorded_at > event.effective_at
        shop.deliver()
        with pytest.raises(CannotImport):
            greenway.carry_out(import_id=found.pk, by=shop.county.county_office, at=shop.now)

    def test_every_problem_is_named_by_row_and_nothing_is_written(self, shop, body):
        content = self.workbook(
            body,
            ["第一阶段", "front许可", "已办结", "2026-08-09", "2026-08-07", ""],
            ["第二阶段", "back许可", "快好了", "", "", ""],
            ["第九阶段", "side许可", "不需要", "", "", ""],
            ["第二阶段", "没有的许可", "办理中", "2030-01-01", "", ""],
        )
        found = self.read(shop, content)
        named = {(p["sheet"], p["row"], p["column"]) for p in found.problems}
        assert {
            ("事项", 2, "文号"),
            ("事项", 2, "办结日期"),
            ("事项", 3, "状态"),
            ("事项", 4, "阶段"),
            ("事项", 5, "事项"),
            ("事项", 5, "受理日期"),
        } <= named
        with pytest.raises(CannotImport):
            greenway.carry_out(import_id=found.pk, by=shop.county.county_office, at=shop.now)
        assert greenway.Project.objects.count() == 1

    def test_a_wrong_code_another_file_and_another_person_are_refused(self, shop, body):
        found = self.read(shop, self.workbook(body, code="2613-431321-04-01-000000"))
        assert found.problems[0]["column"] == "投资项目代码"
        with pytest.raises(Invalid):
            self.read(shop, b"not a workbook")
        with ZipFile(BytesIO(self.workbook(body))) as good:
            parts = {name: good.read(name) for name in good.namelist()}
        for part in ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"):
            broken = BytesIO()
            with ZipFile(broken, "w") as packed:
                for name, content in parts.items():
                    packed.writestr(name, content[:-20] if name == part else content)
            with pytest.raises(Invalid):
                self.read(shop, broken.getvalue())
        with pytest.raises(NotAllowed):
            greenway.read_file(name="x", content=b"", by=shop.county.case_officer, at=shop.now)
