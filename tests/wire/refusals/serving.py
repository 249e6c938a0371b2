"""What campaigns, recommenders and batch jobs may not be told."""

from __future__ import annotations

from .cases import batch, campaign, case, segment
from .world import IN_USE, TAKEN, UNKNOWN, World, recipe

_VIEWED = recipe("ecomm-popular-items-by-views")
_LATEST = "syncWithLatestSolutionVersion requires a solutionVersionArn that ends in $LATEST."

CAMPAIGNS = (
    *(
        campaign(f"exploration in {name}", f"itemExplorationConfig is not supported by recipe {recipe(name)}.", name,
                 itemExplorationConfig={"explorationWeight": "0.5"})
        for name in ("popularity-count", "similar-items")
    ),
    *(
        campaign(f"a weight of {value}", f"explorationWeight must be between 0 and 1, not '{value}'.",
                 itemExplorationConfig={"explorationWeight": value})
        for value in ("2", "-0.1", "nan", "much")
    ),
    *(
        campaign(f"a cut-off of {value}", f"explorationItemAgeCutOff must be at least 1 day, not '{value}'.",
                 itemExplorationConfig={"explorationItemAgeCutOff": value})
        for value in ("0", "inf", "old")
    ),
    campaign("an unknown setting of exploration",
             "exploration_weight is not an exploration setting. Use explorationWeight or explorationItemAgeCutOff.",
             itemExplorationConfig={"exploration_weight": "0.3"}),
    campaign("influence of popularity",
             f"rankingInfluence is not supported by recipe {recipe('user-personalization')}.",
             rankingInfluence={"POPULARITY": 0.5}),
    campaign("in step with a version by name", _LATEST, syncWithLatestSolutionVersion=True),
    case("users' segments in a campaign", "CreateCampaign",
         lambda world: {"name": "refused", "solutionVersionArn": world.versions["item-affinity"]},
         f"Recipe {recipe('item-affinity')} does not support campaigns."),
    case("a bare solution", "CreateCampaign",
         lambda world: {"name": "refused", "solutionVersionArn": world.personal},
         lambda world: f"Resource Arn {world.personal} does not exist.", UNKNOWN),
    case("a campaign's name twice", "CreateCampaign",
         lambda world: {"name": "home", "solutionVersionArn": world.versions["popularity-count"]},
         lambda world: f"Another resource with Arn {world.campaign} already exists.", TAKEN),
    case("a campaign updated to what it is", "UpdateCampaign",
         lambda world: {"campaignArn": world.campaign, "minProvisionedTPS": 1},
         lambda world: f"Campaign {world.campaign} already has this configuration."),
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
        "datasetGroupArn": group or world.shop,
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
    case("a use case in a custom group", "CreateRecommender",
         lambda world: _recommender(world, "ecomm-popular-items-by-views", world.group),
         _unsupported("ecomm-popular-items-by-views")),
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
         lambda world: {**_recommender(world, "ecomm-recommended-for-you"), "name": "viewed"},
         lambda world: f"Another resource with Arn {world.recommender} already exists.", TAKEN),
    case("a recommender updated to what it is", "UpdateRecommender",
         lambda world: {"recommenderArn": world.recommender, "recommenderConfig": {}},
         lambda world: f"Recommender {world.recommender} already has this configuration."),
    case("a start of what runs", "StartRecommender", lambda world: {"recommenderArn": world.recommender},
         lambda world: f"Recommender {world.recommender} is in status ACTIVE; it must be INACTIVE.", IN_USE),
)  # fmt: skip

JOBS = (
    batch("segments in batch inference", f"Recipe {recipe('item-affinity')} does not support batch inference jobs.",
          "item-affinity"),
    *(
        segment(f"segments of {name}", f"Recipe {recipe(name)} does not support batch segment jobs.", name)
        for name in ("user-personalization", "similar-items", "popularity-count")
    ),
    batch("input that is not in S3", "Invalid S3 input path",
          jobInput={"s3DataSource": {"path": "http://bucket/in"}}),
    batch("output that is not in S3", "Invalid S3 output path",
          jobOutput={"s3DataDestination": {"path": "https://bucket/out/"}}),
    batch("output where the input is", "Invalid S3 output path",
          jobOutput={"s3DataDestination": {"path": "s3://bucket/in.json/"}}),
    segment("a segment's input that is not in S3", "Invalid S3 input path",
            jobInput={"s3DataSource": {"path": "http://bucket/in"}}),
    *(batch(f"{count} results", "numResults must be between 1 and 500.", numResults=count) for count in (0, -1, 501)),
    *(
        segment(f"{count} users", "numResults must be between 1 and 5000000.", numResults=count)
        for count in (0, 5_000_001)
    ),
    batch("a filter of another group", lambda world: f"Filter {world.filters['foreign']} belongs to another dataset "
          "group.", filterArn=lambda world: world.filters["foreign"]),
    batch("a filter of users", lambda world: f"Filter {world.filters['users']} is for UserID and cannot be used in "
          "this job.", filterArn=lambda world: world.filters["users"]),
    segment("a filter of items", lambda world: f"Filter {world.filters['items']} is for ItemID and cannot be used in "
            "this job.", filterArn=lambda world: world.filters["items"]),
    batch("exploration in similar items",
          f"itemExplorationConfig is not supported by recipe {recipe('similar-items')}.",
          "similar-items", batchInferenceJobConfig={"itemExplorationConfig": {"explorationWeight": "0.1"}}),
    batch("influence in similar items", f"rankingInfluence is not supported by recipe {recipe('similar-items')}.",
          "similar-items", batchInferenceJobConfig={"rankingInfluence": {"FRESHNESS": 0.1}}),
    batch("themes of users", f"Recipe {recipe('user-personalization')} does not support THEME_GENERATION.",
          batchInferenceJobMode="THEME_GENERATION",
          themeGenerationConfig={"fieldsForThemeGeneration": {"itemName": "TITLE"}}),
    batch("themes without a name", "THEME_GENERATION requires themeGenerationConfig.", "similar-items",
          batchInferenceJobMode="THEME_GENERATION"),
    batch("a name without themes", "themeGenerationConfig requires batchInferenceJobMode THEME_GENERATION.",
          "similar-items", themeGenerationConfig={"fieldsForThemeGeneration": {"itemName": "TITLE"}}),
    *(
        batch(f"themes named by {column}", f"Column {column} is no string column of the ITEMS dataset.",
              "similar-items", batchInferenceJobMode="THEME_GENERATION",
              themeGenerationConfig={"fieldsForThemeGeneration": {"itemName": column}})
        for column in ("PRICE", "NONE")
    ),
)  # fmt: skip

CASES = (*CAMPAIGNS, *RECOMMENDERS, *JOBS)
