"""The command line: `zhengtong COMMAND`; each command is a module of `zhengtong.config.commands` with `add_arguments` and `run`."""

import argparse
import importlib
import os
import sys

COMMANDS = {
    "demo": "run the demo county in a browser: install data, serve, work",
    "begin": "begin a real county: tables, the county body and its first four accounts",
    "serve": "serve the web pages",
    "work": "deliver events, fire clocks, send notices",
    "pki": "hold the key ceremony, show the county's authorities",
    "vault": "keys of the field vault: status, rotate, master, erase",
    "sign-challenge": "sign the text of the certificate sign-in page",
    "clock": "compute a legal due day and print its ledger",
    "validate": "check an identifier: uscc, resident-id, matter-code, case-number, project-code",
    "doctor": "check this deployment and say what to mend",
    "evidence": "print what a standard demands and which tests show it",
    "sbom": "print the bill of materials (CycloneDX) of the lock file",
    "advisories": "hold the pinned packages against published advisories (OSV)",
    "backup": "back up the installation: encrypted, signed, proved; only what is new is written",
    "restore": "bring an installation back from its backups",
    "drill": "rehearse a restore and print RPO and RTO",
    "audit": "sign, check and export the audit log; register a witness",
    "witness": "watch a county's audit log from outside",
    "verify-receipt": "check a citizen's receipt without network",
    "verify": "check the signatures of a PDF, a signed answer or a time-stamp",
    "bench": "measure a published figure",
    "messages": "collect, check and compile the English catalogue",
    "manage": "Django's own management commands",
}


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhengtong.config.settings")
    arguments = sys.argv[1:] if argv is None else argv
    if arguments[:1] == ["manage"]:
        from django.core.management import execute_from_command_line

        execute_from_command_line(["zhengtong manage", *arguments[1:]])
        return 0
    parser = argparse.ArgumentParser(
        prog="zhengtong", description="政通 Zhengtong: the e-government of a county, in one program"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = arguments[0] if arguments and arguments[0] in COMMANDS else None
    for name, text in COMMANDS.items():
        sub = commands.add_parser(name, help=text, description=text)
        if name == chosen:
            module = importlib.import_module(f"zhengtong.config.commands.{name.replace('-', '_')}")
            module.add_arguments(sub)
            sub.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    return int(options.run(options) or 0)


if __name__ == "__main__":
    sys.exit(main())
