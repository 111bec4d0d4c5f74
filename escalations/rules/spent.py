"""Time spent or lost, as reports and screens show it."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict

from escalations.rules.civiltime import say_duration

_MINUTE = timedelta(minutes=1)


class WorkingTime(BaseModel):
    """Office time between two instants, with the elapsed time beside it; `working_day` is one office day's length."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    worked: timedelta
    elapsed: timedelta
    working_day: timedelta

    @property
    def working_days(self) -> int:
        """Whole working days."""
        return self.worked // self.working_day

    @property
    def working_minutes(self) -> int:
        """All of the office time in whole minutes, the working days included."""
        return self.worked // _MINUTE

    @property
    def elapsed_minutes(self) -> int:
        """Real time in whole minutes, for clocks that run in elapsed hours."""
        return self.elapsed // _MINUTE

    def words(self) -> str:
        """Return the office time in words: "2 working days and 3 hours 20 minutes", "45 minutes"."""
        days, rest = divmod(self.worked, self.working_day)
        said = f"{days} working day{'' if days == 1 else 's'}"
        if not days:
            return say_duration(rest)
        return f"{said} and {say_duration(rest)}" if rest >= _MINUTE else said
