"""Chains over the wire: plain boto3 against a running server, by the function and by the command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from personalize_local.chains import ApplyError, Report, apply
from personalize_local.cli import main
from personalize_local.server.serving import BackgroundServer
from personalize_local.settings import Settings

from .program import INTERACTIONS, ITEMS, POPULARITY, RECIPE, ROLE, Program, interactions_csv, items_csv

WRITES = ("Create", "Update", "Delete", "Tag", "Untag")
METRIC = {"eventType": "watch", "metricName": "watched", "expression": "SUM(Interactions.EVENT_VALUE)"}


class Site:
    """The folder of a chain, an account to which it is applied, and the calls that were made."""

    def __init__(self, program: Program, folder: Path) -> None:
        self.program, self.folder, self.written = program, folder, list[str]()
        (folder / "clicks.csv").write_text(interactions_csv(), encoding="utf-8")
        (folder / "items.csv").write_text(items_csv(), encoding="utf-8")
        (folder / "clicks.json").write_text(INTERACTIONS, encoding="utf-8")
        program.personalize.meta.events.register("provide-client-params.personalize", self._note)
        self.chain: dict[str, Any] = {
            "bucket": program.bucket,
            "role": ROLE,
            "schemas": {"clicks": "clicks.json", "items": json.loads(ITEMS)},
            "datasetGroups": {"shop": self._group()},
        }

    def _note(self, model: Any, **_: Any) -> None:
        if model.name.startswith(WRITES):
            self.written.append(model.name)

    @staticmethod
    def _group() -> dict[str, Any]:
        return {
            "tags": {"team": "web"},
            "datasets": {
                "interactions": {"schema": "clicks", "data": "clicks.csv"},
                "items": {"schema": "items", "data": ["items.csv"]},
            },
            "solutions": {
                "taste": {
                    "recipe": "aws-popularity-count",
                    "performAutoTraining": False,
                    "train": "onNewData",
                    "campaigns": {"home": {"minProvisionedTPS": 1}},
                }
            },
            "filters": {"crime": 'INCLUDE ItemID WHERE Items.GENRE IN ("crime")'},
            "eventTrackers": ["events"],
        }

    @property
    def group(self) -> dict[str, Any]:
        group: dict[str, Any] = self.chain["datasetGroups"]["shop"]
        return group

    @property
    def clients(self) -> dict[str, Any]:
        return {"personalize": self.program.personalize, "s3": self.program.s3}

    def apply(self, **options: Any) -> Report:
        self.written.clear()
        return apply(self.chain, self.clients, base=self.folder, **options)

    def refusal(self, **options: Any) -> str:
        with pytest.raises(ApplyError) as caught:
            self.apply(**options)
        return str(caught.value)


@pytest.fixture
def site(program: Program, tmp_path: Path) -> Site:
    return Site(program, tmp_path)


@pytest.fixture
def command(site: Site) -> Callable[..., Any]:
    """Runs ``apply`` on the site's folder as its account."""

    def run(*options: str, file: str = "personalize.yaml", **environment: str) -> Any:
        if file == "personalize.yaml":
            (site.folder / file).write_text(json.dumps(site.chain), encoding="utf-8")
        account = {"AWS_ACCESS_KEY_ID": site.program.account, "AWS_SECRET_ACCESS_KEY": "secret"}
        region = {"AWS_DEFAULT_REGION": site.program.region}
        runner = CliRunner(env={**account, **region, **environment})
        return runner.invoke(main, ["apply", str(site.folder / file), *options])

    return run


def changes(report: Report) -> dict[str, str]:
    return {f"{step.kind} {step.label}": step.action for step in report.steps if step.action != "unchanged"}


def test_a_chain_is_made_and_recommends(site: Site) -> None:
    lines: list[str] = []
    report = site.apply(say=lines.append)
    assert {step.action for step in report.steps} == {"created"}
    assert len(report.steps) == len(lines) == 12
    assert lines[2] == "created   dataset group shop"
    found = site.program.recommend(
        report.arn("campaign", "home"), "u0", filterArn=report.arn("filter", "crime"), numResults=5
    )
    assert {item["itemId"][0] for item in found} == {"a"}
    site.program.send(report.tracking_ids["events"], "session", "a1", user="u0")


def test_a_second_run_writes_nothing_and_says_so(site: Site) -> None:
    first = site.apply()
    second = site.apply()
    assert site.written == []
    assert not second.changed
    assert [step.arn for step in second.steps] == [step.arn for step in first.steps]
    assert second.tracking_ids == first.tracking_ids


def test_changed_data_is_imported_trained_on_and_deployed(site: Site) -> None:
    first = site.apply()
    (site.folder / "clicks.csv").write_text(interactions_csv(users=40), encoding="utf-8")
    second = site.apply()
    assert changes(second) == {
        "datasetImportJob shop/interactions": "created",
        "solutionVersion taste": "created",
        "campaign home": "updated",
    }
    described = site.program.personalize.describe_campaign(campaignArn=first.arn("campaign", "home"))["campaign"]
    assert described["solutionVersionArn"] == second.arn("solutionVersion", "taste")
    assert not site.apply().changed


def test_data_that_came_by_itself_is_trained_once_only_where_that_is_asked(site: Site) -> None:
    site.group["solutions"]["taste"]["train"] = "once"
    site.apply()
    (site.folder / "items.csv").write_text(items_csv(25), encoding="utf-8")
    assert changes(site.apply()) == {"datasetImportJob shop/items": "created"}


def test_what_the_service_can_change_is_updated(site: Site) -> None:
    first = site.apply()
    site.group["tags"] = {"team": "apps"}
    site.group["solutions"]["taste"]["campaigns"]["home"]["minProvisionedTPS"] = 3
    wider = json.loads(ITEMS)
    wider["fields"].append({"name": "YEAR", "type": ["null", "long"]})
    site.chain["schemas"]["items-2"] = wider
    site.group["datasets"]["items"]["schema"] = "items-2"
    assert changes(site.apply()) == {
        "schema items-2": "created",
        "dataset shop/items": "updated",
        "campaign home": "updated",
    }
    tags = site.program.personalize.list_tags_for_resource(resourceArn=first.arn("datasetGroup", "shop"))["tags"]
    assert tags == [{"tagKey": "team", "tagValue": "apps"}]
    assert sorted(site.written) == ["CreateSchema", "TagResource", "UpdateCampaign", "UpdateDataset"]
    assert not site.apply().changed


def test_automatic_training_is_switched_by_an_update(site: Site) -> None:
    first = site.apply()
    site.group["solutions"]["taste"]["performAutoTraining"] = True
    assert changes(site.apply()) == {"solution taste": "updated"}
    solution = site.program.personalize.describe_solution(solutionArn=first.arn("solution", "taste"))["solution"]
    assert solution["performAutoTraining"] is True


def test_what_cannot_be_changed_is_refused_and_replaced_when_asked(site: Site) -> None:
    site.apply()
    site.group["solutions"]["taste"]["recipe"] = RECIPE
    assert site.refusal() == "solution taste: recipeArn cannot be changed; --replace deletes it and makes it anew"
    assert site.written == []
    assert changes(site.apply(replace=True)) == {
        "solution taste": "replaced",
        "solutionVersion taste": "created",
        "campaign home": "created",
    }
    assert not site.apply().changed


def test_schemas_and_groups_are_never_replaced(site: Site) -> None:
    site.apply()
    site.chain["schemas"]["items"]["fields"].append({"name": "YEAR", "type": ["null", "long"]})
    assert site.refusal(replace=True) == (
        "schema items: schema cannot be changed; give the changed schema a new name, and its datasets are updated to it"
    )
    site.chain["schemas"] = {"clicks": "clicks.json", "items": json.loads(ITEMS)}
    site.group["domain"] = "ECOMMERCE"
    assert site.refusal(replace=True) == (
        "dataset group shop: domain cannot be changed, and it is not replaced, "
        "as data would be lost; use another name or delete it"
    )


def test_a_failed_import_is_told_with_its_reason_and_tried_again(site: Site) -> None:
    (site.folder / "clicks.csv").write_text(interactions_csv() + "u1,a1,soon,watch,1,tv\n", encoding="utf-8")
    assert site.refusal().startswith("dataset import job shop/interactions is CREATE FAILED: ")
    (site.folder / "clicks.csv").write_text(interactions_csv(), encoding="utf-8")
    assert changes(site.apply())["campaign home"] == "created"


def test_a_refusal_of_the_service_is_one_line(site: Site) -> None:
    site.group["filters"]["crime"] = "INCLUDE nothing"
    message = site.refusal()
    assert message.startswith("create of filter crime: InvalidInputException: ")
    assert "\n" not in message


def test_metrics_of_an_attribution_are_added_and_removed(site: Site) -> None:
    output = {"s3DataDestination": {"path": f"s3://{site.program.bucket}/metrics/"}}
    other = {**METRIC, "metricName": "counted", "expression": "SAMPLECOUNT()"}
    site.group["metricAttributions"] = {"worth": {"metrics": [METRIC], "metricsOutputConfig": output}}
    arn = site.apply().arn("metricAttribution", "worth")
    assert not site.apply().changed
    site.group["metricAttributions"]["worth"]["metrics"] = [other]
    assert changes(site.apply()) == {"metricAttribution worth": "updated"}
    listed = site.program.personalize.list_metric_attribution_metrics(metricAttributionArn=arn)["metrics"]
    assert listed == [other]


def test_a_domain_group_has_recommenders(site: Site) -> None:
    schema = json.loads(INTERACTIONS)
    site.chain["schemas"] = {"shopping": {"schema": schema, "domain": "ECOMMERCE"}}
    recipe = "aws-ecomm-popular-items-by-views"
    (site.folder / "views.csv").write_text(interactions_csv(kind="View"), encoding="utf-8")
    site.chain["datasetGroups"] = {
        "store": {
            "domain": "ECOMMERCE",
            "datasets": {"interactions": {"schema": "shopping", "data": "views.csv"}},
            "recommenders": {"popular": {"recipe": recipe}},
        }
    }
    arn = site.apply().arn("recommender", "popular")
    assert not site.apply().changed
    config = {"minRecommendationRequestsPerSecond": 4}
    site.chain["datasetGroups"]["store"]["recommenders"]["popular"]["recommenderConfig"] = config
    assert changes(site.apply()) == {"recommender popular": "updated"}
    assert site.program.runtime.get_recommendations(recommenderArn=arn, userId="u0")["itemList"]


def test_a_campaign_may_follow_its_solution(site: Site) -> None:
    home = site.group["solutions"]["taste"]["campaigns"]["home"]
    home["campaignConfig"] = {"syncWithLatestSolutionVersion": True}
    first = site.apply()
    assert not site.apply().changed
    described = site.program.personalize.describe_campaign(campaignArn=first.arn("campaign", "home"))["campaign"]
    assert described["campaignConfig"]["syncWithLatestSolutionVersion"] is True


def test_several_files_are_imported_from_their_folder(site: Site) -> None:
    (site.folder / "more.csv").write_text(items_csv(30), encoding="utf-8")
    site.group["datasets"]["items"]["data"] = ["items.csv", "more.csv"]
    arn = site.apply().arn("datasetImportJob", "shop/items")
    job = site.program.personalize.describe_dataset_import_job(datasetImportJobArn=arn)["datasetImportJob"]
    assert job["dataSource"]["dataLocation"].endswith("/")
    assert not site.apply().changed


def test_a_run_that_broke_off_is_taken_up_where_it_stopped(site: Site) -> None:
    site.apply()
    (site.folder / "clicks.csv").write_text(interactions_csv(users=40), encoding="utf-8")
    site.group["solutions"]["taste"]["campaigns"]["home"]["campaignConfig"] = {}
    fine = site.chain["datasetGroups"]["shop"].pop("solutions")
    assert changes(site.apply()) == {"datasetImportJob shop/interactions": "created"}
    site.group["solutions"] = fine
    # The import is not of this run, and yet newer than the version.
    assert changes(site.apply()) == {"solutionVersion taste": "created", "campaign home": "updated"}


def test_each_step_waits_for_what_it_needs_and_the_end_only_when_asked(tmp_path: Path) -> None:
    settings = Settings(port=0, executor="inline", relaxed_minimums=True, status="polls:2")
    with BackgroundServer(settings) as server:
        site = Site(Program(server.url), tmp_path)
        arn = site.apply(wait=False).arn("campaign", "home")
        look = site.program.personalize.describe_campaign
        assert look(campaignArn=arn)["campaign"]["status"].startswith("CREATE ")
        assert not site.apply().changed
        assert look(campaignArn=arn)["campaign"]["status"] == "ACTIVE"


def test_patience_ends(tmp_path: Path) -> None:
    settings = Settings(port=0, executor="inline", relaxed_minimums=True, status="timed:3600")
    with BackgroundServer(settings) as server:
        site = Site(Program(server.url), tmp_path)
        message = site.refusal(timeout=0.05)
    assert re.fullmatch(r"dataset group shop is still CREATE (PENDING|IN_PROGRESS) after 0.05 seconds", message)


def test_a_template_of_cloudformation_is_applied(site: Site, command: Callable[..., Any]) -> None:
    location = site.program.put("clicks.csv", interactions_csv())
    template = f"""
    Resources:
      Clicks:
        Type: AWS::Personalize::Schema
        Properties: {{Name: clicks, Schema: '{INTERACTIONS}'}}
      Shop: {{Type: 'AWS::Personalize::DatasetGroup', Properties: {{Name: shop}}}}
      Interactions:
        Type: AWS::Personalize::Dataset
        Properties:
          Name: interactions
          DatasetType: Interactions
          DatasetGroupArn: !GetAtt Shop.DatasetGroupArn
          SchemaArn: !Sub '${{Clicks.SchemaArn}}'
          DatasetImportJob: {{JobName: first, DataSource: {{DataLocation: '{location}'}}, RoleArn: '{ROLE}'}}
      Taste:
        Type: AWS::Personalize::Solution
        Properties: {{Name: taste, DatasetGroupArn: !Ref Shop, RecipeArn: '{POPULARITY}'}}
    """
    (site.folder / "template.yaml").write_text(template, encoding="utf-8")
    done = command("--url", site.program.url, "--json", file="template.yaml")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert [step["action"] for step in report["steps"]] == ["created"] * 5
    job = site.program.personalize.describe_dataset_import_job(datasetImportJobArn=report["steps"][3]["arn"])
    assert (job["datasetImportJob"]["jobName"], job["datasetImportJob"]["status"]) == ("first", "ACTIVE")
    again = command("--url", site.program.url, file="template.yaml")
    assert (again.exit_code, again.stdout.splitlines()[-1]) == (0, "Nothing to change.")


def test_the_same_file_drives_what_boto3_takes_for_aws(site: Site, command: Callable[..., Any]) -> None:
    missing = command("--target", "aws", AWS_ENDPOINT_URL=site.program.url)
    # The service is AWS now: a bucket is not made.
    assert missing.exit_code == 1
    assert missing.stderr.startswith("Error: upload of ")
    assert "NoSuchBucket" in missing.stderr
    assert site.program.s3  # makes the bucket
    done = command("--target", "aws", AWS_ENDPOINT_URL=site.program.url)
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "Done."), done.output
    again = command("--target", "aws", AWS_ENDPOINT_URL=site.program.url)
    assert again.stdout.splitlines()[-1] == "Nothing to change."


def test_a_dry_run_prints_the_plan_and_calls_nothing(command: Callable[..., Any]) -> None:
    done = command("--dry-run", "--url", "http://127.0.0.1:1")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[:4] == [
        "schema clicks",
        "schema items",
        "dataset group shop",
        "dataset shop/interactions",
    ]


def test_the_example_of_the_docs_runs_from_the_command_and_from_python(
    site: Site, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "chains.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (site.folder / "shop.yaml").write_text(example.replace("shop-personalize", site.program.bucket), encoding="utf-8")
    (site.folder / "interactions.csv").write_text(interactions_csv(), encoding="utf-8")
    done = command("--url", site.program.url, file="shop.yaml")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "Done."), done.output
    (site.folder / "shop.yaml").rename(site.folder / "personalize.yaml")
    monkeypatch.chdir(site.folder)
    names: dict[str, Any] = {}
    exec(code, names)
    campaign, tracking = names["seed"](site.program.personalize, site.program.client("s3"))
    assert site.program.recommend(campaign, "u0")
    assert site.written == []
    site.program.send(tracking, "session", "a1", user="u0")


@pytest.mark.parametrize("section", ["pins", "faults"])
def test_sections_for_the_local_server_are_refused_for_aws(
    site: Site, command: Callable[..., Any], section: str
) -> None:
    site.chain[section] = []
    done = command("--target", "aws")
    assert done.exit_code == 2
    assert f"{section}: only a local server has them; take them out for the target aws" in done.stderr


def test_a_wrong_file_and_no_server_are_told_in_a_line(site: Site, command: Callable[..., Any]) -> None:
    nobody = command("--url", "http://127.0.0.1:1")
    assert nobody.exit_code == 1
    assert nobody.stderr.startswith("Error: list of schemas: Could not connect to the endpoint URL")
    site.chain["shemas"] = {}
    wrong = command("--url", site.program.url)
    assert wrong.exit_code == 2
    assert wrong.stderr.splitlines()[-1].endswith("chain: unknown key 'shemas'; did you mean schemas?")
    del site.chain["shemas"]
    unusable = command(PERSONALIZE_LOCAL_PORT="many")
    assert unusable.exit_code == 2
    assert "PERSONALIZE_LOCAL_PORT" in unusable.stderr


def test_pins_and_faults_of_a_chain_stand_on_the_server(site: Site, server: BackgroundServer) -> None:
    site.chain["pins"] = [{"campaign": "home", "userId": "u0", "items": ["b1", "a1"]}]
    site.chain["faults"] = [{"operation": "GetRecommendations", "error": "ResourceNotFoundException", "times": 1}]
    controls = server.emulator.controls
    try:
        first = site.apply()
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            site.program.recommend(first.arn("campaign", "home"), "u0")
        pinned = site.program.recommend(first.arn("campaign", "home"), "u0")
        assert [item["itemId"] for item in pinned] == ["b1", "a1"]
        declared = controls.pins.listed()
        assert [one["items"] for one in declared] == [["b1", "a1"]]
        site.apply()
        assert controls.pins.listed() == declared
    finally:
        controls.clear()
