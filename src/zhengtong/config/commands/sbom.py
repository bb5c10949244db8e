"""`zhengtong sbom`: the bill of materials in CycloneDX 1.6, made from the lock file: what is installed, with its hashes."""

import argparse
import hashlib
import json
import re
import uuid
from importlib import metadata
from pathlib import Path
from typing import Any

PINNED = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
NAME = re.compile(r"^[A-Za-z0-9][\w.-]*")
NAMESPACE = uuid.UUID("6f1b6c1e-7a4b-5c52-9d8e-2f0c5f8a4313")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which lock file, and where to write."""
    root = Path(__file__).resolve().parents[4]
    parser.add_argument("--lock", type=Path, default=root / "requirements.lock", help="the lock file with hashes")
    parser.add_argument("--output", type=Path, help="write there instead of printing")


def run(options: argparse.Namespace) -> int:
    """Print or write the document; exit 2 when there is no lock file."""
    if not options.lock.exists():
        print(f"没有找到{options.lock}。请在源代码目录里运行，或用--lock指明。")
        return 2
    text = json.dumps(document(options.lock.read_text(encoding="utf-8")), ensure_ascii=False, indent=2)
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)
    return 0


def document(lock: str) -> dict[str, Any]:
    """The CycloneDX document of a lock file; the same lock gives the same document, serial number included."""
    components = [_component(entry) for entry in re.split(r"\n(?=[A-Za-z0-9])", lock.strip())]
    refs = {one["name"]: one["bom-ref"] for one in components}
    version = _metadata("zhengtong", "Version") or "0"
    product = {
        "type": "application",
        "bom-ref": f"pkg:pypi/zhengtong@{version}",
        "name": "zhengtong",
        "version": version,
        "purl": f"pkg:pypi/zhengtong@{version}",
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
    edges = [{"ref": product["bom-ref"], "dependsOn": _needs("zhengtong", refs)}]
    edges += [{"ref": ref, "dependsOn": _needs(name, refs)} for name, ref in refs.items()]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, hashlib.sha256(lock.encode()).hexdigest())}",
        "version": 1,
        "metadata": {"component": product},
        "components": components,
        "dependencies": edges,
    }


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _component(entry: str) -> dict[str, Any]:
    found = PINNED.match(entry)
    if found is None:
        raise ValueError(f"not a pinned package: {entry.splitlines()[0]}")
    name, version = _canonical(found[1]), found[2]
    purl = f"pkg:pypi/{name}@{version}"
    component: dict[str, Any] = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    component["hashes"] = [{"alg": "SHA-256", "content": digest} for digest in HASH.findall(entry)]
    if licence := _metadata(name, "License-Expression"):
        component["licenses"] = [{"expression": licence}]
    elif (licence := _metadata(name, "License")) and "\n" not in licence and len(licence) <= 80:
        component["licenses"] = [{"license": {"name": licence}}]
    return component


def _metadata(name: str, field: str) -> str:
    try:
        return metadata.metadata(name).get(field) or ""  # type: ignore[attr-defined]
    except metadata.PackageNotFoundError:
        return ""


def _needs(name: str, refs: dict[str, str]) -> list[str]:
    """What a package asks for, as far as it is in the lock: extras and other platforms stay out by themselves."""
    try:
        asked = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        asked = []
    names = {_canonical(found[0]) for line in asked if "extra ==" not in line and (found := NAME.match(line))}
    return sorted(refs[one] for one in names & refs.keys())
