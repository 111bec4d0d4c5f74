"""How this package talks to Temporal: one plugin object for client, worker and replayer alike.

The converter is the SDK's pydantic one. Failures leak most, so an interceptor replaces every exception of an activity
by a static code before it reaches history: a relay's or a database's own words never do.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import structlog
import temporalio.activity
import temporalio.client
import temporalio.service
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes
from temporalio.exceptions import ApplicationError
from temporalio.plugin import SimplePlugin
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions
from temporalio.workflow import SandboxImportNotificationPolicy
from typing_extensions import override

from escalations.errors import EscalationsError, RetryOurs
from escalations.settings import Settings, WrongSettings

TASK_QUEUE = "escalations"
ALERT_AFTER_ATTEMPTS = 5

_PASSED_THROUGH = (
    "escalations.policy",
    "escalations.rules",
    "escalations.workflows.attributes",
    "escalations.workflows.contracts",
    "pydantic",
    "pydantic_core",
    "annotated_types",
    "typing_extensions",
    "typing_inspection",
    "tzdata",
    "zoneinfo",
)
"""Pure, or bound to be the same inside and out: shared by all cases instead of re-executed for each one."""

_log = structlog.get_logger()


class _CodesOnly(ActivityInboundInterceptor):
    """Lets nothing of an exception but its code reach history."""

    @override
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = temporalio.activity.info()
        try:
            return await super().execute_activity(input)
        except EscalationsError as error:
            failure = ApplicationError(error.code, type=error.code, non_retryable=False)
            code = error.code
        except ApplicationError as error:
            # Of our own making, mostly; but its words can be anybody's, so its type has to say enough.
            code = error.type or "application_error"
            failure = ApplicationError(code, type=code, non_retryable=error.non_retryable)
        except Exception as error:  # noqa: BLE001  whatever it is, its words stay here
            code = type(error).__name__
            failure = ApplicationError(code, type=code)
        if info.attempt >= ALERT_AFTER_ATTEMPTS:
            _log.error(
                "activity_keeps_failing",
                activity=info.activity_type,
                attempt=info.attempt,
                code=code,
                reference=info.workflow_id,
            )
        else:
            _log.warning(
                "activity_failed",
                activity=info.activity_type,
                attempt=info.attempt,
                code=code,
                reference=info.workflow_id,
            )
        raise failure from None


class CodesOnlyInterceptor(Interceptor):
    """Installs the interceptor of activities."""

    @override
    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _CodesOnly(next)


def data_converter() -> DataConverter:
    """The one converter: pydantic models as JSON, and failures with their words in a payload of their own."""
    return DataConverter(
        payload_converter_class=PydanticPayloadConverter,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def workflow_runner() -> SandboxedWorkflowRunner:
    """The sandbox: only the workflow's own file is re-executed, and an unintended import is an error."""
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*_PASSED_THROUGH)
    policy = (
        SandboxImportNotificationPolicy.WARN_ON_DYNAMIC_IMPORT
        | SandboxImportNotificationPolicy.RAISE_ON_UNINTENTIONAL_PASSTHROUGH
    )
    return SandboxedWorkflowRunner(restrictions=dataclasses.replace(restrictions, import_notification_policy=policy))


def plugin() -> SimplePlugin:
    """What client, worker and replayer share."""

    def runner(_given: WorkflowRunner | None) -> WorkflowRunner:
        return workflow_runner()

    return SimplePlugin(
        "escalations",
        data_converter=data_converter(),
        interceptors=[CodesOnlyInterceptor()],
        workflow_runner=runner,
    )


async def connect(
    address: str,
    *,
    namespace: str,
    tls: temporalio.service.TLSConfig | bool = False,
    api_key: str | None = None,
) -> temporalio.client.Client:
    """A client with the plugin.

    Raises:
        RuntimeError: the server cannot be reached.
    """
    return await temporalio.client.Client.connect(
        address, namespace=namespace, tls=tls, api_key=api_key, plugins=[plugin()]
    )


class TemporalAway(RetryOurs):
    """The server cannot be reached now. Nothing is lost: what was received waits in the database."""

    code = "temporal_away"


async def connect_as_set(settings: Settings) -> temporalio.client.Client:
    """Connect a client as the settings say, with TLS and key where they name them.

    Raises:
        TemporalAway: the server cannot be reached.
        WrongSettings: no address is named, or a file of the settings cannot be read.
    """
    if settings.temporal_address is None:
        raise WrongSettings("TEMPORAL_ADDRESS is not set.")
    key = settings.temporal_api_key
    try:
        return await connect(
            settings.temporal_address,
            namespace=settings.temporal_namespace,
            tls=_tls(settings),
            api_key=key.get_secret_value() if key else None,
        )
    except RuntimeError:
        raise TemporalAway(f"The Temporal server at {settings.temporal_address} does not answer.") from None


def _tls(settings: Settings) -> temporalio.service.TLSConfig | bool:
    ca, certificate, key = (
        settings.temporal_tls_ca_file,
        settings.temporal_tls_certificate_file,
        settings.temporal_tls_key_file,
    )
    if ca is None and certificate is None:
        return settings.temporal_tls
    try:
        return temporalio.service.TLSConfig(
            server_root_ca_cert=ca.read_bytes() if ca else None,
            client_cert=certificate.read_bytes() if certificate else None,
            client_private_key=key.read_bytes() if key else None,
        )
    except OSError as problem:
        raise WrongSettings(f"a TLS file for Temporal cannot be read: {problem.strerror}") from None
