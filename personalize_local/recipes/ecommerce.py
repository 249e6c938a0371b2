"""The use cases of the ECOMMERCE domain."""

from __future__ import annotations

from personalize_local.recipes._use_cases import personal, popular, related
from personalize_local.recipes.popularity import train_events

_DOMAIN = "ECOMMERCE"

MOST_VIEWED = popular(
    "aws-ecomm-popular-items-by-views",
    _DOMAIN,
    "Most viewed: the items that are viewed most often",
    event_type="View",
    train=train_events,
)
BEST_SELLERS = popular(
    "aws-ecomm-popular-items-by-purchases",
    _DOMAIN,
    "Best sellers: the items that are purchased most often",
    event_type="Purchase",
    train=train_events,
)
FREQUENTLY_BOUGHT_TOGETHER = related(
    "aws-ecomm-frequently-bought-together",
    _DOMAIN,
    "Frequently bought together: the items that are purchased by those who purchase a given one",
    event_type="Purchase",
    hides=None,
    needs_user=False,
)
ALSO_VIEWED = related(
    "aws-ecomm-customers-who-viewed-x-also-viewed",
    _DOMAIN,
    "Customers who viewed X also viewed: the items that are viewed by those who view a given one",
    event_type="View",
    hides="Purchase",
)
RECOMMENDED_FOR_YOU = personal(
    "aws-ecomm-recommended-for-you",
    _DOMAIN,
    "Recommended for you: the items that a user is likely to want next",
    hides="Purchase",
)

ECOMMERCE = (MOST_VIEWED, BEST_SELLERS, FREQUENTLY_BOUGHT_TOGETHER, ALSO_VIEWED, RECOMMENDED_FOR_YOU)
