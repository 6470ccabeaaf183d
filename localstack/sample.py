"""Makes a sample network in LocalStack and writes a hybridgw.toml for it. Safe to repeat."""

import argparse
import ipaddress
import json
import os
import pathlib
import sys
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

NAME = "hybridgw-sample"
STACK = "orders-dev"
ZONE = "corp.example.com"
HOST = "orders.corp.example.com"
MARK = "# Written by localstack/sample, which may write it again."


class Failure(Exception):
    """A mistake of the caller, said in one line."""


def main() -> None:
    options = arguments()
    endpoint = os.environ.get("AWS_ENDPOINT_URL") or os.environ["HYBRIDGW_SAMPLE_ENDPOINT"]
    check_loopback(endpoint)
    path = pathlib.Path(options.config)
    check_overwriting(path, options.force)
    aws = Aws(endpoint)
    if options.tear_down:
        tear_down(aws)
        if path.exists():
            path.unlink()
        return
    made = make(aws)
    path.write_text(configuration(aws.region, made))
    if options.json:
        json.dump(
            {"endpoint": endpoint, "region": aws.region, "account": aws.account(), "config": str(path), **made},
            sys.stdout,
        )
        print()
    else:
        print(path)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="localstack/sample", description=__doc__)
    parser.add_argument("config", nargs="?", default="hybridgw.toml", help="the file to write (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print the ids as JSON")
    parser.add_argument("--force", action="store_true", help="overwrite a file that this command did not write")
    parser.add_argument("--tear-down", action="store_true", help="delete what this command made, and the file")
    return parser.parse_args()


def check_loopback(endpoint: str) -> None:
    """This writes with made-up names: never into a real account."""
    host = urlsplit(endpoint).hostname or ""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost" or host.endswith("localhost.localstack.cloud")
    if not local:
        raise Failure(f"AWS_ENDPOINT_URL is not this machine: {endpoint}. Unset it, or point it at LocalStack.")


def check_overwriting(path: pathlib.Path, force: bool) -> None:
    if path.exists() and not force and not path.read_text().startswith(MARK):
        raise Failure(f"{path} exists and was not written by this command. Name another file, or add --force.")


class Aws:
    """The clients. Without credentials in the environment: those every LocalStack takes."""

    def __init__(self, endpoint: str):
        self.region = os.environ.get("AWS_REGION") or "eu-central-1"
        known = {}
        if not os.environ.get("AWS_ACCESS_KEY_ID") and not os.environ.get("AWS_PROFILE"):
            known = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        session = boto3.Session(region_name=self.region, **known)
        config = Config(proxies={}, retries={"total_max_attempts": 3})
        for service in ("ec2", "route53", "acm", "sts"):
            setattr(self, service, session.client(service, endpoint_url=endpoint, config=config))

    def account(self) -> str:
        return self.sts.get_caller_identity()["Account"]

    def tagged(self, kind: str, name: str) -> dict:
        return {"TagSpecifications": [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]}

    def vpc_id(self) -> str | None:
        found = self.ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [NAME]}])["Vpcs"]
        return found[0]["VpcId"] if found else None

    def subnet_ids(self, vpc: str) -> dict[str, str]:
        found = self.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
        return {subnet["CidrBlock"]: subnet["SubnetId"] for subnet in found}

    def zone_id(self, vpc: str) -> str | None:
        for zone in self.route53.list_hosted_zones_by_name(DNSName=ZONE)["HostedZones"]:
            if zone["Name"] == ZONE + ".":
                shown = self.route53.get_hosted_zone(Id=zone["Id"])
                if any(associated["VPCId"] == vpc for associated in shown.get("VPCs") or []):
                    return zone["Id"].rsplit("/", 1)[-1]
        return None

    def certificate_arn(self) -> str | None:
        for page in self.acm.get_paginator("list_certificates").paginate():
            for certificate in page["CertificateSummaryList"]:
                if certificate["DomainName"] == HOST:
                    return certificate["CertificateArn"]
        return None


def make(aws: Aws) -> dict:
    vpc = aws.vpc_id() or aws.ec2.create_vpc(CidrBlock="10.0.0.0/16", **aws.tagged("vpc", NAME))["Vpc"]["VpcId"]
    existing, subnets = aws.subnet_ids(vpc), []
    for number, letter in enumerate("abc", 1):
        block, name = f"10.0.{number}.0/24", f"{NAME}-{letter}"
        if block not in existing:
            made = aws.ec2.create_subnet(
                VpcId=vpc, CidrBlock=block, AvailabilityZone=aws.region + letter, **aws.tagged("subnet", name)
            )
            existing[block] = made["Subnet"]["SubnetId"]
        subnets.append(existing[block])
    zone = aws.zone_id(vpc)
    if zone is None:
        made = aws.route53.create_hosted_zone(
            Name=ZONE,
            CallerReference=f"{NAME}-{vpc}",
            VPC={"VPCRegion": aws.region, "VPCId": vpc},
            HostedZoneConfig={"PrivateZone": True, "Comment": NAME},
        )
        zone = made["HostedZone"]["Id"].rsplit("/", 1)[-1]
    certificate = aws.certificate_arn()
    if certificate is None:
        certificate = aws.acm.request_certificate(DomainName=HOST, ValidationMethod="DNS")["CertificateArn"]
    status = aws.acm.describe_certificate(CertificateArn=certificate)["Certificate"]["Status"]
    if status != "ISSUED":
        raise Failure(f"the certificate is {status}, not ISSUED: is this LocalStack started by localstack/start?")
    return {"vpc": vpc, "subnets": subnets, "zone": zone, "certificate": certificate, "host": HOST, "stack": STACK}


def configuration(region: str, made: dict) -> str:
    return f"""{MARK}
stack  = "{STACK}"
region = "{region}"

[network]
vpc     = "{made["vpc"]}"
subnets = {json.dumps(made["subnets"])}
clients = ["10.0.0.0/8"]

[domain]
name        = "{HOST}"
zone        = "{made["zone"]}"
certificate = "{made["certificate"]}"

[[route]]
path = "/"
api  = {{ placeholder = true, stage = "v1" }}
"""


def tear_down(aws: Aws) -> None:
    """In the order AWS demands. A stack that still stands is in the way: that is said, not forced."""
    vpc = aws.vpc_id()
    if vpc and (zone := aws.zone_id(vpc)):
        aws.route53.delete_hosted_zone(Id=zone)
    if certificate := aws.certificate_arn():
        aws.acm.delete_certificate(CertificateArn=certificate)
    if vpc:
        for subnet in aws.subnet_ids(vpc).values():
            aws.ec2.delete_subnet(SubnetId=subnet)
        aws.ec2.delete_vpc(VpcId=vpc)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"localstack/sample: {failure}")
    except ClientError as error:
        code = error.response["Error"]["Code"]
        hint = (
            " Run `hybridgw down` first."
            if code in ("DependencyViolation", "HostedZoneNotEmpty", "ResourceInUseException")
            else ""
        )
        sys.exit(f"localstack/sample: {error}.{hint}")
    except BotoCoreError as error:
        sys.exit(f"localstack/sample: {error}. Is LocalStack running? Start it: localstack/start")
