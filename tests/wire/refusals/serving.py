"""What campaigns and recommenders may not be told."""

from __future__ import annotations

from .asking import IN_USE, TAKEN, UNKNOWN, not_active, taken, unknown
from .cases import Params, campaign, case
from .world import VIEWED, World, recipe

_VIEWED = recipe(VIEWED)
_LATEST = "syncWithLatestSolutionVersion requires a solutionVersionArn that ends in $LATEST."


def _campaign(version: str, **config: object) -> Params:
    return {"name": "refused", "solutionVersionArn": version, "campaignConfig": config}


CAMPAIGNS = (
    *(
        campaign(f"exploration in {name}", f"itemExplorationConfig is not supported by recipe {recipe(name)}.", name,
                 itemExplorationConfig={"explorationWeight": "0.5"})
        for name in (
            *("popularity-count", "similar-items", "trending-now", "personalized-ranking"),
        )
    ),
    campaign("exploration in semantic-similarity",
             f"itemExplorationConfig is not supported by recipe {recipe('semantic-similarity')}.",
             "texts-semantic-similarity", itemExplorationConfig={"explorationItemAgeCutOff": "3"}),
    *(
        campaign(f"a weight of {value}", f"explorationWeight must be between 0 and 1, not '{value}'.",
                 itemExplorationConfig={"explorationWeight": value})
        for value in ("2", "-0.1", "1.0001", "nan", "much", "")
    ),
    *(
        campaign(f"a cut-off of {value}", f"explorationItemAgeCutOff must be at least 1 day, not '{value}'.",
                 itemExplorationConfig={"explorationItemAgeCutOff": value})
        for value in ("0", "-1", "0.5", "inf", "old", "")
    ),
    campaign("an unknown setting of exploration",
             "exploration_weight is not an exploration setting. Use explorationWeight or explorationItemAgeCutOff.",
             itemExplorationConfig={"exploration_weight": "0.3"}),
    *(
        campaign(f"influence of popularity in {name}", f"rankingInfluence is not supported by recipe {recipe(name)}.",
                 name, rankingInfluence={"POPULARITY": 0.5})
        for name in ("user-personalization", "similar-items", "popularity-count", "personalized-ranking")
    ),
    *(
        campaign(f"influence of {what}, which is not there", f"rankingInfluence {what} requires {needed} dataset.",
                 "texts-semantic-similarity", rankingInfluence={what: 0.5})
        for what, needed in (("FRESHNESS", "CREATION_TIMESTAMP in the ITEMS"), ("POPULARITY", "an INTERACTIONS"))
    ),
    case("metadata without items", "CreateCampaign", lambda world: _campaign(
            world.arn("solution/shop-popular/$LATEST"), enableMetadataWithRecommendations=True),
         "enableMetadataWithRecommendations requires an Items dataset with metadata."),
    case("a version that has failed", "CreateCampaign", lambda world: _campaign(world.versions["failed"]),
         lambda world: f"Solution version {world.versions['failed']} failed to train and cannot be used."),
    case("a move to a version that has failed", "UpdateCampaign",
         lambda world: {"campaignArn": world.campaign, "solutionVersionArn": world.versions["failed"]},
         lambda world: f"Solution version {world.versions['failed']} failed to train and cannot be used."),
    *(
        case(f"the latest version of {name}", "CreateCampaign",
             lambda world, name=name, sync=sync: _campaign(world.arn(f"solution/{name}/$LATEST"), **sync),
             lambda world, name=name: unknown(world.arn(f"solution/{name}/$LATEST"))[2], UNKNOWN)
        for name, sync in (("untrained", {}), ("failed", {"syncWithLatestSolutionVersion": True}))
    ),
    case("a move to the latest version of none", "UpdateCampaign",
         lambda world: {
             "campaignArn": world.campaign, "solutionVersionArn": world.arn("solution/untrained/$LATEST"),
         },
         lambda world: unknown(world.arn("solution/untrained/$LATEST"))[2], UNKNOWN),
    case("a move to a bare solution", "UpdateCampaign",
         lambda world: {"campaignArn": world.campaign, "solutionVersionArn": world.arn("solution/similar-items")},
         lambda world: unknown(world.arn("solution/similar-items"))[2], UNKNOWN),
    case("a move to another group", "UpdateCampaign",
         lambda world: {"campaignArn": world.campaign, "solutionVersionArn": world.versions["acts-similar-items"]},
         lambda world: f"Solution version {world.versions['acts-similar-items']} belongs to another dataset group."),
    case("a move that explores where nothing can", "UpdateCampaign",
         lambda world: {
             "campaignArn": world.campaign,
             "solutionVersionArn": world.versions["popularity-count"],
             "campaignConfig": {"itemExplorationConfig": {"explorationWeight": "0.2"}},
         },
         f"itemExplorationConfig is not supported by recipe {recipe('popularity-count')}."),
    campaign("in step with a version by name", _LATEST, syncWithLatestSolutionVersion=True),
    case("users' segments in a campaign", "CreateCampaign",
         lambda world: {"name": "refused", "solutionVersionArn": world.versions["item-affinity"]},
         f"Recipe {recipe('item-affinity')} does not support campaigns."),
    case("a bare solution", "CreateCampaign",
         lambda world: {"name": "refused", "solutionVersionArn": world.arn("solution/user-personalization")},
         lambda world: unknown(world.arn("solution/user-personalization"))[2], UNKNOWN),
    *(
        case(f"a campaign's name twice, for {name}", "CreateCampaign",
             lambda world, name=name: {"name": "home", "solutionVersionArn": world.versions[name]},
             lambda world: taken(world.campaign)[2], TAKEN)
        for name in ("popularity-count", "acts-similar-items")
    ),
    *(
        case(f"a campaign updated to {what}", "UpdateCampaign",
             lambda world, given=given: {"campaignArn": world.campaign, **given(world)},
             lambda world: f"Campaign {world.campaign} already has this configuration.")
        for what, given in (
            ("nothing", lambda _: {}),
            ("no configuration", lambda _: {"campaignConfig": {}}),
            ("its capacity", lambda _: {"minProvisionedTPS": 1}),
            ("its capacity and no configuration", lambda _: {"minProvisionedTPS": 1, "campaignConfig": {}}),
            ("its version", lambda world: {"solutionVersionArn": world.versions["user-personalization"]}),
            ("its latest version",
             lambda world: {"solutionVersionArn": world.arn("solution/user-personalization/$LATEST")}),
        )
    ),
    case("a campaign in step with a version by name", "UpdateCampaign",
         lambda world: {
             "campaignArn": world.campaign,
             "solutionVersionArn": world.versions["user-personalization"],
             "campaignConfig": {"syncWithLatestSolutionVersion": True},
         },
         _LATEST),
    case("a campaign moved to segments", "UpdateCampaign",
         lambda world: {"campaignArn": world.campaign, "solutionVersionArn": world.versions["item-affinity"]},
         f"Recipe {recipe('item-affinity')} does not support campaigns."),
)  # fmt: skip


def _recommender(world: World, name: str, group: str | None = None, **config: object) -> dict[str, object]:
    return {
        "name": "refused",
        "datasetGroupArn": group or world.groups["shop"],
        "recipeArn": recipe(name),
        "recommenderConfig": config,
    }


def _unsupported(name: str) -> str:
    return f"Recipe {recipe(name)} is not a use case of the domain of this dataset group."


RECOMMENDERS = (
    *(
        case(f"the recipe {name}", "CreateRecommender", lambda world, name=name: _recommender(world, name),
             _unsupported(name))
        for name in ("vod-most-popular", "user-personalization", "none")
    ),
    *(
        case(f"{name} in {group}", "CreateRecommender",
             lambda world, name=name, group=group: _recommender(world, name, world.groups[group]), _unsupported(name))
        for name, group in (
            (VIEWED, "full"), ("vod-top-picks", "full"), (VIEWED, "video"), ("ecomm-recommended-for-you", "video"),
            ("vod-trending-now", "shop"), ("item-affinity", "video"),
        )
    ),
    case("more like X without items", "CreateRecommender",
         lambda world: _recommender(world, "vod-more-like-x", world.groups["video"]),
         lambda world: f"Recipe {recipe('vod-more-like-x')} requires a dataset of type ITEMS in dataset group "
         f"{world.groups['video']}."),
    case("a use case before all data", "CreateRecommender",
         lambda world: _recommender(world, VIEWED, world.groups["empty shop"]),
         "Dataset group must contain an INTERACTIONS dataset with successfully completed dataset import job or "
         "EVENT_INTERACTIONS"),
    *(
        case(f"event types left out of a recommender as {name}", "CreateRecommender",
             lambda world, name=name: _recommender(
                 world, VIEWED, trainingDataConfig={"excludedDatasetColumns": {"Interactions": [name]}}
             ),
             "EVENT_TYPE cannot be excluded from training.")
        for name in ("EVENT_TYPE", "eventType")
    ),
    case("a dataset left out that is not there", "CreateRecommender",
         lambda world: _recommender(
             world, VIEWED, trainingDataConfig={"excludedDatasetColumns": {"USERS": ["AGE"]}}
         ),
         lambda world: f"Dataset group {world.groups['shop']} has no dataset of type USERS."),
    case("a weight of exploration above one", "CreateRecommender",
         lambda world: _recommender(
             world, "vod-top-picks", world.groups["video"], itemExplorationConfig={"explorationWeight": "1.5"}
         ),
         "explorationWeight must be between 0 and 1, not '1.5'."),
    *(
        case(f"exploration in {name}", "CreateRecommender",
             lambda world, name=name: _recommender(
                 world, name, world.groups["video"], itemExplorationConfig={"explorationWeight": "0.5"}
             ),
             f"itemExplorationConfig is not supported by recipe {recipe(name)}.")
        for name in ("vod-most-popular", "vod-because-you-watched-x", "vod-trending-now")
    ),
    *(
        case(f"an update of a recommender to {what}", "UpdateRecommender",
             lambda world, given=given: {"recommenderArn": world.recommenders["active"], "recommenderConfig": given},
             text)
        for what, given, text in (
            ("exploration", {"itemExplorationConfig": {"explorationWeight": "0.1"}},
             f"itemExplorationConfig is not supported by recipe {_VIEWED}."),
            ("metadata", {"enableMetadataWithRecommendations": True},
             "enableMetadataWithRecommendations requires an Items dataset with metadata."),
            ("unknown columns", {"trainingDataConfig": {"excludedDatasetColumns": {"INTERACTIONS": ["COLOUR"]}}},
             "Column COLOUR does not exist in the INTERACTIONS dataset."),
        )
    ),
    case("an update of a recommender that is stopped", "UpdateRecommender",
         lambda world: {
             "recommenderArn": world.recommenders["inactive"],
             "recommenderConfig": {"minRecommendationRequestsPerSecond": 3},
         },
         lambda world: not_active(world.recommenders["inactive"], "INACTIVE")[2], IN_USE),
    case("a stop of what is stopped", "StopRecommender",
         lambda world: {"recommenderArn": world.recommenders["inactive"]},
         lambda world: f"Recommender {world.recommenders['inactive']} is in status INACTIVE; it must be ACTIVE.",
         IN_USE),
    case("exploration of what is popular", "CreateRecommender",
         lambda world: _recommender(
             world, "ecomm-popular-items-by-views", itemExplorationConfig={"explorationWeight": "0.3"}
         ),
         f"itemExplorationConfig is not supported by recipe {_VIEWED}."),
    case("a cut-off below a day", "CreateRecommender",
         lambda world: _recommender(
             world, "ecomm-recommended-for-you", itemExplorationConfig={"explorationItemAgeCutOff": "0.5"}
         ),
         "explorationItemAgeCutOff must be at least 1 day, not '0.5'."),
    case("metadata without items", "CreateRecommender",
         lambda world: _recommender(
             world, "ecomm-popular-items-by-views", enableMetadataWithRecommendations=True
         ),
         "enableMetadataWithRecommendations requires an Items dataset with metadata."),
    case("columns that a recommender does not have", "CreateRecommender",
         lambda world: _recommender(
             world, "ecomm-popular-items-by-views",
             trainingDataConfig={"excludedDatasetColumns": {"INTERACTIONS": ["DEVICE"]}},
         ),
         "Column DEVICE does not exist in the INTERACTIONS dataset."),
    case("a recommender's name twice", "CreateRecommender",
         lambda world: {**_recommender(world, "ecomm-recommended-for-you"), "name": "active"},
         lambda world: taken(world.recommenders["active"])[2], TAKEN),
    case("a recommender updated to what it is", "UpdateRecommender",
         lambda world: {"recommenderArn": world.recommenders["active"], "recommenderConfig": {}},
         lambda world: f"Recommender {world.recommenders['active']} already has this configuration."),
    case("a start of what runs", "StartRecommender", lambda world: {"recommenderArn": world.recommenders["active"]},
         lambda world: f"Recommender {world.recommenders['active']} is in status ACTIVE; it must be INACTIVE.",
         IN_USE),
)  # fmt: skip

CASES = (*CAMPAIGNS, *RECOMMENDERS)
