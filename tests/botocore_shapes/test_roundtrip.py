"""The sampled run of the proof; ``benchmarks/protocol_roundtrip.py`` makes the whole one."""

import pytest

from botocore_shapes.model import load_service_model
from tests.botocore_shapes.roundtrip import EVENT_STREAM, protocol_of, prove_service, same

PERSONALIZE = ("personalize", "personalize-events", "personalize-runtime")
# Services whose models hold the rarer traits: labels and queries of every kind, bound headers, streams, unions,
# documents, recursion, formats of moments, former query services, services that prefer another protocol.
SAMPLE = {
    "dynamodb": ["PutItem", "Query", "TransactWriteItems"],
    "sqs": ["SendMessage", "ReceiveMessage"],
    "kinesis": ["PutRecords", "GetRecords"],
    "logs": ["PutLogEvents", "FilterLogEvents"],
    "kms": ["Encrypt", "CreateKey"],
    "ssm": ["PutParameter", "GetParameters"],
    "ecs": ["RegisterTaskDefinition"],
    "emr": ["RunJobFlow"],
    "sagemaker": ["CreateTrainingJob"],
    "stepfunctions": ["CreateStateMachine"],
    "translate": ["TranslateText"],
    "iotfleetwise": ["UpdateDecoderManifest"],
    "lightsail": ["CreateInstances"],
    "apigateway": ["ImportRestApi", "GetExport", "PutIntegration", "GetUsage"],
    "lambda": ["Invoke", "CreateFunction", "GetLayerVersionByArn", "DeleteFunctionConcurrency"],
    "lex-runtime": ["PostContent", "PostText"],
    "dataexchange": ["SendApiAsset", "CreateJob"],
    "mediastore-data": ["PutObject", "DescribeObject", "GetObject"],
    "glacier": ["UploadArchive", "AddTagsToVault"],
    "iot": ["CreateTopicRule", "SearchIndex"],
    "iot-data": ["Publish"],
    "chime": ["CreateUser", "InviteUsers"],
    "bedrock-runtime": ["Converse"],
    "bedrock-agentcore": ["GetAgentCard", "InvokeAgentRuntime"],
    "workspaces-web": ["ListIdentityProviders", "GetPortal"],
    "amp": ["ListScrapers"],
    "connect": ["UpdateTestCase"],
    "datazone": ["GetLineageEvent"],
    "geo-maps": ["GetStaticMap"],
    "appconfig": ["StopDeployment", "GetHostedConfigurationVersion"],
    "entityresolution": ["BatchDeleteUniqueId"],
    "lexv2-models": ["CreateIntent"],
    "qbusiness": ["ChatSync"],
    "ivs": ["CreateChannel"],
    "quicksight": ["CreateAnalysis"],
}


@pytest.mark.parametrize("name", PERSONALIZE)
def test_every_operation_of_personalize_goes_both_ways(name: str) -> None:
    verdicts = prove_service(name, examples=4)
    assert [verdict for verdict in verdicts if verdict.reason] == []
    assert len(verdicts) == 3 * len(load_service_model(name).operation_names)


@pytest.mark.parametrize("name", SAMPLE)
def test_operations_with_rare_traits_go_both_ways(name: str) -> None:
    verdicts = prove_service(name, examples=4, operations=SAMPLE[name])
    assert [verdict for verdict in verdicts if verdict.reason] == []


def test_event_streams_are_the_one_exception_and_say_so() -> None:
    reasons = {verdict.reason for verdict in prove_service("logs", examples=2, operations=["StartLiveTail"])}
    assert reasons == {"", EVENT_STREAM}


def test_the_sample_speaks_every_protocol() -> None:
    assert {protocol_of(load_service_model(name)) for name in SAMPLE} == {"json 1.0", "json 1.1", "rest-json"}


def test_a_wrong_answer_would_be_seen() -> None:
    assert same({"a": [1, float("nan")]}, {"a": [1, float("nan")]})
    assert not same({"a": 1}, {"a": True})
    assert not same({"a": 1}, {"a": 1, "b": None})
    assert not same([1, 2], [1])
