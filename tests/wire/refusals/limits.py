"""Each quota: the service's number, what makes one more of what it counts, and what one too many is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.wire.conformance import making
from tests.wire.conformance.making import POPULARITY
from tests.wire.program import ROLE, Program, Refusal, interactions_csv

from .asking import invalid, too_many_moving, too_many_standing
from .cases import job
from .world import SHOP_INTERACTIONS, VIEWED, recipe

Maker = Callable[[Program], Callable[[int], Any]]


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A quota: ``prepare`` gives what makes one more, or asks for so many where ``at_once``."""

    quota: str
    default: int
    prepare: Maker
    said: Callable[[int], Refusal]
    at_once: bool = False
    met: str = ""
    """The refusal's declaration, where it is none of the two that count resources."""
    slow: str = ""
    """The kind that must take its time to be counted, by its name in the setting of statuses."""

    def __str__(self) -> str:
        return self.quota

    @property
    def declared(self) -> str:
        """The declaration of its refusal."""
        return self.met or ("quotas.TOO_MANY_MOVING" if self.slow else "quotas.TOO_MANY_ACTIVE")


def _groups(program: Program) -> Callable[[int], Any]:
    return lambda number: program.group(f"g{number}")


def _schemas(program: Program) -> Callable[[int], Any]:
    return lambda number: program.schema(f"s{number}")


def _imports(program: Program) -> Callable[[int], Any]:
    dataset = program.dataset(program.group())
    return lambda number: program.load(dataset, interactions_csv(), job=f"j{number}")


def _solutions(program: Program) -> Callable[[int], Any]:
    group = program.stocked()
    return lambda number: program.solution(group, f"s{number}", POPULARITY, performAutoTraining=False)


def _versions(program: Program) -> Callable[[int], Any]:
    solution = _solutions(program)(0)
    return lambda _: program.version(solution)


def _campaigns(program: Program) -> Callable[[int], Any]:
    make = _solutions(program)
    versions = [program.version(make(number)) for number in range(2)]
    # Of one group, whichever solution they serve.
    return lambda number: program.campaign(versions[number % 2], f"c{number}")


def _batch(which: str, name: str) -> Maker:
    def prepare(program: Program) -> Callable[[int], Any]:
        version = program.version(program.solution(program.stocked(), recipe=recipe(name), performAutoTraining=False))
        make = getattr(program.personalize, f"create_batch_{which}_job")
        return lambda number: make(**{**job(version, {}), "jobName": f"b{number}"})

    return prepare


def _deletions(program: Program) -> Callable[[int], Any]:
    group, place = program.group(), program.put("users.csv", "USER_ID\nu1\n")
    return lambda number: program.personalize.create_data_deletion_job(
        jobName=f"d{number}", datasetGroupArn=group, roleArn=ROLE, dataSource={"dataLocation": place}
    )


def _shop(program: Program, name: str) -> str:
    client = program.personalize
    group = client.create_dataset_group(name=name, domain="ECOMMERCE")["datasetGroupArn"]
    schema = client.create_schema(name=name, schema=SHOP_INTERACTIONS, domain="ECOMMERCE")["schemaArn"]
    made = client.create_dataset(name="d", schemaArn=schema, datasetGroupArn=group, datasetType="INTERACTIONS")
    program.load(made["datasetArn"], interactions_csv(kind="View"), job=name)
    return str(group)


def _recommenders(per_group: int) -> Maker:
    """Recommenders, so many to a group."""

    def prepare(program: Program) -> Callable[[int], Any]:
        shops: dict[int, str] = {}

        def make(number: int) -> None:
            place = number // per_group
            if place not in shops:
                shops[place] = _shop(program, f"shop{place}")
            program.personalize.create_recommender(
                name=f"r{number}", datasetGroupArn=shops[place], recipeArn=recipe(VIEWED)
            )

        return make

    return prepare


def _filters(program: Program) -> Callable[[int], Any]:
    group = program.group()
    program.dataset(group)
    return lambda number: program.personalize.create_filter(
        name=f"f{number}",
        datasetGroupArn=group,
        filterExpression=f'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("{number}")',
    )


def _columns(program: Program) -> str:
    """A group whose items have many columns."""
    group = program.group()
    program.dataset(group, "ITEMS", making.avro("Items", ("ITEM_ID", "string"), *((f"C{n}", "int") for n in range(24))))
    return group


def _fields(program: Program) -> Callable[[int], Any]:
    group = _columns(program)
    return lambda count: program.personalize.create_filter(
        name="f",
        datasetGroupArn=group,
        filterExpression="INCLUDE ItemID WHERE " + " AND ".join(f"Items.C{n} > 1" for n in range(count)),
    )


def _group_fields(program: Program) -> Callable[[int], Any]:
    group = _columns(program)
    return lambda number: program.personalize.create_filter(
        name=f"f{number}", datasetGroupArn=group, filterExpression=f"INCLUDE ItemID WHERE Items.C{number} > 1"
    )


def _metrics(program: Program) -> Callable[[int], Any]:
    group = program.group()
    program.dataset(group)
    metrics = [{"eventType": "a", "metricName": f"m{n}", "expression": "SAMPLECOUNT()"} for n in range(12)]
    output = {"roleArn": ROLE}
    made = program.personalize.create_metric_attribution(
        name="m", datasetGroupArn=group, metrics=metrics[:1], metricsOutputConfig=output
    )["metricAttributionArn"]

    def make(count: int) -> None:
        listed = program.personalize.list_metric_attribution_metrics(metricAttributionArn=made)["metrics"]
        program.personalize.update_metric_attribution(
            metricAttributionArn=made,
            addMetrics=metrics[1:count],
            removeMetrics=[metric["metricName"] for metric in listed[1:]],
        )

    return make


def _tags(program: Program) -> Callable[[int], Any]:
    tag, group = program.personalize.tag_resource, program.group()
    return lambda count: tag(resourceArn=group, tags=[{"tagKey": f"k{n}", "tagValue": ""} for n in range(count)])


def _search(member: str) -> Maker:
    def prepare(program: Program) -> Callable[[int], Any]:
        group = program.stocked()
        return lambda count: program.solution(
            group,
            f"s{count}",
            performHPO=True,
            performAutoTraining=False,
            solutionConfig={"hpoConfig": {"hpoResourceConfig": {member: str(count)}}},
        )

    return prepare


def _of_search(member: str) -> Callable[[int], Refusal]:
    return lambda most: invalid(f"{member} must be an integer from 1 to {most}.")


LIMITS = (
    Limit(quota="dataset-groups", default=5, prepare=_groups, said=too_many_standing),
    Limit(quota="schemas", default=500, prepare=_schemas, said=too_many_standing),
    Limit(
        quota="moving-dataset-import-jobs", default=5, prepare=_imports, said=too_many_moving, slow="dataset-import-job"
    ),
    Limit(
        quota="moving-batch-inference-jobs",
        default=5,
        prepare=_batch("inference", "popularity-count"),
        said=too_many_moving,
        slow="batch-inference-job",
    ),
    Limit(
        quota="moving-batch-segment-jobs",
        default=5,
        prepare=_batch("segment", "item-affinity"),
        said=too_many_moving,
        slow="batch-segment-job",
    ),
    Limit(
        quota="moving-solution-versions", default=20, prepare=_versions, said=too_many_moving, slow="solution-version"
    ),
    Limit(quota="solutions", default=20, prepare=_solutions, said=too_many_standing),
    Limit(quota="campaigns", default=5, prepare=_campaigns, said=too_many_standing),
    Limit(quota="recommenders", default=5, prepare=_recommenders(1000), said=too_many_standing),
    Limit(quota="recommenders-in-region", default=15, prepare=_recommenders(4), said=too_many_standing),
    Limit(quota="filters", default=30, prepare=_filters, said=too_many_standing),
    Limit(
        quota="moving-data-deletion-jobs", default=5, prepare=_deletions, said=too_many_moving, slow="data-deletion-job"
    ),
    Limit(
        quota="filter-fields",
        met="filter.TOO_MANY_FIELDS",
        default=10,
        prepare=_fields,
        said=lambda most: invalid(
            f"A filter can use at most {most} distinct dataset fields; this one uses {most + 1}."
        ),
        at_once=True,
    ),
    Limit(
        quota="filter-fields-in-dataset-group",
        met="filter.TOO_MANY_GROUP_FIELDS",
        default=20,
        prepare=_group_fields,
        said=lambda most: invalid(
            f"The filters of a dataset group can use at most {most} distinct dataset fields; with this one they use "
            f"{most + 1}."
        ),
    ),
    Limit(
        quota="attribution-metrics",
        met="metric_attribution.TOO_MANY_METRICS",
        default=10,
        prepare=_metrics,
        said=lambda most: invalid(f"A metric attribution can have at most {most} metrics."),
        at_once=True,
    ),
    Limit(
        quota="tags",
        met="tag_rules.TOO_MANY",
        default=50,
        prepare=_tags,
        said=lambda most: (
            "TooManyTagsException",
            400,
            f"You have exceeded the maximum number of tags ({most}) for this resource.",
        ),
        at_once=True,
    ),
    *(
        Limit(
            quota=quota,
            met="hyperparameter_rules.JOB_LIMIT",
            default=most,
            prepare=_search(member),
            said=_of_search(member),
            at_once=True,
        )
        for quota, member, most in (
            ("hpo-training-jobs", "maxNumberOfTrainingJobs", 40),
            ("hpo-parallel-jobs", "maxParallelTrainingJobs", 10),
        )
    ),
)
