"""`zhengtong sign-challenge --key FILE TEXT`: sign the text of the certificate sign-in page where the browser cannot."""

import argparse
import base64
import re
import sys
from pathlib import Path

SM2_CURVE = bytes.fromhex("06082a811ccf5501822d")
PREFIX = "zhengtong-sign-in/1 "


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The key and the text."""
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="private key, PKCS#8, PEM or DER")
    parser.add_argument("text", metavar="TEXT", help="the whole text shown on the page")


def run(options: argparse.Namespace) -> int:
    """Print the signature in base64; exit 1 with a sentence when it cannot be made. Signs sign-in challenges only."""
    from zhengtong.security.crypto import keys

    if not options.text.startswith(PREFIX):
        print("这不是政通登录页上的文字，没有签名。", file=sys.stderr)
        return 1
    try:
        content = options.key.read_bytes()
        if b"-----BEGIN" in content:
            content = base64.b64decode(re.sub(rb"-----[^-]+-----|\s", b"", content))
        signer = keys.load("sm2" if SM2_CURVE in content else "p256", content)
    except (OSError, ValueError):
        print("读不出私钥：须是未加密的PKCS#8，P-256或SM2。", file=sys.stderr)
        return 1
    print(base64.b64encode(signer.sign(options.text.encode())).decode())
    return 0
