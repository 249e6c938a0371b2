"""The table of quotas and the setting that adjusts it."""

from __future__ import annotations

import pytest

from personalize_local.emulator import build
from personalize_local.resources.quotas import CAMPAIGNS, QUOTAS, SCHEMAS, Quotas
from personalize_local.settings import SettingError, Settings


def test_the_service_s_numbers_are_the_defaults() -> None:
    quotas = Quotas.parse("on")
    assert (quotas.of(CAMPAIGNS), quotas.of(SCHEMAS)) == (5, 500)


def test_single_ones_are_adjusted_and_all_are_lifted() -> None:
    quotas = Quotas.parse("campaigns=2")
    assert (quotas.of(CAMPAIGNS), quotas.of(SCHEMAS)) == (2, 500)
    quotas = Quotas.parse("off, campaigns=2")
    assert quotas.of(CAMPAIGNS) == 2
    assert quotas.of(SCHEMAS) > 10**9


@pytest.mark.parametrize("text", ["", "maybe", "campaigns", "campaigns=many", "campaigns=-1", "cats=9"])
def test_what_cannot_be_read_stops_the_start(text: str) -> None:
    with pytest.raises(SettingError, match="quotas"):
        build(Settings(quotas=text))


def test_names_are_told_apart() -> None:
    assert len({quota.name for quota in QUOTAS}) == len(QUOTAS) >= 18
