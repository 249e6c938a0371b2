"""How long usage is kept, whose it is, and the ways in which a bill is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from personalize_local.cli import main
from personalize_local.emulator import build
from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import SettingError, Settings
from personalize_local.store.database import reading
from tests.conftest import Small

from .billing import DAY, HOUR, JANUARY, costs, lines, popular, quantity
from .program import Program, interactions_csv

MakeSmall = Callable[..., Small]


@pytest.fixture
def room(small: MakeSmall) -> Small:
    return small(clock=JANUARY)


class TestTheStore:
    def test_a_reset_forgets_usage(self, room: Small) -> None:
        room.program.recommend(popular(room), "u1")
        room.server.emulator.reset()
        told = costs(room)
        assert (told["lines"], told["hints"], told["cost"]) == ([], [], "0.00")

    def test_a_restart_keeps_usage_and_what_was_only_counted(self, tmp_path: Path) -> None:
        (tmp_path / "buckets").mkdir()
        settings = Settings(
            port=0,
            companion=False,
            s3_root=tmp_path / "buckets",
            data=tmp_path / "data",
            executor="inline",
            relaxed_minimums=True,
            clock=JANUARY,
        )
        with BackgroundServer(settings) as server:
            program = Program(server.url, folder=tmp_path / "buckets")
            room = Small(server=server, program=program, folder=tmp_path)
            campaign = popular(room)
            for _ in range(301):
                program.recommend(campaign, "u1", numResults=1)
        with BackgroundServer(settings) as server:
            room = Small(server=server, program=program, folder=tmp_path)
            assert quantity(room, "real-time", "campaign/home") * 1000 == 301
            room.wait(HOUR)
            assert quantity(room, "real-time", "campaign/home") * 1000 == 3601
            assert list(lines(room, "ingestion")) == ["dataset/shop/INTERACTIONS"]

    def test_a_kill_loses_only_what_was_counted_since_the_last_look(self, room: Small) -> None:
        campaign, emulator = popular(room), room.server.emulator
        for _ in range(3):
            room.program.recommend(campaign, "u1")
        emulator.run_due()
        for _ in range(2):
            room.program.recommend(campaign, "u1")
        # What another process finds is what a kill would leave.
        with reading(emulator.database.path) as rows:
            found = {used.kind: used.amount for used in rows.used()}
        assert found == {"import": len(interactions_csv()), "training": 360, "capacity": 1, "requests": 3}

    def test_what_ran_before_usage_was_kept_counts_from_when_it_was_ready(self, room: Small) -> None:
        popular(room, minProvisionedTPS=4)
        emulator = room.server.emulator
        with emulator.database.write() as rows:
            rows._connection.execute("DELETE FROM usage")
        room.wait(HOUR)
        assert costs(room)["lines"] == []
        for _ in range(2):
            emulator.start()
            assert quantity(room, "real-time", "campaign/home", "--prices", "2024") == 4

    def test_accounts_are_billed_apart(self, room: Small) -> None:
        popular(room)
        other = Small(server=room.server, program=Program(room.server.url, folder=room.folder), folder=room.folder)
        popular(other, minProvisionedTPS=3)
        room.wait(DAY)
        bills = [costs(each, "--prices", "2024", "--account", each.program.account) for each in (room, other)]
        assert [len(bill["lines"]) for bill in bills] == [3, 3]
        serving = [line["cost"] for bill in bills for line in bill["lines"] if line["meter"] == "real-time"]
        assert serving == ["4.80", "14.40"]
        whole = costs(room, "--prices", "2024")
        assert Decimal(whole["cost"]) == sum(Decimal(bill["cost"]) for bill in bills)


class TestAsking:
    def test_people_get_tables(self, room: Small) -> None:
        popular(room)
        room.wait(30 * DAY)
        done = CliRunner().invoke(main, ["costs", "--url", room.server.url])
        assert done.exit_code == 0
        words = [line.split() for line in done.output.splitlines()]
        assert ["campaign/home", "recommendations", "2,592.000", "1000", "requests", "144.12", "146.12"] in words
        assert "146.12  campaign/home: no request in 720 hours, as long as it has been ACTIVE; delete it" in done.output

    def test_the_free_tier_is_counted_on_demand(self, room: Small) -> None:
        popular(room)
        room.wait(30 * DAY)
        # 2,592,000 billed requests, 180,000 of them free.
        found = lines(room, "real-time", "--free-tier")["campaign/home"]
        assert Decimal(found["cost"]) == Decimal("2412") * Decimal("0.0556")

    def test_a_list_that_is_not_there_is_an_error_in_a_line(self, room: Small) -> None:
        done = CliRunner().invoke(main, ["costs", "--url", room.server.url, "--prices", "1999"])
        assert (done.exit_code, done.output) == (1, "Error: '1999' is no price list; there are 2026, 2024\n")

    def test_no_server_is_an_error_in_a_line(self, room: Small) -> None:
        url = room.server.url
        room.server.stop()
        done = CliRunner().invoke(main, ["costs", "--url", url])
        assert done.exit_code == 1
        assert done.output.startswith(f"Error: No server at {url}: ")

    @pytest.mark.parametrize(
        ("asked", "message"),
        [
            ({"prices": "1999"}, "'1999' is no price list; there are 2026, 2024"),
            ({"free": "yes"}, "free must be 0 or 1"),
            ({"month": "1"}, "unknown parameter: month"),
        ],
    )
    def test_the_page_refuses_what_it_does_not_know(self, room: Small, asked: dict[str, str], message: str) -> None:
        with pytest.raises(HTTPError) as caught:
            urlopen(f"{room.server.url}/_personalize/costs?{urlencode(asked)}", timeout=30)
        with caught.value as answer:
            assert (answer.code, json.loads(answer.read())) == (400, {"status": "error", "message": message})

    def test_the_setting_chooses_the_list(self, small: MakeSmall) -> None:
        assert costs(small(prices="2024"))["prices"]["name"] == "2024"
        with pytest.raises(SettingError) as caught:
            build(Settings(prices="1999"))
        assert str(caught.value) == "prices: '1999' is no price list; there are 2026, 2024"
