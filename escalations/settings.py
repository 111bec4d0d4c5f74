"""Everything that an installation can set, read once by each entry point from the environment.

Each setting is an environment variable: ``ESCALATIONS_`` and the field's name in capitals. The description of a field
is what ``docs/settings.md`` shows; a test keeps the two the same. Nothing is read when this module is imported: an
entry point calls :func:`read` and passes on what its parts need.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, HttpUrl, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from escalations import errors

PREFIX = "ESCALATIONS_"
KEY_BYTES = 32


class WrongSettings(errors.FinalOurs):
    """A setting cannot be used. The text names it and says what is expected, and never repeats its value."""

    code = "wrong_settings"


class LogFormat(StrEnum):
    """How log lines are written."""

    AUTO = "auto"
    """For a person where a terminal is there, JSON otherwise."""

    JSON = "json"
    CONSOLE = "console"


class MailSecurity(StrEnum):
    """How the connection to the relay is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"
    """Only for a relay on this machine."""


class MailProtocol(StrEnum):
    """How mail is handed to us."""

    SMTP = "smtp"
    LMTP = "lmtp"
    """As by a mail server of the same machine: one answer for each recipient."""


class Settings(BaseSettings):
    """One installation. Frozen: what was read at the start holds until the end."""

    # An empty variable is an unset one: that is what a compose file makes of a value that nobody gave.
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    folder: Path = Field(default=Path("var"), description="Where the embedded default keeps its files.")

    database_url: SecretStr | None = Field(
        default=None,
        description="`sqlite+aiosqlite:///…` or `postgresql+psycopg://…`. Unset: a SQLite file in the folder.",
    )
    database_owner_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL: the role that owns and migrates the tables. That of the database URL owns none.",
    )

    keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Wrapping keys, newest first, separated by commas: 32 random bytes each, in base64.",
    )
    keys_file: Path | None = Field(
        default=None,
        description="A file with the keys, one a line. Unset: `keys.txt` in the folder, made at the first start.",
    )

    erasures_file: Path | None = Field(
        default=None,
        description="The list of what was erased, which a restored backup needs. Unset: `erased.txt` in the folder.",
    )

    temporal_address: str | None = Field(
        default=None,
        description="A Temporal server, as `host:port`. `TEMPORAL_ADDRESS` is read too. Unset: one of our own.",
    )
    temporal_namespace: str = Field(default="escalations", description="The Temporal namespace.")
    temporal_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="The loopback port of our own Temporal server. Unset: a free one, kept.",
    )
    temporal_tls: bool = Field(default=False, description="Whether to talk to Temporal over TLS.")
    temporal_tls_ca_file: Path | None = Field(
        default=None, description="The certificate authority of the Temporal server."
    )
    temporal_tls_certificate_file: Path | None = Field(default=None, description="Our certificate for Temporal.")
    temporal_tls_key_file: Path | None = Field(default=None, description="The private key of that certificate.")
    temporal_api_key: SecretStr | None = Field(
        default=None, description="An API key for Temporal, where it asks for one."
    )

    worker_cached_workflows: int = Field(
        default=600,
        ge=1,
        description="How many open escalations a worker keeps in memory; the rest is rebuilt from history.",
    )
    web_host: str = Field(default="127.0.0.1", description="The address that the web listens on.")
    web_port: int = Field(
        default=8000, ge=0, le=65535, description="The port that the web listens on; 0 for a free one."
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Who shows it as a bearer token may read `/metrics`. Unset: this machine alone.",
    )
    public_url: HttpUrl | None = Field(
        default=None,
        description="How people reach the web: the beginning of every link in a notice. Unset: the address above.",
    )
    product_name: str = Field(
        default="Professional differences", min_length=1, description="The name on every page and notice."
    )
    partnership_name: str = Field(
        default="Sample Safeguarding Partnership",
        min_length=1,
        description="Whose policy it is, on every page and notice.",
    )

    front_door_name: str = Field(
        default="Multi-agency front door (sample)", description="Who takes a new worry about a child."
    )
    front_door_phone: str = Field(
        default="01632 960100", description="The front door's number. The default is invented."
    )
    front_door_hours: str = Field(default="Monday to Friday, 9am to 5pm", description="When the front door answers.")
    duty_team_name: str = Field(
        default="Out-of-hours duty team (sample)", description="Who answers when the front door does not."
    )
    duty_team_phone: str = Field(default="01632 960199", description="The duty team's number. The default is invented.")
    duty_team_hours: str = Field(
        default="evenings, nights, weekends and bank holidays", description="When the duty team answers."
    )
    team_phone: str = Field(
        default="01632 960231",
        description="The partnership team's number, wherever a page says to ask the team. The default is invented.",
    )
    team_email: str = Field(
        default="team@partnership.example",
        pattern=r"^[^\s@]+@[^\s@]+$",
        description="The partnership team's address, beside its number. The default is invented.",
    )
    team_hours: str = Field(default="Monday to Friday, 9am to 5pm", description="When the partnership team answers.")

    mail_relay: str | None = Field(
        default=None,
        description="The SMTP relay's host. Unset: notices go to the local outbox page and nowhere else.",
    )
    trial_outbox: str | None = Field(
        default=None,
        # This machine alone. A name without a dot may be the council's own relay, found through its search domain.
        pattern=r"^(localhost|127\.0\.0\.1|\[::1\]):\d{1,5}$",
        description="To try how mail leaves: a mail catcher on this machine, as `host:port`, that forwards nothing. "
        "Unset, as in every trial: the local outbox alone.",
    )
    mail_port: int = Field(default=587, ge=1, le=65535, description="The relay's port.")
    mail_security: MailSecurity = Field(default=MailSecurity.STARTTLS, description="`starttls`, `tls` or `none`.")
    mail_user: str | None = Field(default=None, description="The user name for the relay, where it asks for one.")
    mail_password: SecretStr | None = Field(default=None, description="The password for the relay.")
    mail_from: str = Field(default="escalations@partnership.example", description="The address that notices come from.")
    mail_seconds: float = Field(
        default=20.0,
        gt=0,
        le=60,
        description="The longest that one message may take at the relay, in seconds.",
    )

    mail_in: bool | None = Field(
        default=None,
        description="Whether escalations and answers come in by mail. Unset: in the embedded default alone.",
    )
    mail_in_host: str = Field(default="127.0.0.1", description="The address that mail in listens on.")
    mail_in_port: int = Field(
        default=8025, ge=0, le=65535, description="The port that mail in listens on; 0 for a free one."
    )
    mail_in_protocol: MailProtocol = Field(
        default=MailProtocol.SMTP, description="`smtp`, or `lmtp` behind a mail server that hands over locally."
    )
    mail_in_address: str | None = Field(
        default=None,
        pattern=r"^[^@\s]+@[^@\s]+$",
        description="The mailbox that people write to. Unset: the address that notices come from.",
    )
    mail_in_megabytes: int = Field(default=25, ge=1, le=100, description="The longest message that is taken.")
    mail_in_connections: int = Field(default=50, ge=1, le=1000, description="How many may send to us at once.")
    mail_in_seconds: float = Field(
        default=300.0, gt=0, le=3600, description="The longest that a connection may say nothing, in seconds."
    )
    mail_in_tls_certificate_file: Path | None = Field(
        default=None, description="The certificate with which mail in offers STARTTLS. Unset: it offers none."
    )
    mail_in_tls_key_file: Path | None = Field(default=None, description="The private key of that certificate.")
    mail_trusted_hop: str | None = Field(
        default=None,
        description="The name in the Authentication-Results of the server that hands us mail. "
        "Unset: no sender is believed, but over loopback in the embedded default.",
    )
    mail_reply_separator: str = Field(
        default="+",
        pattern=r"^[+=_.-]$",
        description="Between the mailbox and the token in an address that a notice is answered at.",
    )
    mail_reply_domain: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9.-]+$",
        description="A domain of its own for those addresses, in place of the separator.",
    )
    mail_signed_return_path: bool | None = Field(
        default=None,
        description="Whether reports that a notice did not arrive go to an address of its own, which we sign, and are "
        "believed from there alone. Unset: where mail comes in, to the domain that notices come from. What a relay "
        "refuses so leaves under the address that notices come from.",
    )

    policy_file: Path | None = Field(
        default=None, description="The policy in force, as YAML. Unset: the sample policy."
    )
    calendar_file: Path | None = Field(
        default=None,
        description="Further bank holidays and the days on which the offices are closed, as YAML. What is received "
        "afterwards is counted by it; `escalations redate preview` says what it would make of open ones.",
    )
    directory_file: Path | None = Field(
        default=None,
        description="Agencies and positions that are loaded into an empty directory. Unset: the sample directory.",
    )

    review_year_starts_in: int = Field(
        default=4,
        ge=1,
        le=12,
        description="The month in which a year of the review begins: 4 for April to March.",
    )

    live: bool = Field(
        default=False,
        description="Whether real people may be entered. Has effect only while `escalations doctor --live` passes.",
    )
    impact_assessment_reference: str | None = Field(
        default=None,
        description="Where the data protection impact assessment is filed.",
    )
    impact_assessment_approver: str | None = Field(
        default=None,
        description="The role that approved the assessment, such as the data protection officer.",
    )
    privacy_notice_url: HttpUrl | None = Field(default=None, description="The privacy notice that every page links to.")
    retention_years: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="Years that a closed escalation is kept. No default: the partnership decides.",
    )
    disposal_approver: str | None = Field(default=None, description="The role that approves the disposal of records.")

    log_level: str = Field(
        default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="`DEBUG`, `INFO`, `WARNING` or `ERROR`."
    )
    log_format: LogFormat = Field(default=LogFormat.AUTO, description="`auto`, `json` or `console`.")

    @field_validator("keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        return tuple(part for part in value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("keys", mode="after")
    @classmethod
    def _keys_are_keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in value:
            decode_key(key.get_secret_value())
        return value

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if (self.temporal_tls_certificate_file is None) != (self.temporal_tls_key_file is None):
            raise ValueError("TEMPORAL_TLS_CERTIFICATE_FILE and TEMPORAL_TLS_KEY_FILE are given together or not at all")
        if (self.mail_user is None) != (self.mail_password is None):
            raise ValueError("MAIL_USER and MAIL_PASSWORD are given together or not at all")
        if (self.mail_in_tls_certificate_file is None) != (self.mail_in_tls_key_file is None):
            raise ValueError("MAIL_IN_TLS_CERTIFICATE_FILE and MAIL_IN_TLS_KEY_FILE are given together or not at all")
        return self

    @property
    def embedded(self) -> bool:
        """Whether this is the embedded default: everything on one machine, and mail to nobody."""
        return self.mail_relay is None and self.public_url is None

    @property
    def takes_mail(self) -> bool:
        """Whether escalations and answers come in by mail."""
        return self.embedded if self.mail_in is None else self.mail_in

    @property
    def mailbox(self) -> str:
        """The mailbox that people write to."""
        return self.mail_in_address or self.mail_from.rpartition("<")[2].strip("> ")

    @property
    def signs_return_paths(self) -> bool:
        """Whether notices leave under a return path of their own.

        By itself only where that is of the domain that notices come from: under another one, servers that check whom a
        domain lets send for it (SPF) may take the notice for a forgery.
        """
        if self.mail_signed_return_path is not None:
            return self.takes_mail and self.mail_signed_return_path
        domain = self.mail_reply_domain or self.mailbox.rpartition("@")[2]
        return self.takes_mail and domain.lower() == self.mail_from.rpartition("@")[2].strip("> ").lower()

    @property
    def embedded_database(self) -> bool:
        """Whether the database is the SQLite file of the embedded default."""
        return self.database_url is None

    @property
    def database(self) -> str:
        """The database's address."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{self.folder.resolve() / 'escalations.db'}"

    @property
    def database_for_migrations(self) -> str:
        """The address with the role that owns the tables."""
        return self.database if self.database_owner_url is None else self.database_owner_url.get_secret_value()

    @property
    def first_look(self) -> bool:
        """Whether this is the embedded default: mail goes to nobody, and the web has no public address."""
        return self.mail_relay is None and self.public_url is None

    @property
    def keys_path(self) -> Path:
        """The file that the wrapping keys are read from where ``keys`` is not set."""
        return self.keys_file or self.folder / "keys.txt"

    @property
    def erasures_path(self) -> Path:
        """The file that lists what was erased, apart from the database."""
        return self.erasures_file or self.folder / "erased.txt"

    @property
    def web_address(self) -> str:
        """The beginning of every link, without a slash at its end."""
        return str(self.public_url).rstrip("/") if self.public_url else f"http://{self.web_host}:{self.web_port}"

    def wrapping_keys(self) -> tuple[bytes, ...]:
        """Give the wrapping keys, newest first, from ``keys`` or else from the file.

        Raises:
            WrongSettings: there is none, or one is not 32 bytes of base64.
        """
        written = [key.get_secret_value() for key in self.keys]
        if not written:
            try:
                written = self.keys_path.read_text(encoding="ascii").split()
            except (OSError, UnicodeDecodeError) as problem:
                raise WrongSettings(f"{PREFIX}KEYS is not set and {self.keys_path} cannot be read.") from problem
        if not written:
            raise WrongSettings(f"{self.keys_path} holds no key.")
        try:
            return tuple(decode_key(key) for key in written)
        except ValueError as problem:
            raise WrongSettings(f"{self.keys_path}: {problem}.") from problem


def decode_key(text: str) -> bytes:
    """Read one wrapping key.

    Raises:
        ValueError: it is not 32 bytes of base64. The text does not repeat it.
    """
    try:
        key = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key is {KEY_BYTES} random bytes in base64")
    return key


def read() -> Settings:
    """Read the environment, once, for an entry point.

    Raises:
        WrongSettings: one sentence for each setting that cannot be used, misspelt names included.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    problems = []
    for name in sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known):
        close = difflib.get_close_matches(name.upper(), known, n=1)
        problems.append(f"{name} is not a setting" + (f"; did you mean {close[0]}?" if close else "."))
    try:
        settings = Settings()
        # The name that Temporal's own tools use counts too, after ours.
        if settings.temporal_address is None and os.environ.get("TEMPORAL_ADDRESS"):
            settings = Settings(temporal_address=os.environ["TEMPORAL_ADDRESS"])
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False, include_input=False):
            said = error["msg"].removeprefix("Value error, ")
            problems.append(f"{PREFIX}{str(error['loc'][0]).upper()}: {said}." if error["loc"] else f"{said}.")
        raise WrongSettings(" ".join(problems)) from None
    if problems:
        raise WrongSettings(" ".join(problems))
    return settings


def table() -> str:
    """Write the table of all settings for ``docs/settings.md``."""
    rows = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.default
        if default is None or default == () or default is PydanticUndefined:
            shown = "unset"
        elif isinstance(default, bool):
            shown = f"`{str(default).lower()}`"
        else:
            shown = f"`{default}`"
        rows.append(f"| `{PREFIX}{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(table(), end="")  # noqa: T201  for docs/settings.md
