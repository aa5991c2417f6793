"""Each way of making a stack wrong is found, by the message that a person has read."""

import re

import pytest

from stacks.policies import POLICIES
from tests.stacks.policies.damage import CASES
from tests.stacks.policies.pack import Pack
from tests.stacks.policies.shown import ShownStack, shown
from tests.stacks.policies.violations import GOLDEN, recorded, section

SECTIONS = re.split(r"\n(?=# )", GOLDEN.read_text(encoding="utf-8"))
NEED_FILES = {"thresholds-are-parameters"}
"""What these judge stands in the files of rules; test_rule_files.py makes those wrong."""


@pytest.mark.parametrize(("sentence", "expected"), [*zip(CASES, SECTIONS, strict=True)], ids=CASES)
def test_a_wrong_stack_is_told_what_is_wrong_and_what_to_do(pack: Pack, sentence: str, expected: str) -> None:
    assert section(sentence, pack) == expected
    assert len(expected.splitlines()) > 1


def test_every_policy_has_a_stack_that_breaks_it() -> None:
    found = {line for each in SECTIONS for line in each.splitlines()}
    assert {policy.name for policy in POLICIES} - found == NEED_FILES


def test_every_policy_is_mandatory_and_says_why(pack: Pack) -> None:
    policies = pack.policies()
    assert list(policies) == [policy.name for policy in POLICIES]
    assert {policy.enforcementLevel for policy in policies.values()} == {1}
    assert all(len(policy.description) > 40 for policy in policies.values())


def as_stack(name: str) -> ShownStack:
    """The stack prod with all protection taken away, under another name."""
    stack = shown(recorded(), name)
    for each in stack.resources.values():
        each.set(protect=False)
    return stack


def test_a_development_stack_need_not_be_protected(pack: Pack) -> None:
    stack = as_stack("dev")
    stack.resources["pipeline"].set({"production": False})
    assert pack.judge(stack) == []


def test_a_stack_that_does_not_say_whether_it_is_production_is_judged_as_one(pack: Pack) -> None:
    stack = as_stack("other")
    del stack.resources["pipeline"]
    assert {each.policy for each in pack.judge(stack)} == {"production-is-protected"}
