"""The command line. Each command reads the settings and leaves the work to the module that owns it.

Modules are imported by the command that needs them: `escalations --help` would otherwise wait for all of them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer

from escalations import ending, errors
from escalations.rules.access import Role

if TYPE_CHECKING:
    from escalations.policy import Policy
    from escalations.settings import Settings

app = typer.Typer(
    name="escalations",
    help="Professional differences between agencies, kept and timed.",
    no_args_is_help=True,
    # A local variable may hold what somebody wrote about a child.
    pretty_exceptions_show_locals=False,
    add_completion=False,
)
Answer = TypeVar("Answer")
Code = TypeVar("Code", bound=StrEnum)
policies = typer.Typer(help="The policy, as data.", no_args_is_help=True)
registers = typer.Typer(help="The register: what is true.", no_args_is_help=True)
wrapping = typer.Typer(help="The wrapping keys of the settings.", no_args_is_help=True)
persons = typer.Typer(help="Who may sign in.", no_args_is_help=True)
workflows = typer.Typer(help="The workflows that wait for open escalations.", no_args_is_help=True)
directories = typer.Typer(help="Agencies, and who holds which position.", no_args_is_help=True)
calendars = typer.Typer(help="The days on which agencies are closed: school holidays, say.", no_args_is_help=True)
redate = typer.Typer(help="Count open escalations anew, under another calendar or policy.", no_args_is_help=True)
app.add_typer(calendars, name="calendar")
app.add_typer(redate, name="redate")
app.add_typer(directories, name="directory")
app.add_typer(policies, name="policy")
app.add_typer(registers, name="register")
app.add_typer(workflows, name="workflows")
app.add_typer(wrapping, name="keys")
app.add_typer(persons, name="people")


@app.command()
def run() -> None:
    """Start everything in one process: Temporal, the worker, the dispatcher and the web."""
    chosen = _settings()
    from escalations import running

    _do(running.run(chosen, environ=os.environ, say=_say))


@app.command()
def worker() -> None:
    """Start a worker; as many as are wanted. The same as `python worker.py`."""
    chosen = _settings()
    from escalations import serving

    _do(serving.work(chosen))


@app.command()
def web() -> None:
    """Start the web alone; a dispatcher and a worker run elsewhere."""
    chosen = _settings()
    from escalations import serving

    _do(serving.web(chosen, environ=os.environ, say=_say))


@app.command()
def dispatch() -> None:
    """Start a dispatcher alone; as many as are wanted."""
    chosen = _settings()
    from escalations import serving

    _do(serving.dispatch(chosen, environ=os.environ, say=_say))


@app.command()
def alive(part: Annotated[str, typer.Argument(help="web, dispatcher, worker, mail or post.")]) -> None:
    """Say whether a part was seen on this machine within the last minute; for a container's health check."""
    from escalations import settings, upkeep

    if not _do(upkeep.alive(settings.read(), part, say=_say)):
        raise typer.Exit(1)


@app.command()
def mail() -> None:
    """Take mail in; a dispatcher and a worker run elsewhere."""
    chosen = _settings()
    from escalations import serving

    _do(serving.mail(chosen, say=_say))


@app.command()
def demo(
    which: Annotated[
        str | None, typer.Argument(help="With --year: which one, such as 2025; by default the last one that is over.")
    ] = None,
    *,
    year: Annotated[
        bool, typer.Option("--year", help="Write a past year of invented escalations into an empty register instead.")
    ] = False,
    start: Annotated[str | None, typer.Option(help="When the school raises it, civil time: 2027-03-01T09:30.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the events for a machine.")] = False,
) -> None:
    """Play the story of one escalation on the real timer service, in under a minute; or write an invented year."""
    from escalations import demonstrating

    if year:
        _do(demonstrating.write_year(_settings(), which, say=_say))
        return
    if which is not None:
        raise typer.BadParameter("a year is given together with --year: escalations demo --year 2025")

    _do(demonstrating.demo(start=start, as_json=as_json, environ=os.environ, say=_say))


@app.command()
def review(
    *,
    year: Annotated[
        str | None, typer.Option(help="Such as 2025 or 2025/26; the last one that is over by default.")
    ] = None,
    as_format: Annotated[str, typer.Option("--format", help="table, html, csv or json.")] = "table",
    output: Annotated[
        Path | None, typer.Option(help="The file. With csv a second one beside it has every figure.")
    ] = None,
    audience: Annotated[str, typer.Option(help="partnership, agency or public.")] = "partnership",
    agency: Annotated[str | None, typer.Option(help="With --audience agency: the agency's id.")] = None,
    at_position: Annotated[int | None, typer.Option(help="As the register stood at this position.")] = None,
) -> None:
    """Make the review of a year from the register: figures without anybody's name."""
    chosen = _settings()
    from escalations import reporting
    from escalations.review.figures import Audience

    _do(
        reporting.review(
            chosen,
            year=year,
            as_format=_one_of(reporting.Format, as_format, "--format"),
            output=output,
            audience=_one_of(Audience, audience, "--audience"),
            agency=agency,
            at_position=at_position,
            say=_say,
        )
    )


@app.command()
def deadline(
    *,
    start: Annotated[
        str | None, typer.Option("--from", help="When the time begins, in civil time: 2027-03-26T15:30.")
    ] = None,
    within: Annotated[
        list[str] | None, typer.Option(help='How long: "3 working days". Given twice: whichever is sooner.')
    ] = None,
    or_by: Annotated[str | None, typer.Option(help="Or by this moment, if that is sooner.")] = None,
    region: Annotated[
        str | None, typer.Option(help="england-and-wales (by default), scotland or northern-ireland.")
    ] = None,
    day_zero: Annotated[
        str | None, typer.Option(help="Whether the day of the start can count: next (by default: no) or same.")
    ] = None,
    closure: Annotated[
        list[str] | None,
        typer.Option(help="Days that do not count: 2027-04-01..2027-04-05, or …=why. May be repeated."),
    ] = None,
    closed_days: Annotated[
        Path | None, typer.Option(help="A table or calendar of days that do not count: the holidays of a school.")
    ] = None,
    office_hours: Annotated[str | None, typer.Option(help="09:00-17:00 by default; 09:00-12:30,13:30-17:00.")] = None,
    weekdays: Annotated[str | None, typer.Option(help="The days worked: monday,tuesday,wednesday.")] = None,
    close: Annotated[str | None, typer.Option(help="Close of business; when the office closes by default.")] = None,
    cut_off: Annotated[
        str | None, typer.Option(help="What comes at this time or later counts as having come on the next working day.")
    ] = None,
    calendar_days_end: Annotated[
        str | None, typer.Option(help="Where calendar days may end: any_day (by default) or next_working_day.")
    ] = None,
    event: Annotated[str | None, typer.Option(help="What starts the time, for the receipt.")] = None,
    rule: Annotated[str | None, typer.Option(help="What asks for it, for the receipt.")] = None,
    table: Annotated[
        Path | None, typer.Option("--csv", help="Many at once: a table with the columns from and within.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="With --csv: where the answers go.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the receipt for a machine.")] = False,
) -> None:
    """Work out a deadline alone, with the receipt that a case would show for it."""
    from rich.console import Console

    from escalations import deadlines

    days_off = (*(closure or ()), *deadlines.closed_days(closed_days))
    said = {
        "from": start, "within": " or ".join(within or ()), "or by": or_by, "region": region, "day zero": day_zero,
        "closures": ";".join(days_off), "office hours": office_hours, "weekdays": weekdays, "close": close,
        "cut off": cut_off, "calendar days end": calendar_days_end, "event": event, "rule": rule,
    }  # fmt: skip
    given = {name: text for name, text in said.items() if text}
    if table is None:
        deadlines.show(given, Console(), as_json=as_json)
        return
    found = deadlines.answer_table(table, given)
    if output is None:
        typer.echo(found.text, nl=False)
    else:
        output.write_text(found.text, encoding="utf-8-sig", newline="")
    typer.echo(f"{found.lines} lines, {found.wrong} of them without an answer.", err=True)
    if found.wrong:
        raise typer.Exit(1)


@app.command()
def simulate(
    *,
    policy: Annotated[str, typer.Option(help="A policy that is shipped, by its id, or a file.")] = "default-sample",
    year: Annotated[int, typer.Option(help="The year in which each case is raised.")] = 2027,
    cases: Annotated[int, typer.Option(help="How many.")] = 1000,
    seed: Annotated[int, typer.Option(help="Two runs with one seed agree.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything, for a machine.")] = False,
) -> None:
    """Live through a year of invented cases under a policy; exit with 1 where anything was missed, doubled or late."""
    from rich.console import Console

    from escalations.packs import reading
    from escalations.simulation import many, trying

    try:
        found = trying.policy_named(policy)
    except reading.NotAPolicyError as problem:
        for one in problem.problems:
            typer.echo(str(one), err=True)
        raise typer.Exit(1) from None
    if not many.simulate(found, year=year, cases=cases, seed=seed, as_json=as_json, console=Console()):
        raise typer.Exit(1)


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema, and fill an empty directory."""
    chosen = _settings()
    from escalations import serving

    _do(serving.migrate(chosen, say=_say))


@app.command()
def doctor(
    *, live: Annotated[bool, typer.Option("--live", help="Also say what stands between it and real people.")] = False
) -> None:
    """Say of each part what was found, and how to mend what is not right."""
    chosen = _settings()
    from escalations import doctor as doctors

    if not _do(doctors.see(chosen, environ=os.environ, say=_say, live=live)):
        raise typer.Exit(1)


@app.command("what-if")
def what_if(
    *,
    policy: Annotated[Path, typer.Option(help="The other policy, as YAML.")],
    year: Annotated[
        str | None, typer.Option(help="Such as 2025 or 2025/26; the one that is going on by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print every escalation for a machine.")] = False,
) -> None:
    """Show which escalations of a year would have drifted under another policy, and when."""
    from escalations import what_ifs
    from escalations.packs import reading

    try:
        _do(what_ifs.what_if_under(_settings(), policy, year=year, as_json=as_json, say=_say))
    except reading.NotAPolicyError as wrong:
        for one in wrong.problems:
            typer.echo(str(one), err=True)
        raise typer.Exit(1) from None


@policies.command("check")
def policy_check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Policies as YAML, and directories among them; by default the one in force."),
    ] = None,
    *,
    directory: Annotated[
        Path | None, typer.Option(help="A directory's file, to see whether somebody is in each position.")
    ] = None,
    installation: Annotated[
        bool, typer.Option("--installation", help="Take this installation's directory instead.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 also where something will hurt.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found for a machine.")] = False,
) -> None:
    """Say everything that is wrong with policies, with file and line, and warn of what will hurt."""
    from escalations import policies as keeping
    from escalations import walltime
    from escalations.packs import checking, reading

    today = walltime.today()
    try:
        posts = checking.posts_of(directory, today=today) if directory else None
    except reading.NotAPolicyError as wrong:
        for one in wrong.problems:
            typer.echo(str(one), err=True)
        raise typer.Exit(1) from None
    if installation:
        posts = _do(keeping.posts_of_installation(_settings(), today=today))
    if files:
        found = checking.beside_each_other([checking.check(file, today=today, posts=posts) for file in files])
    else:
        found = (keeping.in_force(_settings(), today=today, posts=posts),)
    if not keeping.tell(found, looked_up=posts is not None, strict=strict, as_json=as_json, say=_say):
        raise typer.Exit(1)


@policies.command("show")
def policy_show(
    file: Annotated[Path | None, typer.Argument(help="A policy as YAML; the one in force by default.")] = None,
    *,
    as_format: Annotated[str, typer.Option("--format", help="terminal, svg, html or json.")] = "terminal",
    output: Annotated[Path | None, typer.Option(help="A file to write instead of the terminal.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    told: Annotated[
        bool, typer.Option("--told", help="Say of each event of a case who is told, how, and what they may see.")
    ] = False,
) -> None:
    """Draw a policy's ladder with its clocks, in words that can stand in its document."""
    from escalations import policies as keeping
    from escalations import walltime

    if told and as_format != "terminal":
        raise typer.BadParameter("--told is shown in the terminal, or with --json for a machine")
    chosen = _one_of(keeping.Format, "json" if as_json else as_format, "--format")
    policy = _policy(file)
    if told:
        text = keeping.who_is_told(policy, as_json=as_json)
    else:
        text = keeping.shown(policy, chosen, today=walltime.today())
    if output is None:
        typer.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
        _say(f"{output} was written.")


@policies.command("schema")
def policy_schema() -> None:
    """Print the JSON Schema of a policy file, by which an editor completes it."""
    from escalations.packs import schema

    typer.echo(schema.text(), nl=False)


@policies.command("try")
def policy_try(
    pack: Annotated[str, typer.Argument(help="A policy that is shipped, by its id, or a file.")],
    story: Annotated[
        str | None, typer.Argument(help="A story that is shipped with it, by its name, or a file; all by default.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything, for a machine.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the .expected file beside each story instead.")
    ] = False,
) -> None:
    """Play a story under a policy, by the rules alone, and print its timeline."""
    from escalations.packs import reading
    from escalations.simulation import stories, trying

    try:
        ended = trying.try_out(pack, story, as_json=as_json, check=check, say=_say)
    except (reading.NotAPolicyError, stories.NotAStoryError) as problem:
        for one in problem.problems:
            typer.echo(str(one), err=True)
        raise typer.Exit(1) from None
    if not ended:
        raise typer.Exit(1)


@policies.command("diff")
def policy_diff(
    old: Annotated[Path, typer.Argument(help="The policy to compare with.")],
    new: Annotated[Path, typer.Argument(help="The other one.")],
    *,
    received: Annotated[
        str | None,
        typer.Option(
            help="When the case of the examples is received, civil time: 2027-03-01T09:30. By default 10:00 on "
            "the first working day on which the other one is in force."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what is different for a machine.")] = False,
) -> None:
    """Say what changes for a case under another policy, clause by clause. Ends with 1 where anything is different."""
    from escalations import policies as keeping
    from escalations.rules import civilwords

    try:
        at = None if received is None else civilwords.moment(received)
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong)) from None
    if not keeping.tell_changes(_policy(old), _policy(new), received=at, as_json=as_json, say=_say):
        raise typer.Exit(1)


@policies.command("explain")
def policy_explain(
    reference: Annotated[str, typer.Argument(help="The reference of an escalation, such as PD-26-0042-K.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything, for a machine.")] = False,
) -> None:
    """Say of each time limit of an escalation how it was counted, day by day, and what moved it. Names nobody."""
    chosen = _settings()
    from escalations import explaining

    if not _do(explaining.explain(chosen, reference, as_json=as_json, say=_say)):
        raise typer.Exit(1)


@directories.command("show")
def directory_show(
    agency: Annotated[str | None, typer.Argument(help="The id of one agency; all of them by default.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything, for a machine.")] = False,
) -> None:
    """Show the agencies, or one with its positions."""
    chosen = _settings()
    from rich.console import Console

    from escalations import directories as keeping

    _do(keeping.show(chosen, agency, as_json=as_json, console=Console()))


@directories.command("export")
def directory_export(
    file: Annotated[Path | None, typer.Argument(help="Where to write it; the terminal by default.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Write it for a machine, rather than as CSV.")] = False,
) -> None:
    """Write the directory as CSV, which a spreadsheet opens and `directory import` loads again."""
    chosen = _settings()
    from escalations import directories as keeping

    text = _do(keeping.export(chosen, as_json=as_json))
    if file is None:
        typer.echo(text, nl=False)
    else:
        # With the mark by which Excel knows UTF-8.
        file.write_text(text, encoding="utf-8" if as_json else "utf-8-sig", newline="")
        file.chmod(0o600)
        _say(f"{file} was written. It holds names and addresses.")


@directories.command("import")
def directory_import(
    file: Annotated[Path, typer.Argument(help="A table as CSV.")],
    *,
    check: Annotated[bool, typer.Option("--check", help="Only say what would change.")] = False,
    new_type: Annotated[
        list[str] | None,
        typer.Option(
            "--new-type", help="A type of agency that is new here, as the table writes it. Several times for several."
        ),
    ] = None,
) -> None:
    """Load agencies and contacts from a table. Nothing is changed where anything is wrong."""
    chosen = _settings()
    from escalations import directories as keeping

    if not _do(keeping.load(chosen, file, only_check=check, say=_say, new_types=new_type or ())):
        raise typer.Exit(1)


@calendars.command("import")
def calendar_import(
    file: Annotated[Path, typer.Argument(help="Term dates or holidays, as CSV or ICS.")],
    *,
    council: Annotated[
        str | None,
        typer.Option(help="The council whose dates they are: a short name, or its id in the directory."),
    ] = None,
    agency: Annotated[str | None, typer.Option(help="The one agency whose own days they are, by its id.")] = None,
    agency_type: Annotated[
        list[str] | None,
        typer.Option("--type", help="A type of agencies that follow the council's dates; school by default."),
    ] = None,
    terms: Annotated[bool, typer.Option("--terms", help="The file lists terms; closed is what lies between.")] = False,
    only: Annotated[
        list[str] | None, typer.Option(help="Take only what has this in its name. Several times for several.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say what was read.")] = False,
) -> None:
    """Load the days on which agencies are closed: of a council's schools, or of one agency. Moves no time limit."""
    chosen = _settings()
    from escalations import closed_days

    given = closed_days.Given(file, council, agency, tuple(agency_type or ()), terms=terms, only=tuple(only or ()))
    _do(closed_days.load(chosen, given, only_check=check, say=_say))


@calendars.command("show")
def calendar_show(
    agency: Annotated[str | None, typer.Argument(help="The id of one agency; all by default.")] = None,
) -> None:
    """Show on which days agencies are closed, from today on."""
    chosen = _settings()
    from escalations import closed_days

    _do(closed_days.show(chosen, agency, say=_say))


_CalendarFile = Annotated[
    Path | None, typer.Option("--calendar", help="A calendar file; by default the one of the settings.")
]
_Closures = Annotated[
    list[str] | None,
    typer.Option("--closure", help="Days on which the offices are closed: 2027-03-04..2027-03-05=Office move."),
]
_PolicyFile = Annotated[Path | None, typer.Option("--policy", help="A policy file, in the place of each case's own.")]
_AlsoSooner = Annotated[bool, typer.Option("--also-sooner", help="Move what becomes sooner as well.")]


@redate.command("preview")
def redate_preview(
    *,
    calendar: _CalendarFile = None,
    closure: _Closures = None,
    policy: _PolicyFile = None,
    also_sooner: _AlsoSooner = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it for a machine.")] = False,
) -> None:
    """Say what would become of every open escalation, with both dates. Nothing is changed."""
    chosen = _settings()
    from escalations import redates

    given = redates.Given(calendar, tuple(closure or ()), policy, also_sooner)
    _do(redates.preview(chosen, given, as_json=as_json, say=_say))


@redate.command("apply")
def redate_apply(
    *,
    reason_file: Annotated[Path, typer.Option("--reason-file", help="Why, in a text file. Both sides can read it.")],
    because: Annotated[str, typer.Option(help="bank_holiday, closure, policy or put_right.")],
    by: Annotated[str, typer.Option(help="Who of the partnership team decided it, by name.")],
    calendar: _CalendarFile = None,
    closure: _Closures = None,
    policy: _PolicyFile = None,
    also_sooner: _AlsoSooner = False,
    seen: Annotated[
        Path | None, typer.Option(help="What `redate preview --json` printed: only what was seen is applied.")
    ] = None,
) -> None:
    """Count them anew: one act for each escalation. Both sides are told, and both dates are kept."""
    chosen = _settings()
    from escalations import redates
    from escalations.rules.case import RedateReason

    given = redates.Given(calendar, tuple(closure or ()), policy, also_sooner)
    kind = _one_of(RedateReason, because, "--because")
    if not _do(redates.apply(chosen, given, reason=reason_file, because=kind, by=by, seen=seen, say=_say)):
        raise typer.Exit(1)


@app.command()
def erase(
    reference: Annotated[str, typer.Argument(help="The escalation.")],
    *,
    because: Annotated[
        str | None, typer.Option(help="retention, request, entered_by_mistake or other. Without it nothing is erased.")
    ] = None,
    reason_file: Annotated[
        Path | None, typer.Option("--reason-file", help="Why, in a text file. It is sealed.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who of the partnership decided it, by name. It is sealed.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the reference once more.")] = False,
) -> None:
    """Erase names and words of an escalation that has ended, for good; first say what that destroys, and what stays."""
    chosen = _settings()
    from escalations import erasures
    from escalations.rules.case import EraseReason

    decided = None
    if because is not None or by is not None or reason_file is not None:
        if because is None or reason_file is None or not (by or "").strip():
            raise typer.BadParameter("--because, --reason-file and --by are given together")
        kind = _one_of(EraseReason, because, "--because")
        decided = erasures.Decided(kind, erasures.reason_of(reason_file), str(by).strip())

    def confirmed(expected: str) -> bool:
        return yes or typer.prompt("Type its reference once more to erase it").strip().upper() == expected

    if (
        not _do(erasures.erase(chosen, reference, decided=decided, confirmed=confirmed, say=_say))
        and decided is not None
    ):
        raise typer.Exit(1)


@registers.command("verify")
def register_verify() -> None:
    """Recompute every hash of the register, and name each row that does not agree."""
    from escalations import settings, upkeep

    if not _do(upkeep.verify(settings.read(), say=_say)):
        raise typer.Exit(1)


@registers.command("rebuild")
def register_rebuild() -> None:
    """Empty the lists that pages read, and fill them again from the register."""
    from escalations import settings, upkeep

    _do(upkeep.rebuild(settings.read(), say=_say))


@app.command("outbox")
def outbox(*, most: Annotated[int, typer.Option(min=1, max=1000, help="How many of the newest.")] = 20) -> None:
    """Print what a trial keeps in its outbox, with links that work. Nothing of it was sent."""
    from escalations import upkeep

    _do(upkeep.show_outbox(_settings(), most=most, say=_say))


@wrapping.command("rotate")
def keys_rotate() -> None:
    """Wrap every data key anew with the newest wrapping key, so that the older ones can leave the list."""
    from escalations import settings, upkeep

    _do(upkeep.rotate_keys(settings.read(), say=_say))


@workflows.command("restore")
def workflows_restore() -> None:
    """Bring every open escalation back to Temporal from the register. What is there already is left."""
    from escalations import settings, upkeep

    _do(upkeep.restore(settings.read(), say=_say))


@persons.command("add")
def people_add(
    address: Annotated[str, typer.Argument(help="Their work email address.")],
    *,
    name: Annotated[str, typer.Option(help="Their full name; it stands beside what they do.")],
    role: Annotated[list[Role], typer.Option(help="What they are there for; may be given more than once.")],
) -> None:
    """Let somebody sign in. The first administrator comes from here."""
    chosen = _settings()
    from escalations import admitting

    _do(admitting.add(chosen, address, name=name, roles=role, say=_say))


@persons.command("list")
def people_list() -> None:
    """Say who may sign in, with which roles."""
    chosen = _settings()
    from escalations import admitting

    _do(admitting.listed(chosen, say=_say))


@persons.command("end")
def people_end(address: Annotated[str, typer.Argument(help="Their address.")]) -> None:
    """Let somebody in no more, from the next page that they open."""
    chosen = _settings()
    from escalations import admitting

    _do(admitting.end(chosen, address, say=_say))


@persons.command("link")
def people_link(address: Annotated[str, typer.Argument(help="Their address.")]) -> None:
    """Print a link to sign in, for when no mail arrives. It works once, for half an hour, and is written down."""
    chosen = _settings()
    from escalations import admitting

    _do(admitting.link(chosen, address, say=_say))


def main() -> NoReturn:
    """Run a command. What is wrong with the settings or a part is a sentence and exit code 1, not a traceback."""
    try:
        app()
        code = 0
    except errors.EscalationsError as problem:
        typer.echo(f"{problem}", err=True)
        code = 1
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    ending.end(code)


def _settings() -> Settings:
    """Read the settings before anything slow is imported: what is wrong with them is said at once."""
    from escalations import settings

    return settings.read()


def _one_of(vocabulary: type[Code], text: str, option: str) -> Code:
    """A word of a closed vocabulary. Typer would want the vocabulary itself, and with it all that it imports."""
    try:
        return vocabulary(text)
    except ValueError:
        raise typer.BadParameter(f"{option} is one of {', '.join(vocabulary)}, and not {text}") from None


def _policy(file: Path | None) -> Policy:
    """A file's policy, or the one in force; what is wrong with it ends the command with its first sentence."""
    from escalations.packs import reading

    try:
        if file is not None:
            return reading.read(file)
        chosen = _settings().policy_file
        return reading.sample() if chosen is None else reading.read(chosen)
    except reading.NotAPolicyError as problem:
        typer.echo(f"{problem.problems[0]} (`escalations policy check` lists everything)", err=True)
        raise typer.Exit(1) from None


def _do(work: Coroutine[object, object, Answer]) -> Answer:
    return asyncio.run(work)


def _say(line: str) -> None:
    # At once, also into a pipe: whoever waits for an address reads it there.
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
