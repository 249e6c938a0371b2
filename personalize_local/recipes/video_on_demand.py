"""The use cases of the VIDEO_ON_DEMAND domain."""

from __future__ import annotations

from dataclasses import replace

from personalize_local.recipes._use_cases import personal, popular, related
from personalize_local.recipes.popularity import load_trend, train_two_hour_trend, train_users
from personalize_local.recipes.related_items import train_alike

_DOMAIN = "VIDEO_ON_DEMAND"

MOST_POPULAR = popular(
    "aws-vod-most-popular",
    _DOMAIN,
    "Most popular: the items that most users watch",
    event_type="Watch",
    train=train_users,
)
TRENDING_NOW = replace(
    popular(
        "aws-vod-trending-now",
        _DOMAIN,
        "Trending now: the items whose popularity grows fastest",
        event_type=None,
        train=train_two_hour_trend,
    ),
    needs_user=False,
    refreshes="events",
    load=load_trend,
)
BECAUSE_YOU_WATCHED = related(
    "aws-vod-because-you-watched-x",
    _DOMAIN,
    "Because you watched X: the items that are watched by those who watch a given one",
    event_type="Watch",
    hides="Watch",
)
MORE_LIKE = replace(
    related(
        "aws-vod-more-like-x",
        _DOMAIN,
        "More like X: the items that resemble a given one",
        event_type=None,
        hides="Watch",
    ),
    required_datasets=("INTERACTIONS", "ITEMS"),
    train=train_alike,
)
TOP_PICKS = personal(
    "aws-vod-top-picks",
    _DOMAIN,
    "Top picks for you: the items that a user is likely to want next",
    hides="Watch",
)

VIDEO_ON_DEMAND = (MOST_POPULAR, TRENDING_NOW, BECAUSE_YOU_WATCHED, MORE_LIKE, TOP_PICKS)
