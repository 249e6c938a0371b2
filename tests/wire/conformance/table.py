"""The table of kinds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.wire.program import INTERACTIONS, ROLE

from . import parameters as given
from .kinds import Case, Update
from .making import ACTION_INTERACTIONS, ITEMS, KEY, POPULARITY, RECIPES
from .stage import AT_ONCE, UPDATE, Span

MINUTE = 60.0

GROUP = Case(
    kind="datasetGroup",
    params=given.group(),
    tail="dataset-group/{name}",
    list_key="datasetGroups",
    list_filter=None,
    members="name datasetGroupArn",
    summary="name datasetGroupArn",
    span=Span(least=15, most=60),
    deletion=("DELETE PENDING", "DELETE PENDING"),
)
SCHEMA = Case(
    kind="schema",
    params=given.schema(INTERACTIONS),
    tail="schema/{name}",
    list_key="schemas",
    list_filter=None,
    members="name schemaArn schema",
    summary="name schemaArn",
    span=AT_ONCE,
    words=None,
    deletion=None,
)
DATASET = Case(
    kind="dataset",
    params=given.dataset("ITEMS", ITEMS),
    tail="dataset/{group}/ITEMS",
    list_key="datasets",
    members="name datasetArn datasetGroupArn datasetType schemaArn",
    summary="name datasetArn datasetType",
    span=Span(least=15, most=30),
    update=Update(
        change=given.wider,
        view="schemaArn",
        span=Span(least=60, most=120),
        words=UPDATE,
        shows=True,
        same_is_refused=False,
    ),
)
IMPORT = Case(
    kind="datasetImportJob",
    params=given.dataset_import,
    tail="dataset-import-job/{name}",
    list_key="datasetImportJobs",
    list_filter="datasetArn",
    members="jobName datasetImportJobArn datasetArn dataSource roleArn importMode publishAttributionMetricsToS3",
    summary="jobName datasetImportJobArn importMode",
    span=Span(least=2 * MINUTE, most=17 * MINUTE),
)
EXPORT = Case(
    kind="datasetExportJob",
    params=given.export,
    tail="dataset-export-job/{name}",
    list_key="datasetExportJobs",
    list_filter="datasetArn",
    members="jobName datasetExportJobArn datasetArn ingestionMode roleArn jobOutput",
    summary="jobName datasetExportJobArn",
    span=Span(least=MINUTE, most=60 * MINUTE),
)
DATA_DELETION = Case(
    kind="dataDeletionJob",
    params=given.data_deletion,
    tail="data-deletion-job/{name}",
    list_key="dataDeletionJobs",
    members="jobName dataDeletionJobArn datasetGroupArn dataSource roleArn",
    summary="jobName dataDeletionJobArn datasetGroupArn",
    done="numDeleted",
    span=Span(least=10 * MINUTE, most=24 * 60 * MINUTE),
    words=("PENDING", "IN_PROGRESS", "COMPLETED"),
)
TRACKER = Case(
    kind="eventTracker",
    params=given.tracker,
    tail="event-tracker/[0-9a-f]{{8}}",
    list_key="eventTrackers",
    answer="trackingId",
    members="name eventTrackerArn accountId trackingId datasetGroupArn",
    summary="name eventTrackerArn",
    span=Span(least=5, most=MINUTE),
)
FILTER = Case(
    kind="filter",
    params=given.filter_,
    tail="filter/{name}",
    list_key="Filters",
    members="name filterArn datasetGroupArn filterExpression",
    summary="name filterArn datasetGroupArn",
    span=Span(least=MINUTE, most=2 * MINUTE),
)
SOLUTION = Case(
    kind="solution",
    params=given.solution(POPULARITY),
    tail="solution/{name}",
    list_key="solutions",
    members="name solutionArn performHPO performAutoML performAutoTraining recipeArn datasetGroupArn solutionConfig",
    summary="name solutionArn recipeArn",
    span=AT_ONCE,
    update=Update(
        change=given.reschedule, view="performAutoTraining solutionUpdateConfig", span=Span(least=60, most=600)
    ),
)
VERSION = Case(
    kind="solutionVersion",
    params=given.version(),
    tail="solution/{solution}/[0-9a-f]{{8}}",
    list_key="solutionVersions",
    list_filter="solutionArn",
    members="name solutionVersionArn solutionArn performHPO performAutoML recipeArn datasetGroupArn solutionConfig "
    "trainingMode trainingType",
    summary="solutionVersionArn trainingMode trainingType",
    done="trainingHours",
    span=Span(least=20 * MINUTE, most=135 * MINUTE),
)
CAMPAIGN = Case(
    kind="campaign",
    params=given.campaign,
    tail="campaign/{name}",
    list_key="campaigns",
    list_filter="solutionArn",
    members="name campaignArn solutionVersionArn minProvisionedTPS",
    summary="name campaignArn",
    span=Span(least=8 * MINUTE, most=9 * MINUTE),
    update=Update(
        change=given.move, view="solutionVersionArn minProvisionedTPS", span=Span(least=8 * MINUTE, most=9 * MINUTE)
    ),
)
RECOMMENDER = Case(
    kind="recommender",
    params=given.recommender(),
    tail="recommender/{name}",
    list_key="recommenders",
    members="name recommenderArn datasetGroupArn recipeArn recommenderConfig",
    summary="name recommenderArn datasetGroupArn recipeArn recommenderConfig",
    done="modelMetrics",
    span=Span(least=20 * MINUTE, most=25 * MINUTE),
    update=Update(change=given.retrain, view="recommenderConfig", span=Span(least=20 * MINUTE, most=25 * MINUTE)),
)
INFERENCE = Case(
    kind="batchInferenceJob",
    params=given.inference,
    tail="batch-inference-job/{name}",
    list_key="batchInferenceJobs",
    list_filter="solutionVersionArn",
    members="jobName batchInferenceJobArn solutionVersionArn numResults jobInput jobOutput roleArn "
    "batchInferenceJobMode",
    summary="jobName batchInferenceJobArn solutionVersionArn batchInferenceJobMode",
    span=Span(least=13 * MINUTE, most=27 * MINUTE),
)
SEGMENT = Case(
    kind="batchSegmentJob",
    params=given.segment,
    tail="batch-segment-job/{name}",
    list_key="batchSegmentJobs",
    list_filter="solutionVersionArn",
    members="jobName batchSegmentJobArn solutionVersionArn numResults jobInput jobOutput roleArn",
    summary="jobName batchSegmentJobArn solutionVersionArn",
    span=Span(least=7 * MINUTE, most=9 * MINUTE),
)
ATTRIBUTION = Case(
    kind="metricAttribution",
    params=given.attribution,
    tail="metric-attribution/{name}",
    list_key="metricAttributions",
    members="name metricAttributionArn datasetGroupArn metricsOutputConfig",
    summary="name metricAttributionArn",
    span=Span(least=10, most=10 * MINUTE),
)

PLAIN = (
    GROUP,
    SCHEMA,
    DATASET,
    IMPORT,
    EXPORT,
    DATA_DELETION,
    TRACKER,
    FILTER,
    SOLUTION,
    VERSION,
    CAMPAIGN,
    RECOMMENDER,
    INFERENCE,
    SEGMENT,
    ATTRIBUTION,
)
"""One of each kind, with nothing that may be left out."""


def _variant(case: Case, variant: str, more: str, **changed: Any) -> Case:
    """``case`` with further members in its description."""
    return replace(case, variant=variant, members=f"{case.members} {more}", **changed)


VARIANTS = (
    _variant(GROUP, "encrypted", "roleArn kmsKeyArn", params=given.group(roleArn=ROLE, kmsKeyArn=KEY)),
    _variant(
        GROUP,
        "domain",
        "domain",
        params=given.group(domain="ECOMMERCE"),
        answer="domain",
        summary=f"{GROUP.summary} domain",
    ),
    _variant(
        SCHEMA,
        "domain",
        "domain",
        params=given.schema(INTERACTIONS, domain="VIDEO_ON_DEMAND"),
        summary=f"{SCHEMA.summary} domain",
    ),
    _variant(
        DATASET,
        "actions",
        "trackingId",
        params=given.dataset("ACTION_INTERACTIONS", ACTION_INTERACTIONS),
        tail="dataset/{group}/ACTION_INTERACTIONS",
        update=None,
    ),
    _variant(SOLUTION, "of one event type", "eventType", params=given.solution(POPULARITY, eventType="watch")),
    _variant(
        SOLUTION,
        "incremental",
        "performIncrementalUpdate",
        params=given.solution(f"{RECIPES}aws-semantic-similarity", performIncrementalUpdate=True),
    ),
    _variant(VERSION, "named", "", params=given.version(named=True)),
    _variant(
        CAMPAIGN,
        "configured",
        "campaignConfig",
        params=given.explorer,
        update=Update(
            change=given.explore_more,
            view="solutionVersionArn minProvisionedTPS campaignConfig",
            span=Span(least=8 * MINUTE, most=9 * MINUTE),
        ),
    ),
    _variant(
        RECOMMENDER,
        "configured",
        "",
        params=given.recommender(recommenderConfig={"minRecommendationRequestsPerSecond": 3}),
        update=Update(change=given.faster, view="recommenderConfig", span=Span(least=20 * MINUTE, most=25 * MINUTE)),
    ),
    _variant(INFERENCE, "configured", "filterArn batchInferenceJobConfig", params=given.rich_inference),
    _variant(INFERENCE, "of themes", "themeGenerationConfig", params=given.themes),
    _variant(SEGMENT, "filtered", "filterArn", params=given.filtered_segment),
)
CASES = PLAIN + VARIANTS
