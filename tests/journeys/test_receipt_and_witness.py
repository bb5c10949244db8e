"""Proof that needs no trust: an applicant's receipt checked with the network off, and a log that an auditor proves whole by a witness."""

import base64
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from pathlib import Path

import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Product, environment, free_port
from tests.journeys.people import follow, go
from zhengtong.config.processes import Children, answers

GENUINE, CHANGED = "凭证是真的", "凭证不可信"
PATIENCE_SECONDS = 60
WITNESS = "audit-office.county.example/w1"
CUT = """
DELETE FROM audit_cosignature WHERE checkpoint_id > :size;
DELETE FROM audit_checkpoint WHERE size > :size;
DELETE FROM audit_auditentry WHERE seq > :size;
UPDATE audit_chainhead SET seq = :size, mac = (SELECT mac FROM audit_auditentry WHERE seq = :size);
"""


def elsewhere(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """`zhengtong …` of somebody who has nothing of the county's but the program."""
    command = [sys.executable, "-m", "zhengtong.config.cli", *map(str, arguments)]
    return subprocess.run(command, env={**os.environ, "DATA": str(folder / "own")}, capture_output=True, text=True)


def bent(receipt: str) -> str:
    """The receipt with another number in its entry."""
    head, extra, rest = receipt.split("\n", 2)
    leaf = bytearray(base64.b64decode(extra.removeprefix("extra ")))
    leaf[leaf.index(b",") + 1] ^= 1
    return "\n".join((head, f"extra {base64.b64encode(leaf).decode()}", rest))


def test_a_receipt_is_checked_with_the_network_off(
    product: Product, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    product.manage("audit", "checkpoint")
    phone = open_page(width=360, sign_in="Resident")
    phone.goto("/my/")
    go(phone.locator("main a[href*='/my/cases/']").first)
    follow(phone, "办事凭证")
    picture = phone.request.get(phone.locator(".receipt-qr").first.get_attribute("src") or "")
    (found,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture.body())))
    with phone.expect_download() as loading:
        phone.get_by_role("link", name="下载凭证").first.click()
    kept = tmp_path / "kept.tlog-proof"
    loading.value.save_as(kept)
    (tmp_path / "keys").write_text(phone.request.get("/audit/log/key").text())

    phone.goto("/receipt/check/")
    result, box = phone.locator("#receipt-result"), phone.get_by_label("凭证文字")

    def check(text: str, words: str) -> None:
        box.fill(text)
        phone.get_by_role("button", name="核对", exact=True).click()
        expect(result).to_contain_text(re.compile(words))

    phone.context.set_offline(True)
    check(found.text, GENUINE)
    expect(result).to_contain_text("case:")
    check(found.text[:200] + ("A" if found.text[200] != "A" else "B") + found.text[201:], f"{CHANGED}|读不出凭证")
    phone.get_by_label("或者选择凭证文件").set_input_files(kept)
    expect(box).to_have_value(kept.read_text())
    expect(result).to_contain_text(GENUINE)
    check(bent(kept.read_text()), f"{CHANGED}：内容")
    phone.context.set_offline(False)

    done = elsewhere(tmp_path, "verify-receipt", kept, "--key", tmp_path / "keys")
    assert done.returncode == 0, done.stderr
    assert "GENUINE" in done.stdout
    openssl_agrees(kept.read_text(), (tmp_path / "keys").read_text(), tmp_path)
    kept.write_text(bent(kept.read_text()))
    assert elsewhere(tmp_path, "verify-receipt", kept, "--key", tmp_path / "keys").returncode == 1


def openssl_agrees(receipt: str, keys: str, folder: Path) -> None:
    """A foreign program finds that the county's P-256 key signed the checkpoint in the receipt."""
    name, mark, material = keys.split()[0].split("+", 2)
    body, _, signatures = receipt.partition("\n\n")[2].partition("\n\n")
    raw = [base64.b64decode(line.split(" ")[2]) for line in signatures.splitlines() if line.split(" ")[1] == name]
    (signature,) = (one[4:] for one in raw if one[:4].hex() == mark)
    for file, content in (("spki", base64.b64decode(material)[1:]), ("sig", signature), ("body", f"{body}\n".encode())):
        (folder / file).write_bytes(content)
    command = "openssl dgst -sha256 -verify spki -keyform DER -signature sig body"
    assert "Verified OK" in subprocess.run(command.split(), cwd=folder, capture_output=True, text=True).stdout


def test_an_auditor_proves_the_log_whole_against_a_witness(
    product: Product, open_page: Callable[..., Page], tmp_path: Path
) -> None:
    before = signed(product)
    folder = tmp_path / "witness"
    made = elsewhere(tmp_path, "witness", "init", folder, "--name", WITNESS, "--log", f"{product.url}/audit/log/")
    assert made.returncode == 0, made.stderr
    product.manage("audit", "add-witness", next(line for line in made.stdout.split() if line.startswith(WITNESS)))
    auditor = open_page(sign_in="Auditor")
    auditor.goto("/audit/log/")
    expect(auditor.locator("main tr", has_text=WITNESS)).to_contain_text("还没有")

    until = time.monotonic() + PATIENCE_SECONDS
    while (size := signed(product)) <= before:  # signing in is in the log as well, once the worker has it
        assert time.monotonic() < until, product.last_words()
    seen = elsewhere(tmp_path, "witness", "run", folder, "--once")
    assert seen.returncode == 0, seen.stderr
    auditor.goto("/audit/log/")
    expect(auditor.locator("main tr", has_text=WITNESS)).not_to_contain_text("还没有")
    expect(auditor.get_by_text("检查点以后的记录全部完整")).to_be_visible()
    auditor.goto(f"/audit/verification/?first=1&last={size}")
    expect(auditor.get_by_text("全部完整，没有改动")).to_be_visible()
    a_log_cut_with_its_checkpoints_is_refused(product, tmp_path, folder)
    assert elsewhere(tmp_path, "witness", "run", folder, "--once").returncode == 0


def signed(product: Product) -> int:
    """How many entries are under a checkpoint, now that one was asked for."""
    product.manage("audit", "checkpoint")
    with closing(sqlite3.connect(product.data / "zhengtong.sqlite3")) as database:
        (found,) = database.execute("SELECT max(size) FROM audit_checkpoint").fetchone()
    return int(found)


def a_log_cut_with_its_checkpoints_is_refused(product: Product, tmp_path: Path, folder: Path) -> None:
    """On a copy of the county: its administrator cuts the log with all that was signed over it. Only the witness can know."""
    copy, port = tmp_path / "copy", free_port()
    shutil.copytree(product.data, copy, ignore=shutil.ignore_patterns("*.lock", "*.sqlite3*", "*.log"))
    with (
        closing(sqlite3.connect(product.data / "zhengtong.sqlite3")) as whole,
        closing(sqlite3.connect(copy / "zhengtong.sqlite3")) as cut,
    ):
        whole.backup(cut)
        ((size,),) = cut.execute("SELECT size FROM audit_checkpoint ORDER BY size DESC LIMIT 1 OFFSET 1")
        for (name,) in cut.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit_%'"
        ).fetchall():
            cut.execute(f"DROP TRIGGER {name}")
        for statement in CUT.strip().splitlines():
            cut.execute(statement, {"size": size})
        cut.commit()
    command = [sys.executable, "-m", "zhengtong.config.cli", "audit", "verify"]
    alone = subprocess.run(
        command, env={**environment(copy), "ZHENGTONG_URL": product.url}, capture_output=True, text=True
    )
    assert alone.returncode == 0, alone.stdout + alone.stderr
    second = tmp_path / "witness-of-the-copy"
    shutil.copytree(folder, second)
    said = json.loads((second / "witness.json").read_text(encoding="utf-8"))
    said["log"] = f"http://127.0.0.1:{port}/audit/log/"
    (second / "witness.json").write_text(json.dumps(said), encoding="utf-8")
    with Children(copy, log=copy / "copy.log", **{**environment(copy), "ZHENGTONG_URL": product.url}) as children:
        children.start("web", "serve", "--port", str(port), "--workers", "1")
        children.wait_until(lambda: answers(f"http://127.0.0.1:{port}/"), 120)
        refused = elsewhere(tmp_path, "witness", "run", second, "--once")
    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert "日志变短了" in refused.stderr
