"""Every exception of this package, drawn once.

Two questions decide what happens to a failure: does trying again help, and whose is it? The answer is the class.

::

    EscalationsError
    ├── Retry                     the same call may succeed later; nothing was lost
    │   ├── RetryOurs             our database is busy, our Temporal is starting, another process holds the lock
    │   └── RetryTheirs           the relay said "later", the mailbox is over quota, their network is away
    └── Final                     the same call will never succeed; a person or a decision is needed
        ├── FinalOurs             a defect, a wrong setting, a register that does not verify
        └── FinalTheirs           the relay said "no such address", a file that cannot be read

A module adds its own leaves where they are raised (say ``RegisterGap(FinalOurs)``) and nowhere else, so that a caller
who knows only this page can still do the right thing. A *refused act* is none of these: it is a value with a code and a
sentence, because a person pressing a button twice is not a failure.

The text of an exception may reach a log or Temporal, so it never holds a name, an address or a relay's own words: ids,
codes and counts only. ``code`` is static, for metrics and for the outcome that an activity returns.
"""

from __future__ import annotations

from typing import ClassVar


class EscalationsError(Exception):
    """The root. Never raised itself."""

    code: ClassVar[str] = "error"
    """A short static word for metrics and activity results."""

    retry: ClassVar[bool] = False
    """Whether the same call may succeed later."""

    ours: ClassVar[bool] = True
    """Whether the delay that it brings counts as ours. What is ours never counts against an agency."""


class Retry(EscalationsError):
    """Trying again may help. Raise one of the two below."""

    code = "retry"
    retry = True


class RetryOurs(Retry):
    """A part of this installation is away or busy for the moment."""

    code = "retry_ours"


class RetryTheirs(Retry):
    """Someone else's system is away or busy for the moment."""

    code = "retry_theirs"
    ours = False


class Final(EscalationsError):
    """Trying again will not help. Raise one of the two below."""

    code = "final"


class FinalOurs(Final):
    """A defect, a wrong setting or damaged data of ours: an operator has to look."""

    code = "final_ours"


class FinalTheirs(Final):
    """Someone else's system said no, or gave what cannot be used: a person has to decide what to do instead."""

    code = "final_theirs"
    ours = False
