"""What the checks share: clients of an account of their own, and the pieces of a stack."""

import http.client
import json
import os
import random
import ssl
import unittest
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ.get("HYBRIDGW_CHECK_ENDPOINT", "http://127.0.0.1:4566")
REGION = "eu-central-1"
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
_config = Config(proxies={}, retries={"total_max_attempts": 1}, read_timeout=60)


def new_account() -> str:
    return str(random.randrange(10**11, 10**12))


class Account:
    """One account, empty at first. LocalStack takes it from a key id of twelve digits."""

    def __init__(self, number: str | None = None):
        self.number = number or new_account()
        for service in ("ec2", "elbv2", "apigateway", "route53", "acm", "lambda", "s3", "sts"):
            client = boto3.client(
                service,
                endpoint_url=ENDPOINT,
                region_name=REGION,
                aws_access_key_id=self.number,
                aws_secret_access_key="test",
                config=_config,
            )
            setattr(self, {"lambda": "functions"}.get(service, service), client)

    def network(self) -> "Account":
        """A VPC, three subnets in three zones, a private zone and a certificate."""
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=REGION + zone)[
                "Subnet"
            ]["SubnetId"]
            for n, zone in ((1, "a"), (2, "b"), (3, "c"))
        ]
        return self

    def group(self, name: str) -> str:
        return self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]

    def endpoint(self, groups: list[str], subnets: list[str] | None = None, **more) -> dict:
        request = {"PrivateDnsEnabled": False, "SubnetIds": subnets or self.subnets[:2], **more}
        return self.ec2.create_vpc_endpoint(
            VpcEndpointType="Interface",
            VpcId=self.vpc,
            ServiceName=f"com.amazonaws.{REGION}.execute-api",
            SecurityGroupIds=groups,
            **request,
        )["VpcEndpoint"]

    def interfaces(self, **filters) -> list[dict]:
        wanted = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
        return self.ec2.describe_network_interfaces(Filters=wanted)["NetworkInterfaces"]

    def addresses(self, endpoint: dict) -> list[str]:
        found = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])["VpcEndpoints"][0]
        interfaces = self.ec2.describe_network_interfaces(NetworkInterfaceIds=found["NetworkInterfaceIds"])
        return sorted(i["PrivateIpAddress"] for i in interfaces["NetworkInterfaces"])

    def permit(self, group: str, other: str, direction: str = "ingress") -> None:
        call = getattr(self.ec2, f"authorize_security_group_{direction}")
        call(
            GroupId=group,
            IpPermissions=[
                {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": other}]}
            ],
        )

    def certificate(self, name: str = "orders.corp.example.com") -> str:
        return self.acm.request_certificate(DomainName=name, ValidationMethod="DNS")["CertificateArn"]

    def balancer(self, name: str, groups: list[str], **more) -> dict:
        request = {"Subnets": self.subnets[:2], "Scheme": "internal", "Type": "application", **more}
        return self.elbv2.create_load_balancer(Name=name, SecurityGroups=groups, **request)["LoadBalancers"][0]

    def target_group(self, name: str, **more) -> str:
        request = {"HealthCheckPath": "/ping", "HealthCheckProtocol": "HTTPS", "Matcher": {"HttpCode": "200"}, **more}
        made = self.elbv2.create_target_group(
            Name=name, Protocol="HTTPS", Port=443, VpcId=self.vpc, TargetType="ip", **request
        )
        return made["TargetGroups"][0]["TargetGroupArn"]

    def listener(self, balancer: dict, **more) -> dict:
        request = {
            "Protocol": "HTTPS",
            "Port": 443,
            "SslPolicy": TLS_POLICY,
            "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
            **more,
        }
        if request["Protocol"] == "HTTPS" and "Certificates" not in request:
            self.shared_certificate = getattr(self, "shared_certificate", None) or self.certificate()
            request["Certificates"] = [{"CertificateArn": self.shared_certificate}]
        return self.elbv2.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], **request)["Listeners"][0]

    def health(self, group: str) -> list[tuple[str, str | None]]:
        found = self.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return [(t["TargetHealth"]["State"], t["TargetHealth"].get("Reason")) for t in found]


def document(endpoint: str | None, text: str = "hello", path: str = "/", **more) -> dict:
    """An OpenAPI body with one mock method that answers with this text."""
    integration = {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": text}}},
    }
    methods = {"get": {"responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": integration}}
    body = {"openapi": "3.0.1", "info": {"title": "orders", "version": "1"}, "paths": {path: methods}, **more}
    if endpoint:
        body["x-amazon-apigateway-policy"] = policy(endpoint)
        body["x-amazon-apigateway-endpoint-configuration"] = {"vpcEndpointIds": [endpoint]}
    return body


def policy(endpoint: str) -> dict:
    rule = {"Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", **rule},
            {"Effect": "Deny", **rule, "Condition": {"StringNotEquals": {"aws:SourceVpce": endpoint}}},
        ],
    }


class Answer:
    def __init__(self, response: http.client.HTTPResponse):
        self.status, self.headers, self.body = response.status, response.headers, response.read().decode()

    @property
    def hop(self) -> str | None:
        return self.headers.get("x-hybridgw-hop")

    def json(self):
        return json.loads(self.body)


def ask(host: str, path: str = "/", *, secure: bool = True, method: str = "GET", **headers: str) -> Answer:
    """A request to the edge port under a name of one's own, as ``curl --resolve`` sends it."""
    where = urlsplit(ENDPOINT)
    # The certificate is LocalStack's own, not that of the listener.
    context = ssl._create_unverified_context()
    maker = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = maker(where.hostname, where.port, timeout=30, **({"context": context} if secure else {}))
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers={"Host": host, **given})
    try:
        return Answer(connection.getresponse())
    finally:
        connection.close()


class Case(unittest.TestCase):
    def refused(self, code: str, call, **request):
        with self.assertRaises(ClientError) as caught:
            call(**request)
        self.assertEqual(code, caught.exception.response["Error"]["Code"], caught.exception)
        return caught.exception.response
