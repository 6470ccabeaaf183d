"""A site through an endpoint for S3, and a function, beside each other under one name."""

import io
import json
import zipfile

from support import REGION, ask
from test_dataplane import Chain


class Site(Chain):
    """The chain of an API, and beside it a bucket at /app."""

    def setUp(self):
        super().setUp()
        a = self.a
        self.bucket = f"site-{a.number}"
        a.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        for key in ("index.html", "js/main.js", "js/a b.js"):
            a.s3.put_object(Bucket=self.bucket, Key=key, Body=key.encode(), ContentType="text/html")
        self.site_endpoint = a.ec2.create_vpc_endpoint(
            VpcEndpointType="Interface",
            VpcId=a.vpc,
            ServiceName=f"com.amazonaws.{REGION}.s3",
            SubnetIds=a.subnets[:2],
            SecurityGroupIds=[self.back],
            PrivateDnsEnabled=False,
            PolicyDocument=self.document(),
        )["VpcEndpoint"]
        self.site_vpce = self.site_endpoint["VpcEndpointId"]
        self.admit_endpoint()
        self.site_group = a.target_group("site", HealthCheckPath="/", Matcher={"HttpCode": "307,405"})
        addresses = a.addresses(self.site_endpoint)
        a.elbv2.register_targets(TargetGroupArn=self.site_group, Targets=[{"Id": x} for x in addresses])
        to_site = [{"Type": "forward", "TargetGroupArn": self.site_group}]
        slash = {"Path": "/app/", "Query": "#{query}", "StatusCode": "HTTP_302"}
        self.add_rule(1, self.at("/app"), [{"Type": "redirect", "RedirectConfig": slash}])
        assets = self.at(regex=r"^/app/(.*/)?[^/]*\.[^/]*$")
        self.assets = self.rewriting(2, assets, to_site, r"^/app/([^?]*)(\?.*)?$", "/$1")
        self.rest = self.rewriting(3, self.at("/app/*"), to_site, "^.*$", "/index.html")

    def document(self, **more):
        statement = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{self.bucket}/*",
        }
        return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **more}]})

    def admit_endpoint(self):
        condition = {"StringEquals": {"aws:SourceVpce": self.site_vpce}}
        self.a.s3.put_bucket_policy(Bucket=self.bucket, Policy=self.document(Condition=condition))

    def at(self, *values, regex=None):
        path = {"RegexValues": [regex]} if regex else {"Values": list(values)}
        return [
            {"Field": "host-header", "HostHeaderConfig": {"Values": [self.name]}},
            {"Field": "path-pattern", "PathPatternConfig": path},
        ]

    def transforms(self, regex, replace):
        host = {"Regex": "^.*$", "Replace": f"{self.bucket}.s3.{REGION}.amazonaws.com"}
        return [
            {"Type": "host-header-rewrite", "HostHeaderRewriteConfig": {"Rewrites": [host]}},
            {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": regex, "Replace": replace}]}},
        ]

    def rewriting(self, priority, conditions, actions, regex, replace):
        made = self.a.elbv2.create_rule(
            ListenerArn=self.listener,
            Priority=priority,
            Conditions=conditions,
            Actions=actions,
            Transforms=self.transforms(regex, replace),
        )
        return made["Rules"][0]["RuleArn"]


class Served(Site):
    def test_each_path_finds_its_object(self):
        for path, key in (
            ("/app/", "index.html"),
            ("/app/?code=abc&state=1", "index.html"),
            ("/app/orders/42?acl", "index.html"),
            ("/app/js/main.js", "js/main.js"),
            ("/app/js/main.js?response-content-type=a", "js/main.js"),
            ("/app/js/a%20b.js?v=1", "js/a b.js"),
        ):
            answer = self.expect(200, None, path)
            self.assertEqual((key, "text/html"), (answer.body, answer.headers["Content-Type"]), path)
        self.assertEqual("", self.expect(200, None, "/app/", method="HEAD").body)
        moved = self.expect(302, None, "/app?code=abc")
        self.assertEqual(f"https://{self.name}:443/app/?code=abc", moved.headers["Location"])
        self.assertEqual("hello", self.expect(200, None, "/").body, "the API beside it")
        self.assertEqual([("healthy", None)] * 2, self.a.health(self.site_group))

    def test_what_s3_refuses(self):
        a = self.a
        self.expect(403, "object", "/app/js/gone.js")
        self.expect(405, "method", "/app/", method="POST")
        self.expect(400, "object", "/app/", Authorization="Bearer x")
        a.elbv2.modify_rule(RuleArn=self.rest, Transforms=self.transforms("^.*$", "/index.html?acl"))
        self.expect(403, "policy", "/app/")
        a.elbv2.modify_rule(RuleArn=self.rest, Transforms=self.transforms("^.*$", "/index.html?response-expires=1"))
        self.expect(400, "object", "/app/")
        a.elbv2.modify_rule(RuleArn=self.rest, Transforms=self.transforms("^.*$", "index.html"))
        self.expect(500, "rule", "/app/")
        a.elbv2.modify_rule(RuleArn=self.rest, Transforms=self.transforms("^.*$", "/index.html"))
        a.ec2.modify_vpc_endpoint(
            VpcEndpointId=self.site_vpce, PolicyDocument=self.document(Resource="arn:aws:s3:::other/*")
        )
        self.expect(403, "policy", "/app/")
        a.ec2.modify_vpc_endpoint(VpcEndpointId=self.site_vpce, PolicyDocument=self.document())
        a.s3.delete_bucket_policy(Bucket=self.bucket)
        self.expect(403, "bucket-policy", "/app/")
        self.admit_endpoint()
        self.expect(200, None, "/app/")

    def test_a_bucket_that_is_not_there(self):
        self.a.s3.delete_objects(
            Bucket=self.bucket,
            Delete={"Objects": [{"Key": key} for key in ("index.html", "js/main.js", "js/a b.js")]},
        )
        self.a.s3.delete_bucket(Bucket=self.bucket)
        self.expect(404, "mapping", "/app/")

    def test_rules_read_back_as_written(self):
        rules = self.a.elbv2.describe_rules(RuleArns=[self.assets])["Rules"]
        self.assertEqual(self.transforms(r"^/app/([^?]*)(\?.*)?$", "/$1"), rules[0]["Transforms"])
        path = next(c for c in rules[0]["Conditions"] if c["Field"] == "path-pattern")
        self.assertEqual([r"^/app/(.*/)?[^/]*\.[^/]*$"], path["PathPatternConfig"]["RegexValues"])
        self.assertNotIn("Values", path)
        self.refused(
            "ValidationError",
            self.a.elbv2.modify_rule,
            RuleArn=self.rest,
            Transforms=self.transforms("a", "b") + self.transforms("a", "b")[:1],
        )

    def test_an_api_behind_a_rewrite(self):
        forward = [{"Type": "forward", "TargetGroupArn": self.group}]
        self.a.elbv2.create_rule(
            ListenerArn=self.listener,
            Priority=4,
            Conditions=self.at("/old/*"),
            Actions=forward,
            Transforms=self.transforms("^/old/(.*)$", "/$1")[1:],
        )
        self.assertEqual("hello", self.expect(200, None, "/old/").body)
        self.assertEqual("healthy", self.expect(200, None, "/old/ping").body)

    def test_a_function_needs_its_permission_first(self):
        a = self.a
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("index.py", "")
        arn = a.functions.create_function(
            FunctionName="sms",
            Runtime="python3.12",
            Handler="index.handler",
            Role=f"arn:aws:iam::{a.number}:role/sms",
            Code={"ZipFile": package.getvalue()},
            Publish=True,
        )["FunctionArn"].removesuffix(":1")
        alias = a.functions.create_alias(FunctionName="sms", Name="live", FunctionVersion="1")["AliasArn"]
        group = a.elbv2.create_target_group(Name="sms", TargetType="lambda")["TargetGroups"][0]
        self.assertFalse(group["HealthCheckEnabled"])
        register = {"TargetGroupArn": group["TargetGroupArn"], "Targets": [{"Id": alias}]}
        permission = {
            "StatementId": "alb",
            "Action": "lambda:InvokeFunction",
            "Principal": "elasticloadbalancing.amazonaws.com",
            "SourceArn": group["TargetGroupArn"],
        }
        self.refused("AccessDenied", a.elbv2.register_targets, **register)
        a.functions.add_permission(FunctionName="sms", **permission)
        self.refused("AccessDenied", a.elbv2.register_targets, **register)
        a.functions.add_permission(FunctionName="sms", Qualifier="live", **permission)
        a.elbv2.register_targets(**register)
        self.refused(
            "TooManyTargets", a.elbv2.register_targets, TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": arn}]
        )
        self.add_rule(5, self.at("/sms"), [{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}])
        self.assertEqual([("unavailable", "Target.HealthCheckDisabled")], a.health(group["TargetGroupArn"]))
        self.expect(502, "target", "/sms")
        self.assertEqual("hello", ask(self.name).body)
