"""The vocabulary of the sample newsroom: categories, topics and the pieces that headlines are made of."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# A headline is "<subject> <predicate> <tail>". Subjects are plural, so that every predicate of their category fits.
_SUBJECTS: dict[str, dict[str, tuple[str, ...]]] = {
    "sports": {
        "football": ("Underdog clubs", "Veteran goalkeepers", "Home sides", "Youth academies", "Cup holders"),
        "cycling": ("Mountain specialists", "Breakaway riders", "Sprint teams", "Gravel racers", "Time trialists"),
        "tennis": ("Clay court experts", "Qualifiers", "Doubles pairs", "Left-handed servers", "Top seeds"),
        "basketball": ("Rookie guards", "Bench players", "Three-point shooters", "Visiting teams", "League leaders"),
        "running": ("Trail runners", "Marathon newcomers", "Relay squads", "Night racers", "Club runners"),
    },
    "entertainment": {
        "film": (
            "Low-budget thrillers",
            "Animated sequels",
            "Festival favourites",
            "Silent classics",
            "Heist comedies",
        ),
        "series": ("Slow-burn dramas", "Courtroom series", "Detective reboots", "Space sagas", "Season finales"),
        "music": ("Brass bands", "Bedroom producers", "Reunion tours", "Folk duos", "Summer anthems"),
        "games": ("Puzzle games", "Farming simulators", "Speedrunners", "Pixel adventures", "Co-op shooters"),
        "stage": ("Fringe shows", "Improv troupes", "Revived musicals", "Puppet theatres", "Dance ensembles"),
    },
    "politics": {
        "elections": ("Undecided voters", "Small parties", "First-time candidates", "Postal ballots", "Pollsters"),
        "parliament": ("Backbenchers", "Budget committees", "Night sittings", "Reform drafts", "Opposition benches"),
        "cities": ("Mayors", "Neighbourhood councils", "Tram plans", "Housing boards", "Market squares"),
        "diplomacy": ("Envoys", "Border talks", "Trade missions", "Summit hosts", "Neutral states"),
        "justice": ("Appeal courts", "Privacy rulings", "Jury reforms", "Legal aid offices", "Tenant lawsuits"),
    },
    "business": {
        "markets": ("Small investors", "Bond buyers", "Index funds", "Cautious traders", "Dividend stocks"),
        "startups": ("Young founders", "Repair startups", "Seed investors", "Spin-offs", "Delivery firms"),
        "work": ("Four-day weeks", "Remote teams", "Apprentices", "Night shifts", "Shared offices"),
        "energy": ("Wind parks", "Solar roofs", "Heat pump makers", "Grid operators", "Battery plants"),
        "retail": ("Corner shops", "Second-hand stores", "Bakeries", "Online grocers", "Flea markets"),
    },
    "technology": {
        "gadgets": ("Foldable phones", "Smart rings", "Modular laptops", "E-ink tablets", "Pocket cameras"),
        "software": ("Open source maintainers", "Text editors", "Database engines", "Old mainframes", "Web browsers"),
        "ai": ("Language models", "Chess engines", "Translation tools", "Image generators", "Robot arms"),
        "security": ("Passkeys", "Bug hunters", "Phishing waves", "Password managers", "Honeypots"),
        "mobility": ("Electric buses", "Cargo bikes", "Night trains", "Charging hubs", "Shared scooters"),
    },
    "science": {
        "space": ("Moon landers", "Asteroid surveys", "Radio telescopes", "Comet hunters", "Weather satellites"),
        "climate": ("Glacier records", "Peat bogs", "Ocean buoys", "City trees", "Drought maps"),
        "biology": ("Urban foxes", "Deep-sea corals", "Migrating storks", "Ancient seeds", "Wild bees"),
        "physics": ("Neutrino detectors", "Quantum clocks", "Superconductors", "Plasma labs", "Laser arrays"),
        "history": ("Shipwreck divers", "Bronze Age finds", "City archives", "Roman roads", "Cave paintings"),
    },
    "health": {
        "sleep": ("Night owls", "Short naps", "Shift workers", "Sleep trackers", "Early risers"),
        "food": ("Lentil dishes", "School kitchens", "Fermented vegetables", "Breakfast habits", "Spice blends"),
        "fitness": ("Evening walks", "Rope climbers", "Swimming clubs", "Short workouts", "Yoga groups"),
        "medicine": ("Village clinics", "Vaccine teams", "Pharmacies", "Heart scans", "Blood donors"),
        "mind": ("Reading circles", "Digital breaks", "Choir rehearsals", "Quiet hours", "Journal keepers"),
    },
    "travel": {
        "rail": ("Sleeper routes", "Branch lines", "Rail passes", "Panorama trains", "Border stations"),
        "islands": ("Ferry towns", "Lighthouse inns", "Tide pools", "Fishing harbours", "Volcanic trails"),
        "mountains": ("Alpine huts", "Glacier hikes", "Shepherd paths", "Cable cars", "Winter valleys"),
        "weekends": ("Spa towns", "Canal walks", "Castle hotels", "Vineyard tours", "Museum nights"),
        "camping": ("Forest sites", "Canvas tents", "Camper vans", "Lakeside pitches", "Star parks"),
    },
}

_PREDICATES: dict[str, tuple[str, ...]] = {
    "sports": (
        "stun the favourites",
        "set a new pace",
        "draw record crowds",
        "change the title race",
        "train together",
    ),
    "entertainment": ("win over critics", "fill the halls", "find a second life", "divide the fans", "top the charts"),
    "politics": ("shift the debate", "delay a decision", "gain ground", "ask for more time", "reach a compromise"),
    "business": ("beat expectations", "cut their costs", "look abroad", "share their numbers", "hire again"),
    "technology": ("get a rival", "reach the mainstream", "fail a public test", "become cheaper", "open up"),
    "science": ("puzzle researchers", "confirm a theory", "rewrite a timeline", "yield first data", "need volunteers"),
    "health": ("help more than expected", "divide experts", "spread to small towns", "cut stress", "come back"),
    "travel": ("tempt new visitors", "reopen early", "cost less than feared", "stay a secret tip", "book out fast"),
}

_TAILS = (
    "after a quiet week",
    "in spite of the rain",
    "as the season turns",
    "for the first time in years",
    "and nobody saw it coming",
    "with a simple idea",
    "on the coast",
    "far from the capital",
    "ahead of the holidays",
    "once more",
    "under new rules",
    "against all forecasts",
)

SUBJECTS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(_SUBJECTS)
CATEGORIES: tuple[str, ...] = tuple(_SUBJECTS)
TOPICS: tuple[tuple[str, str], ...] = tuple(
    (category, topic) for category in _SUBJECTS for topic in _SUBJECTS[category]
)


def titles(category: str, topic: str) -> list[str]:
    """Every headline that a topic can have, in a fixed order; each is different from all others."""
    return [
        f"{subject} {predicate} {tail}"
        for tail in _TAILS
        for predicate in _PREDICATES[category]
        for subject in _SUBJECTS[category][topic]
    ]
