"""What a look at open escalations under another policy says beside their dates (issue 5, item 7: never silent)."""

from __future__ import annotations

import pytest

from escalations import redates
from escalations.intake.redates import Basis, Line, Preview
from escalations.packs import reading
from escalations.policy import Policy
from escalations.store.calendars import NO_DAYS_OFF
from tests.builders import OLDER, Story, frame

HAS_ONE, HAS_NONE = reading.sample(), reading.read(OLDER)
SOONER = HAS_ONE.model_copy(
    update={
        "closing": HAS_ONE.closing
        and HAS_ONE.closing.model_copy(
            update={"follow_up": HAS_ONE.follow_up and HAS_ONE.follow_up.model_copy(update={"asks": ("raising",)})}
        )
    }
)


@pytest.mark.parametrize(
    ("had", "has", "said"),
    [
        (HAS_ONE, HAS_NONE, "In 1 nobody would be asked after the end what came of it"),
        (HAS_NONE, HAS_ONE, "In 1 what came of it would be asked after the end, which it would not be now"),
        (HAS_ONE, SOONER, "In 1 what came of it would be asked after the end as the new policy has it"),
        (HAS_ONE, HAS_ONE, None),
    ],
)
def test_a_follow_up_that_another_policy_drops_or_changes_is_said(had: Policy, has: Policy, said: str | None) -> None:
    line = Line(Story(policy=had).raised().case, frame(has))
    preview = Preview(Basis(NO_DAYS_OFF, policy=has), also_sooner=False, lines=(line,), there_already=0)
    assert [one[: len(said or "")] for one in preview.afterwards] == ([said] if said else [])
    assert all(one in redates.lines(preview) for one in preview.afterwards)
    assert redates.as_data(preview)["afterwards"] == list(preview.afterwards)
