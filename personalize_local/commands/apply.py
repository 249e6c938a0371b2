"""The command ``apply``: a chain's file made so, with lines of progress or JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Literal

import click

from personalize_local.commands.common import environment_settings
from personalize_local.commands.options import json_option, url_option


@click.command("apply", short_help="Make what personalize.yaml declares, here or on AWS.")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@url_option
@click.option("--target", type=click.Choice(["local", "aws"]), default="local", show_default=True)
@click.option("--role", help="ARN of the role of imports.  [default: role in the file]")
@click.option("--bucket", help="Bucket to which local files are uploaded.  [default: bucket in the file]")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until everything is ACTIVE.")
@click.option("--replace", is_flag=True, help="Delete and make anew what cannot be changed, except what holds data.")
@click.option("--dry-run", is_flag=True, help="Check the file and print what it declares; make no call.")
@click.option("--timeout", type=click.FloatRange(min=0), help="Seconds that each resource may take.")
@json_option
def apply_command(
    file: Path,
    url: str | None,
    target: Literal["local", "aws"],
    role: str | None,
    bucket: str | None,
    as_json: bool,
    dry_run: bool,
    **options: Any,
) -> None:
    """Make what FILE declares: personalize.yaml, a folder with it, or a CloudFormation template of AWS::Personalize.

    What is there already is left alone or updated, so that a second run changes nothing. With --target aws the
    credentials, region and endpoints are those of boto3. With --json progress goes to standard error.

    Exit code 0: it is so. 1: the service refused or failed something. 2: the file or the usage is wrong; nothing was
    called.
    """
    from personalize_local import chains

    if url is not None and target == "aws":
        raise click.UsageError("--url is for a local server; boto3 finds AWS by itself (or AWS_ENDPOINT_URL).")
    try:
        chain = chains.read(file)
        chains.check_target(chain, target, role, bucket)
        if dry_run:
            _plan(chain, as_json)
            return
        report = chains.apply(
            chain,
            _clients(target, url),
            target=target,
            role=role,
            bucket=bucket,
            say=lambda line: click.echo(line, err=as_json),
            **options,
        )
    except chains.ChainError as error:
        raise click.UsageError(f"{file}: {error}") from None
    except chains.ApplyError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=2))
    else:
        click.echo("Done." if report.changed else "Nothing to change.")


def _plan(chain: Any, as_json: bool) -> None:
    from personalize_local.chains.model import words

    if as_json:
        click.echo(
            json.dumps({"plan": [{"kind": each.kind, "name": each.label} for each in chain.resources]}, indent=2)
        )
        return
    for each in chain.resources:
        click.echo(f"{words(each.kind)} {each.label}")
    for name in ("pins", "faults"):
        if getattr(chain, name) is not None:
            click.echo(name)


def _clients(target: str, url: str | None) -> dict[str, Any]:
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        if target == "aws":
            session = boto3.session.Session()
            return {"personalize": session.client("personalize"), "s3": session.client("s3")}
        settings = environment_settings()
        address = (url or settings.url).rstrip("/")
        # The access key tells the account; the command env says local.
        key, secret = (os.environ.get(name, "local") for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or settings.region
        session = boto3.session.Session(key, secret, region_name=region)
        made: dict[str, Any] = {
            "personalize": session.client("personalize", endpoint_url=address),
            "s3": session.client("s3", endpoint_url=os.environ.get("AWS_ENDPOINT_URL_S3") or address),
        }
    except (BotoCoreError, ValueError) as error:
        raise click.ClickException(" ".join(str(error).split())) from None
    return {**made, "url": address}
