"""What batch jobs may not be told."""

from __future__ import annotations

from .cases import batch, segment
from .world import recipe

_THEMES = {
    "batchInferenceJobMode": "THEME_GENERATION",
    "themeGenerationConfig": {"fieldsForThemeGeneration": {"itemName": "TITLE"}},
}

JOBS = (
    batch("segments in batch inference", f"Recipe {recipe('item-affinity')} does not support batch inference jobs.",
          "item-affinity"),
    batch("what is trending", f"Recipe {recipe('trending-now')} does not support batch inference jobs.",
          "trending-now"),
    *(
        make(f"a job {operation} of a version that has failed", lambda world: "Solution version "
             f"{world.versions['failed']} failed to train and cannot answer a job.", "failed")
        for make, operation in ((batch, "of inference"), (segment, "of segments"))
    ),
    *(
        segment(f"segments of {name}", f"Recipe {recipe(name)} does not support batch segment jobs.", name)
        for name in (
            *("user-personalization", "similar-items", "popularity-count", "trending-now", "personalized-ranking"),
            "user-personalization-v2",
        )
    ),
    *(
        make(f"{what} {path}", f"Invalid S3 {what} path",
             **{member: {f"s3Data{end}": {"path": path}}})
        for make in (batch, segment)
        for what, member, end in (("input", "jobInput", "Source"), ("output", "jobOutput", "Destination"))
        for path in ("https://bucket/x", "s3:///x")
    ),
    batch("output where the input is", "Invalid S3 output path",
          jobOutput={"s3DataDestination": {"path": "s3://bucket/in.json/"}}),
    segment("output where the input is", "Invalid S3 output path",
            jobInput={"s3DataSource": {"path": "s3://bucket/folder/"}},
            jobOutput={"s3DataDestination": {"path": "s3://bucket/folder"}}),
    *(batch(f"{count} results", "numResults must be between 1 and 500.", numResults=count) for count in (0, -1, 501)),
    *(
        segment(f"{count} users", "numResults must be between 1 and 5000000.", numResults=count)
        for count in (0, -5, 5_000_001)
    ),
    batch("a filter of another group", lambda world: f"Filter {world.filters['foreign']} belongs to another dataset "
          "group.", filterArn=lambda world: world.filters["foreign"]),
    segment("a filter of another group", lambda world: f"Filter {world.filters['foreign']} belongs to another dataset "
            "group.", filterArn=lambda world: world.filters["foreign"]),
    batch("a filter of users", lambda world: f"Filter {world.filters['users']} is for UserID and cannot be used in "
          "this job.", filterArn=lambda world: world.filters["users"]),
    segment("a filter of items", lambda world: f"Filter {world.filters['items']} is for ItemID and cannot be used in "
            "this job.", filterArn=lambda world: world.filters["items"]),
    *(
        batch(f"a weight of exploration of {value}", f"explorationWeight must be between 0 and 1, not '{value}'.",
              batchInferenceJobConfig={"itemExplorationConfig": {"explorationWeight": value}})
        for value in ("-1", "7")
    ),
    batch("an unknown setting of exploration", "depth is not an exploration setting. Use explorationWeight or "
          "explorationItemAgeCutOff.", batchInferenceJobConfig={"itemExplorationConfig": {"depth": "1"}}),
    *(
        batch(f"exploration in {name}", f"itemExplorationConfig is not supported by recipe {recipe(name)}.", name,
              batchInferenceJobConfig={"itemExplorationConfig": {"explorationWeight": "0.1"}})
        for name in ("popularity-count", "personalized-ranking")
    ),
    batch("influence without dates", "rankingInfluence FRESHNESS requires CREATION_TIMESTAMP in the ITEMS dataset.",
          "texts-semantic-similarity", batchInferenceJobConfig={"rankingInfluence": {"FRESHNESS": 1.0}}),
    batch("exploration in similar items",
          f"itemExplorationConfig is not supported by recipe {recipe('similar-items')}.",
          "similar-items", batchInferenceJobConfig={"itemExplorationConfig": {"explorationWeight": "0.1"}}),
    batch("influence in similar items", f"rankingInfluence is not supported by recipe {recipe('similar-items')}.",
          "similar-items", batchInferenceJobConfig={"rankingInfluence": {"FRESHNESS": 0.1}}),
    *(
        batch(f"themes of {name}",
              f"Recipe {recipe(name.removeprefix('texts-'))} does not support THEME_GENERATION.", name, **_THEMES)
        for name in ("user-personalization", "popularity-count", "personalized-ranking", "texts-semantic-similarity")
    ),
    batch("themes without a text", "THEME_GENERATION requires a textual column in the ITEMS dataset.",
          "acts-similar-items", **_THEMES),
    batch("themes without a name", "THEME_GENERATION requires themeGenerationConfig.", "similar-items",
          batchInferenceJobMode="THEME_GENERATION"),
    batch("a name without themes", "themeGenerationConfig requires batchInferenceJobMode THEME_GENERATION.",
          "similar-items", themeGenerationConfig={"fieldsForThemeGeneration": {"itemName": "TITLE"}}),
    *(
        batch(f"themes named by {column}", f"Column {column} is no string column of the ITEMS dataset.",
              "similar-items", batchInferenceJobMode="THEME_GENERATION",
              themeGenerationConfig={"fieldsForThemeGeneration": {"itemName": column}})
        for column in ("PRICE", "NONE", "SOLD")
    ),
)  # fmt: skip

CASES = JOBS
