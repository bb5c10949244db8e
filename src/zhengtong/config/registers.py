"""Registers an assessor asks for, as data that the code is held against: what is protected how, by which cryptography, who
talks to whom, what is written down where, what costs much, how people sign in.

`docs/reference/security.md` is written from them and from the settings (`make reference`); tests/house/test_registers.py
refuses a table without a class, a cryptographic call or a connection that is not listed, and a log that nobody named.
"""

from dataclasses import dataclass

PUBLIC, INTERNAL, PERSONAL, SENSITIVE, SECRET = "public", "internal", "personal", "sensitive", "secret"


@dataclass(frozen=True)
class DataClass:
    """A level of protection and what it asks for. 数据安全法 21, 个人信息保护法 28 and 51."""

    label: str
    at_rest: str
    integrity: str
    in_logs: str
    readers: str
    kept: str


CLASSES: dict[str, DataClass] = {
    PUBLIC: DataClass(
        "公开", "disk of the county", "versions that the database lets nobody change", "yes", "everybody", "for ever"
    ),
    INTERNAL: DataClass(
        "内部",
        "disk of the county",
        "audit entry for every change",
        "numbers and kinds",
        "officials with the permission",
        "as long as what they belong to; facts that were delivered and to-dos that were done: 30 days beside the audit log",
    ),
    PERSONAL: DataClass(
        "个人信息",
        "disk of the county, backups encrypted",
        "audit entry for every change, constraints of the database",
        "numbers of rows, never the value",
        "the person, the bodies that handle the case; each read of another's file is an entry",
        "as long as the case is kept (电子档案); an account until it is erased",
    ),
    SENSITIVE: DataClass(
        "敏感个人信息",
        "sealed per row and column (AES-256-GCM or SM4-GCM), equality by a blind index",
        "authenticated encryption bound to row and column",
        "never",
        "as personal; masked on pages unless the task needs it",
        "as personal; `zhengtong vault erase` destroys the key of a person's values",
    ),
    SECRET: DataClass(
        "鉴别信息和密钥",
        "hashed, wrapped by another key, or sealed; see the cryptographic inventory",
        "a changed one opens nothing",
        "never",
        "nobody; the program compares",
        "until replaced; one-time things until used, at most 30 days; tokens until they end by themselves",
    ),
}

TABLES: dict[str, str] = {
    "auth.Permission": INTERNAL, "auth.Group": INTERNAL, "contenttypes.ContentType": INTERNAL,
    "sessions.Session": SECRET, "vault.DataKey": SECRET, "vault.Rotation": INTERNAL, "vault.Erasure": INTERNAL,
    "vault.ErasureRequest": PERSONAL, "accounts.AccountRecovery": INTERNAL,
    "vault.RetentionChange": INTERNAL, "vault.Deletion": INTERNAL,
    "events.OutboxEvent": INTERNAL, "events.Delivery": INTERNAL,
    "organizations.Organization": PUBLIC, "organizations.Alias": PUBLIC, "organizations.Succession": PUBLIC,
    "organizations.Post": PUBLIC, "organizations.Membership": INTERNAL,
    "calendars.CalendarVersion": PUBLIC, "calendars.DemoClock": INTERNAL,
    "files.StoredFile": INTERNAL, "files.Attachment": PERSONAL,
    "notices.Notice": PERSONAL, "notices.NoticeDelivery": INTERNAL,
    "search.Document": PUBLIC, "search.Synonym": PUBLIC, "worklists.Todo": PERSONAL,
    "pki.Certificate": INTERNAL, "pki.Authority": PUBLIC, "pki.RevocationList": PUBLIC, "pki.Ceremony": INTERNAL,
    "pki.CertificateRequest": INTERNAL, "pki.Renewal": INTERNAL,
    "timestamps.Outage": INTERNAL,
    "audit.AuditEntry": INTERNAL, "audit.ChainHead": INTERNAL, "audit.LogTile": PUBLIC, "audit.Checkpoint": PUBLIC,
    "audit.Witness": PUBLIC, "audit.Cosignature": PUBLIC, "signatures.SignedDocument": INTERNAL,
    "accounts.User": PERSONAL, "accounts.Enterprise": PERSONAL, "accounts.EnterpriseMember": PERSONAL,
    "accounts.Mandate": PERSONAL, "accounts.SignInFailure": INTERNAL, "accounts.UsedOnce": SECRET,
    "accounts.LastCode": INTERNAL, "accounts.OpenSession": PERSONAL, "accounts.PairwiseSubject": PERSONAL,
    "accounts.ProvinceLink": PERSONAL,
    "pmi.RoleGrant": INTERNAL,
    "matters.Matter": PUBLIC, "matters.MatterVersion": PUBLIC, "matters.MatterImport": INTERNAL,
    "cases.Case": PERSONAL, "cases.CaseEvent": PERSONAL, "cases.StepTask": INTERNAL, "cases.StepAct": PERSONAL,
    "cases.DutyHolder": INTERNAL, "cases.ChecklistItem": PERSONAL, "cases.Paper": PERSONAL, "cases.DefectNotice": PERSONAL,
    "cases.Suspension": PERSONAL, "cases.Extension": PERSONAL, "cases.Clock": INTERNAL, "cases.Licence": PERSONAL,
    "cases.Delivery": PERSONAL, "cases.NumberSeries": INTERNAL,
    "ratings.Rule": INTERNAL, "ratings.Visit": INTERNAL, "ratings.Rating": PERSONAL, "ratings.Invitation": SECRET,
    "ratings.WorkOrder": PERSONAL, "ratings.Dispute": PERSONAL, "ratings.Publication": PERSONAL, "ratings.RatingEvent": PERSONAL,
    "fees.Bill": PERSONAL, "fees.BillLine": PERSONAL, "fees.BillEntry": PERSONAL, "fees.Order": PERSONAL, "fees.Payment": PERSONAL,
    "fees.Share": INTERNAL, "fees.Refund": PERSONAL, "fees.Message": INTERNAL, "fees.BillPaper": PERSONAL,
    "fees.Reconciliation": INTERNAL, "fees.Discrepancy": INTERNAL, "fees.Serial": INTERNAL, "fees.Charge": INTERNAL,
    "fees.ChargeBack": INTERNAL,
    "greenway.Template": INTERNAL, "greenway.TemplateVersion": INTERNAL, "greenway.TemplateDraft": INTERNAL,
    "greenway.Project": PERSONAL, "greenway.JointCase": PERSONAL,
    "greenway.Branch": INTERNAL, "greenway.JointClock": INTERNAL, "greenway.JointPause": INTERNAL, "greenway.SiteVisit": INTERNAL,
    "greenway.Attendance": INTERNAL, "greenway.ProjectEvent": PERSONAL, "greenway.ProjectImport": PERSONAL,
    "supervision.RuleSet": INTERNAL, "supervision.Rule": INTERNAL, "supervision.Watch": INTERNAL, "supervision.Gathering": INTERNAL,
    "supervision.Card": PERSONAL, "supervision.CardEvent": PERSONAL, "supervision.Appeal": PERSONAL,
    "supervision.CorrectionOrder": PERSONAL, "supervision.OrderEntry": PERSONAL, "supervision.BackTest": INTERNAL,
    "supervision.BackTestLine": INTERNAL,
    "account.EmailAddress": PERSONAL, "account.EmailConfirmation": SECRET, "mfa.Authenticator": SECRET,
    "allauth_idp_oidc.Client": INTERNAL, "allauth_idp_oidc.Token": SECRET,
}  # fmt: skip
"""The class of every table; single columns of another class follow."""

COLUMNS: dict[str, str] = {
    "notices.Notice.phone": SENSITIVE,
    "accounts.User.password": SECRET,
    "accounts.User.resident_id": SENSITIVE,
    "accounts.User.phone": SENSITIVE,
    "accounts.User.address": SENSITIVE,
    "accounts.ProvinceLink.subject": SENSITIVE,
    "accounts.Enterprise.phone": SENSITIVE,
    "accounts.Enterprise.address": SENSITIVE,
    "cases.Case.applicant_id_number": SENSITIVE,
    "cases.Case.applicant_phone": SENSITIVE,
    "cases.Case.applicant_address": SENSITIVE,
    "cases.Case.answers": SENSITIVE,
    "cases.Case.corrections": SENSITIVE,
    "ratings.WorkOrder.phone": SENSITIVE,
    "greenway.Project.applicant_id_number": SENSITIVE,
    "greenway.Project.applicant_phone": SENSITIVE,
    "greenway.Project.applicant_address": SENSITIVE,
    "greenway.Project.situation": SENSITIVE,
    "greenway.Project.answers": SENSITIVE,
    "allauth_idp_oidc.Client.secret": SECRET,
}


@dataclass(frozen=True)
class Cryptography:
    """One use of cryptography: what for, by what, how strong, by which key, kept where, for how long, in which modules."""

    what: str
    algorithm: str
    bits: int
    key: str
    life: str
    modules: tuple[str, ...]
    not_for: str = ""


_S = "security/"
CRYPTOGRAPHY: tuple[Cryptography, ...] = (
    Cryptography("passwords", "argon2id", 128, "a salt of its own for each", "renewed at the next sign-in when parameters rise",
                 (_S + "accounts/hashers",)),
    Cryptography("known passwords, looked up", "SHA-1", 0, "none: the public list's own form", "–", (_S + "accounts/passwords",),
                 "protecting anything"),
    Cryptography("seeds of authenticators", "AES-128-CBC with HMAC-SHA-256 (Fernet)", 128, "derived from the signing secret",
                 "with the secret", (_S + "accounts/adapters",)),
    Cryptography("sessions, reset letters, forms", "HMAC-SHA-256, random keys of 128 bits and more", 128,
                 "signing secret: `ZHENGTONG_SECRET` or `DATA/secret.key`", "replaced by hand; ends every session", (),
                 "data at rest"),
    Cryptography("limits and one-time things, under a digest", "SHA-256", 128, "none", "30 days", (_S + "accounts/operations",)),
    Cryptography("identity tokens for department systems", "RSA-3072, SHA-256 (RS256)", 128, "`DATA/keys/oidc.pem`", "by hand",
                 (_S + "accounts/clients",), "anything but identity tokens"),
    Cryptography("sign-in through the province's platform", "RS256, PS256, ES256 of the platform; PKCE with SHA-256; state, nonce and "
                 "verifier of 256 bits", 128, "the platform's published keys; `ZHENGTONG_PROVINCE_SECRET`", "as the platform says",
                 (_S + "accounts/province", _S + "accounts/province_views"), "officials"),
    Cryptography("sign-in with a certificate", "ECDSA P-256, SM2 with SM3", 128, "the official's own", "one year at most",
                 (_S + "accounts/certificates",)),
    Cryptography("personal values and attachments", "AES-256-GCM or SM4-GCM, keys derived per row by HMAC", 128,
                 "data keys, wrapped by the master key in `DATA/keys`", "`zhengtong vault rotate`, yearly",
                 (_S + "vault/ciphers", _S + "vault/content", _S + "vault/sealing", _S + "vault/ring", _S + "vault/first_keys",
                  _S + "crypto/sm4"), "signatures"),
    Cryptography("master key of the vault", "AES-256-GCM under scrypt of the passphrase", 128,
                 "`ZHENGTONG_KEY_PASSPHRASE` (random, 256 bits, when the product makes it)", "`zhengtong vault master`",
                 (_S + "vault/keystore",)),
    Cryptography("blind index", "HMAC-SHA-256 cut to 128 bits", 128, "index key of its own", "with a re-indexing", (),
                 "opening values"),
    Cryptography("certificates, lists, status, posts", "ECDSA P-256 with SHA-256, SM2 with SM3", 128,
                 "one key per authority and purpose, in files or a PKCS#11 device", "root 20, authorities 10, purposes 3–5 years",
                 (_S + "pki/x509", _S + "pki/ocsp", _S + "pki/lint", _S + "pki/verifier", _S + "pki/operations",
                  _S + "pki/queries", _S + "crypto/keys", _S + "crypto/sm2", _S + "crypto/sm3", "config/commands/pki"),
                 "a purpose other than the one in the certificate"),
    Cryptography("key identifiers in certificates (RFC 5280 4.2.1.2, RFC 6960)", "SHA-1", 0, "none: a name", "–", (),
                 "protecting anything"),
    Cryptography("key files of the authority", "AES-256-GCM under scrypt of the passphrase", 128, "`ZHENGTONG_KEY_PASSPHRASE`",
                 "by a new ceremony", (_S + "pki/stores",)),
    Cryptography("time stamps", "ECDSA P-256 with SHA-256, SM2 with SM3 (RFC 3161)", 128, "purpose `timestamps`", "5 years",
                 (_S + "timestamps/tokens", _S + "timestamps/queries", _S + "timestamps/operations"), "papers"),
    Cryptography("papers and signed answers", "CMS and JWS, P-256 and SM2 together", 128, "purposes `papers`, `tokens`; officials' keys",
                 "3 years", (_S + "signatures/jws", _S + "signatures/cms", _S + "signatures/operations", _S + "signatures/trust",
                             _S + "signatures/reading", _S + "signatures/pdf", _S + "signatures/archive", _S + "signatures/archiving")),
    Cryptography("audit log", "Merkle tree SHA-256 and SM3; entries HMAC-SHA-256; checkpoints P-256 and SM2; witnesses Ed25519", 128,
                 "purpose `audit`; one submitter key per process; witnesses keep their own", "3 years",
                 (_S + "audit/records", _S + "audit/receipts", _S + "audit/stamping", _S + "audit/signing", _S + "audit/merkle",
                  _S + "audit/notes", _S + "audit/witness"), "papers"),
    Cryptography("messages of the local payment provider", "HMAC-SHA-256", 128, "`ZHENGTONG_LOCAL_PAYMENT_KEY`, else derived from the "
                 "signing secret", "with the secret; a real provider brings its own",
                 ("approvals/fees/providers/local", "approvals/fees/operations/paying"), "moving money"),
    Cryptography("backups", "AES-256-GCM; key by ECDH P-256 and HKDF-SHA-256, or scrypt; manifest P-256 and SM2", 128,
                 "recovery key, outside `DATA`; purpose `backup`", "by hand; old backups keep theirs",
                 ("config/backup/repository", "config/backup/recovery", "config/backup/restore", "config/backup/signing",
                  "config/backup/pieces", "config/backup/postgres")),
    Cryptography("contents by their digest (versions, evidence packs, bill of materials, demo)", "SHA-256", 128, "none", "–",
                 ("approvals/matters/models", "approvals/cases/papers/evidence", "foundation/files/storage",
                  "config/commands/sbom", "config/commands/demo")),
    Cryptography("numbers nobody guesses: query codes, verification codes, the signing secret", "the system's generator", 128,
                 "none", "as what they name; query codes beside a case number and a limit of tries",
                 ("kernel/identifiers/case_number", "kernel/identifiers/project_code", "approvals/cases/queries", "approvals/greenway/queries",
                  "approvals/ratings/operations/invitations", "approvals/fees/recording", "approvals/cases/operations/paperwork",
                  "config/settings")),
    Cryptography("the public address, asked by the check", "TLS 1.2 and 1.3 as a visitor", 128, "the proxy's", "the proxy's",
                 ("config/transport",)),
)  # fmt: skip
"""`bits` is the strength; 0 where nothing is protected. `modules`: files that call primitives or draw random numbers."""

AFTER_QUANTUM = (
    "P-256, SM2, RSA and Ed25519 fall to a large quantum computer; AES-256, SM4 and the hashes do not. What must last is signed "
    "twice already and names its whole set of signatures, so that a third (ML-DSA, FIPS 204) can be added beside; values at rest "
    "are under symmetric keys only. The recovery key of backups is the one exchange to replace first (ML-KEM, FIPS 203)."
)


@dataclass(frozen=True)
class Connection:
    """One way out of a process: to where, when, who chooses the address, what protects it."""

    to: str
    when: str
    chosen_by: str
    protected: str
    modules: tuple[str, ...] = ()


CONNECTIONS: tuple[Connection, ...] = (
    Connection("the database", "always", "operator (`DATABASE_URL`)",
               "a file or socket of this machine; elsewhere TLS, which `zhengtong doctor` demands"),
    Connection("a mail server", "notices by e-mail", "operator (`EMAIL_HOST` of a county settings file)", "STARTTLS: `EMAIL_USE_TLS`"),
    Connection("an SMS gateway", "notices by SMS", "the county's own app (`register_channel`)", "as that app does; without one, a file"),
    Connection("the virus scanner", "every upload", "operator (`ZHENGTONG_CLAMD`)", "a socket of this machine",
               ("foundation/files/scanning",)),
    Connection("the audit log of a county, from a witness", "`zhengtong witness`", "the witness, at `init`",
               "HTTPS; what is fetched is signed; redirects are refused", ("security/audit/witness",)),
    Connection("the province's identity platform", "a resident signs in through it; `zhengtong doctor`",
               "operator (`ZHENGTONG_PROVINCE_ISSUER` and its addresses)", "HTTPS; what it says is signed; redirects are refused",
               ("security/accounts/province",)),
    Connection("our own payment page, told by the local provider", "a payment in a demo or a test", "the program (`ZHENGTONG_URL`)",
               "signed messages; redirects are refused", ("approvals/fees/providers/telling",)),
    Connection("our own web processes", "`zhengtong demo` watches them", "the program (127.0.0.1)", "this machine; redirects are refused",
               ("config/processes",)),
    Connection("a free port", "`zhengtong serve` looks whether its port is taken", "operator (`--port`)", "this machine",
               ("config/commands/serve",)),
    Connection("the public address", "`zhengtong doctor`", "operator (`ZHENGTONG_URL`)", "TLS, nothing is sent", ("config/transport",)),
)  # fmt: skip
"""No address that a visitor, applicant or official types is ever connected to."""

PROGRAMS: dict[str, str] = {
    "config/processes": "our own web and worker, beginning with the interpreter",
    "config/backup/examine": "our own code, to look into a restored installation",
    "config/commands/bench": "our own benchmarks",
    "security/timestamps/sources": "`chronyc tracking`, without anything from outside",
}
"""Operating-system commands: constants of ours, never through a shell."""


@dataclass(frozen=True)
class Log:
    """One place where something is written down: what, in which form, who reads it, how long it stays."""

    where: str
    what: str
    form: str
    readers: str
    kept: str


LOGS: tuple[Log, ...] = (
    Log("audit log (table `audit_auditentry`)", "every event of the product, every read of personal data, every refusal of an official",
        "rows with mac, Merkle tree, signed checkpoints; time in UTC", "auditor; each person their own trail", "for ever, tiles exported"),
    Log("standard error of `serve` and `work`", "faults, warnings, requests that failed; no personal value, no body of a request",
        "one JSON object a line, time with its zone", "operator, through journald", "as journald is told; 网络安全法 21: six months at least"),
    Log("`DATA/sms.log`", "text messages while there is no gateway", "JSON lines, phone masked, mode 600", "operator", "by hand"),
    Log("`DATA/mail`", "e-mails while there is no mail server", "files as they would be sent", "operator", "by hand"),
    Log("`DATA/keys/pki/…`, table `pki_certificate`", "every certificate issued and revoked", "rows", "security administrator", "for ever"),
    Log("output of `zhengtong backup` and `drill`", "what was written, read back and compared", "lines, the last one JSON", "operator",
        "as the timer's journal"),
)  # fmt: skip
HANDLERS = {"console": "logging.StreamHandler"}
"""Handlers of the settings: standard error is the only one."""


@dataclass(frozen=True)
class Costly:
    """Something that takes long or much: what bounds it, and which test holds the bound."""

    what: str
    bound: str
    test: str


COSTLY: tuple[Costly, ...] = (
    Costly("hashing a password (about 50 ms of one core)", "counted and refused before any hashing: five wrong per account, "
    "twenty a minute per address",
           "tests/security/accounts/test_second_factors.py::TestLimits::test_six_wrong_passwords_lock_and_ten_minutes_unlock"),
    Costly("judging an upload", "20 MB while it comes; pixels, entries and unpacked size before unpacking",
           "tests/foundation/files/test_receive.py::test_a_file_over_the_limit_is_refused_while_it_comes"),
    Costly("importing a workbook of matters", "8 MB, 60,000 rows, 200 MB unpacked",
           "tests/approvals/matters/test_exchange.py::test_zip_bombs_and_foreign_workbooks_are_refused"),
    Costly("lists of cases, desks, figures", "pages of 25 to 50; the same queries for one row and for fifty",
           "tests/approvals/cases/test_views.py::test_the_list_asks_as_often_for_fifty_cases_as_for_one"),
    Costly("searching", "words of bounded length, pages, the same queries for any number of hits",
           "tests/foundation/search/test_search.py::test_a_search_costs_the_same_number_of_queries_for_any_number_of_hits"),
    Costly("patterns that an editor of matters writes", "refused when they could run away; at most 120 characters",
           "tests/approvals/matters/test_lint.py::test_errors_that_block_publishing"),
    Costly("setting and signing a paper", "once, then kept; a case has a bounded number of papers",
           "tests/approvals/cases/test_signed_papers.py::test_a_paper_is_signed_once_and_entered_in_the_register"),
    Costly("checking a file at /verify/file/", "20 MB, refused unread beyond",
           "tests/security/signatures/test_page.py::test_nothing_an_empty_and_a_huge_file_are_refused_with_a_sentence"),
    Costly("time-stamp queries", "16 KB, refused unread beyond",
           "tests/security/timestamps/test_http.py::test_what_is_no_query_is_refused_unread"),
    Costly("re-projecting deadlines, mail, SMS, events", "in the worker, in batches; one that fails holds up nobody",
           "tests/foundation/events/test_operations.py::test_a_receiver_that_fails_holds_up_nobody_and_leaves_no_trace_of_its_work"),
    Costly("guessing query codes", "ten wrong in ten minutes per address",
           "tests/portal/hall/test_following.py::test_wrong_pairs_get_one_answer_and_then_a_closed_door"),
)  # fmt: skip


@dataclass(frozen=True)
class SignIn:
    """One way into an account: the addresses it uses, what is shown, what limits it."""

    way: str
    routes: tuple[str, ...]
    shown: str
    limited: str


SIGN_INS: tuple[SignIn, ...] = (
    SignIn("password, then the second factor of whoever has one", ("/account/login/", "/account/factors/authenticate/"),
           "something known; officials show something held as well, or nothing of the office opens", "password, code"),
    SignIn("passkey", ("/account/factors/webauthn/login/",), "something held that checks its holder itself: two factors",
           "one challenge, one use, counter must grow"),
    SignIn("certificate and password (officials)", ("/account/login/certificate/",), "something held and something known", "certificate, password"),
    SignIn("the province's platform (residents)", ("/account/login/province/", "/account/login/province/back/",
           "/account/login/province/finish/"), "what the platform asks for; its statement sets the assurance level",
           "one state, one nonce, one try"),
    SignIn("first sign-in after registering (residents)", ("/account/signup/",), "the password just chosen; assurance level "
    "1", "sign-ups per address"),
    SignIn("forgotten password, by a letter to the confirmed address",
           ("/account/password/reset/", "/account/password/reset/done/", r"/account/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
            "/account/password/reset/key/done/"),
           "a letter good once; sets a password and opens no session; the second factor is still asked for", "one answer for every address"),
)  # fmt: skip
"""And by an official's hand, after the identity card was seen: a one-time password, lost factors taken away."""

NO_SIGN_IN = {"/account/logout/", "/account/inactive/"}
"""Open addresses under /account/ that open no session."""
