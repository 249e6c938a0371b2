"""Batch jobs as a program runs them: files put into S3 and read from it with plain boto3."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from .program import ROLE, Program

Lines = Iterable[Any]
"""Objects of input lines, or texts that are lines as they stand."""


def as_lines(lines: Lines) -> str:
    return "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)


class Batch:
    """The batch jobs of a program; inputs are below ``in/``, outputs below ``out/``, each in a folder of its job."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._count = 0

    def put(self, key: str, lines: Lines) -> str:
        """Upload a file; its location."""
        # Tests of other things empty the companion.
        self.program.s3.create_bucket(Bucket=self.program.bucket)
        self.program.s3.put_object(Bucket=self.program.bucket, Key=key, Body=as_lines(lines).encode())
        return f"s3://{self.program.bucket}/{key}"

    def files(self, prefix: str) -> dict[str, list[Any]]:
        """The lines of each file below a prefix."""
        listed = self.program.s3.list_objects_v2(Bucket=self.program.bucket, Prefix=prefix).get("Contents", ())
        return {
            one["Key"]: [
                json.loads(line)
                for line in self.program.s3.get_object(Bucket=self.program.bucket, Key=one["Key"])["Body"]
                .read()
                .splitlines()
            ]
            for one in listed
        }

    def infer(self, version: str, lines: Lines, **more: Any) -> list[Any]:
        """The output lines of an inference job over one file, which must succeed."""
        return self._answered("inference", version, lines, more)

    def segment(self, version: str, lines: Lines, **more: Any) -> list[Any]:
        """The output lines of a segment job over one file, which must succeed."""
        return self._answered("segment", version, lines, more)

    def _answered(self, kind: str, version: str, lines: Lines, more: dict[str, Any]) -> list[Any]:
        name = self.name()
        job = self.run(kind, version, self.put(f"in/{name}.json", lines), name=name, **more)
        assert job["status"] == "ACTIVE", job
        (key, found), *others = self.files(f"out/{name}/").items()
        assert (key, others) == (f"out/{name}/{name}.json.out", [])
        return found

    def name(self) -> str:
        self._count += 1
        return f"batch-{self._count}"

    def run(self, kind: str, version: str, source: str, *, name: str | None = None, **more: Any) -> dict[str, Any]:
        """The description of a job over what is at ``source``."""
        name = name or self.name()
        given = {
            "jobName": name,
            "solutionVersionArn": version,
            "jobInput": {"s3DataSource": {"path": source}},
            "jobOutput": {"s3DataDestination": {"path": f"s3://{self.program.bucket}/out/{name}/"}},
            "roleArn": ROLE,
            **more,
        }
        personalize = self.program.personalize
        if kind == "inference":
            arn = personalize.create_batch_inference_job(**given)["batchInferenceJobArn"]
            found = personalize.describe_batch_inference_job(batchInferenceJobArn=arn)["batchInferenceJob"]
        else:
            arn = personalize.create_batch_segment_job(**given)["batchSegmentJobArn"]
            found = personalize.describe_batch_segment_job(batchSegmentJobArn=arn)["batchSegmentJob"]
        return dict(found)


def items(line: dict[str, Any]) -> Sequence[str]:
    """The recommended items of an output line."""
    found: Sequence[str] = line["output"]["recommendedItems"]
    return found
