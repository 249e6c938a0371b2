import pytest

from botocore_shapes.model import load_service_model
from botocore_shapes.patterns import UntranslatablePattern, compile_pattern
from tests.botocore_shapes.roundtrip import protocol_of


@pytest.mark.parametrize(
    ("pattern", "fits", "fails"),
    [
        (r"^[a-zA-Z0-9][a-zA-Z0-9\-_]*", ["a", "a-b_c"], ["", "-a", "a b", "a\n"]),
        (r"arn:([a-z\d-]+):personalize:.*:.*:.+", ["arn:aws:personalize:r:a:b"], ["arn:aws:s3:::b", "x"]),
        (r"^abc$", ["abc"], ["abc\n", "xabc"]),
        (r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$", ["", "Ünï 日本 7", "a/b"], ["a#b", "a€b", "a\tb"]),
        (r"[\P{M}\p{M}]+", ["a", "é", "\u0301"], [""]),
        (r"[^\p{C}]*", ["abc"], ["a\x00", "\ue000"]),
        (r"\p{ASCII}{0,5}", ["", "abc"], ["abcdef", "é"]),
        (r"[\w-]+", ["a-b"], ["a b", "é"]),
        (r"[\w-_.]+", ["a-_."], ["a,"]),
        (r"\d+", ["12"], ["١٢"]),
        (r"[\p{Print}&&[^|:/]]+", ["ab c"], ["a|b", "a/b"]),
        (r"[^/:|\000-\037]+", ["abc"], ["a\x1f", "a:b"]),
        (r"^(?i)(true|false)$", ["True", "FALSE"], ["no"]),
        (r"(?i)all|[0-9]{3}", ["ALL", "123"], ["12", "al"]),
        (r"(?!(?i)AWS_)[a-zA-Z_]+", ["AW_", "x"], ["aws_x", "AWS_x"]),
        (r"\Asnap-\d\z", ["snap-1"], ["snap-1\n"]),
        (r"(?<name>a)b", ["ab"], ["b"]),
        (r"\Qa.b\E+", ["a.b", "a.bbb"], ["axb"]),
        ("[\\u0020-\\uFFFF\\uD800\\uDC00-\\uDBFF\\uDFFF]+", ["a", "\U0001f600"], ["\x1f"]),
        (r"[\uD83D\uDE00]", ["\U0001f600"], ["a"]),
        (r"[a\]b]+", ["a]b"], ["["]),
        (r"[]a]+", ["]a"], ["b"]),
    ],
)
def test_a_pattern_means_what_it_means_to_the_service(pattern: str, fits: list[str], fails: list[str]) -> None:
    compiled = compile_pattern(pattern)
    assert [text for text in fits if not compiled.matches(text)] == []
    assert [text for text in fails if compiled.matches(text)] == []


@pytest.mark.parametrize("pattern", ["a(", "a)", "[a", r"\p{Nonsense}", "a(?i)b|c", "[z-a]", "a\\", r"\y", "a{1}{2}"])
def test_what_has_no_translation_is_said(pattern: str) -> None:
    with pytest.raises(UntranslatablePattern):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("personalize", []),
        ("personalize-events", []),
        ("personalize-runtime", []),
        ("iam", []),
        ("sagemaker", []),
        ("fsx", []),
        ("codecommit", []),
        ("rbin", [r"^arn:\S+:rbin:[a-z\-0-9]{0,63}:[0-9]{12}:rule/[0-9a-zA-Z]{11}{0,1011}$"]),
    ],
)
def test_the_patterns_that_are_not_enforced_are_these(service: str, expected: list[str]) -> None:
    model = load_service_model(service)
    untranslated = set()
    for name in model.shape_names:
        pattern = model.shape_for(name).traits.get("pattern")
        if pattern is not None:
            try:
                compile_pattern(pattern)
            except UntranslatablePattern:
                untranslated.add(pattern)
    assert sorted(untranslated) == expected
    assert service == "iam" or protocol_of(model) is not None
