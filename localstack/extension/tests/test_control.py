import datetime
import io
import json
import zipfile

from support import REGION, Account, Case, document, policy


class ApiCase(Case):
    def setUp(self):
        self.a = Account()
        self.g = self.a.apigateway

    def api(self, **more):
        configuration = {"types": ["PRIVATE"], "vpcEndpointIds": ["vpce-1"]}
        request = {
            "endpointConfiguration": configuration,
            "policy": json.dumps(policy("vpce-1")),
            "tags": {"hybridgw:stack": "orders"},
            **more,
        }
        return self.g.create_rest_api(name="orders", **request)

    def body(self, api, mode="overwrite", **more):
        return self.g.put_rest_api(restApiId=api["id"], mode=mode, body=json.dumps(document("vpce-1", **more)).encode())


class Apis(ApiCase):
    def test_private_settings_round_trip(self):
        for read in (self.api(), self.g.get_rest_apis()["items"][0]):
            self.assertEqual(["PRIVATE"], read["endpointConfiguration"]["types"])
            self.assertEqual(["vpce-1"], read["endpointConfiguration"]["vpcEndpointIds"])
            self.assertEqual({"hybridgw:stack": "orders"}, read["tags"])
            shown = json.loads(json.loads(f'"{read["policy"]}"'))
            self.assertEqual(
                f"arn:aws:execute-api:{REGION}:{self.a.number}:{read['id']}/*", shown["Statement"][0]["Resource"]
            )

    def test_updates(self):
        api = self.api()
        self.g.update_rest_api(
            restApiId=api["id"],
            patchOperations=[
                {"op": "add", "path": "/endpointConfiguration/vpcEndpointIds", "value": "vpce-2"},
                {"op": "remove", "path": "/endpointConfiguration/vpcEndpointIds", "value": "vpce-1"},
                {"op": "replace", "path": "/policy", "value": json.dumps(policy("vpce-2"))},
                {"op": "replace", "path": "/description", "value": "hash"},
            ],
        )
        read = self.g.get_rest_api(restApiId=api["id"])
        self.assertEqual((["vpce-2"], "hash"), (read["endpointConfiguration"]["vpcEndpointIds"], read["description"]))
        self.assertIn("vpce-2", read["policy"])
        self.assertNotIn("vpce-1", read["policy"])

    def test_tags(self):
        api = self.api()["id"]
        arn = f"arn:aws:apigateway:{REGION}::/restapis/{api}"
        self.g.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
        self.g.untag_resource(resourceArn=arn, tagKeys=["b"])
        expected = {"hybridgw:stack": "orders", "a": "1"}
        self.assertEqual(expected, self.g.get_rest_api(restApiId=api)["tags"])
        self.assertEqual(expected, self.g.get_tags(resourceArn=arn)["tags"])

    def test_overwriting(self):
        api = self.api()
        self.body(api, path="/a", info={"title": "renamed", "version": "1", "description": "hash 1"})
        self.body(api, path="/b", info={"title": "renamed", "version": "1", "description": "hash 2"})
        read = self.g.get_rest_api(restApiId=api["id"])
        self.assertEqual(("renamed", "hash 2"), (read["name"], read["description"]))
        self.assertEqual(["PRIVATE"], read["endpointConfiguration"]["types"])
        self.assertEqual(["vpce-1"], read["endpointConfiguration"]["vpcEndpointIds"])
        self.assertEqual({"hybridgw:stack": "orders"}, read["tags"])
        resources = self.g.get_resources(restApiId=api["id"], embed=["methods"])["items"]
        self.assertEqual({"/", "/b"}, {r["path"] for r in resources})
        (method,) = [r["resourceMethods"]["GET"] for r in resources if r["path"] == "/b"]
        self.assertEqual("MOCK", method["methodIntegration"]["type"])
        bare = {"openapi": "3.0.1", "info": {"title": "x", "version": "1"}, "paths": document(None)["paths"]}
        self.g.put_rest_api(restApiId=api["id"], mode="overwrite", body=json.dumps(bare).encode())
        read = self.g.get_rest_api(restApiId=api["id"])
        self.assertFalse(read.get("policy"))
        self.assertFalse(read["endpointConfiguration"].get("vpcEndpointIds"))
        self.assertEqual(["PRIVATE"], read["endpointConfiguration"]["types"])

    def test_resources_are_unique(self):
        api = self.api()["id"]
        root = self.g.get_resources(restApiId=api)["items"][0]["id"]
        self.g.create_resource(restApiId=api, parentId=root, pathPart="a")
        self.refused("ConflictException", self.g.create_resource, restApiId=api, parentId=root, pathPart="a")

    def test_deployments(self):
        api = self.api()
        self.refused("BadRequestException", self.g.create_deployment, restApiId=api["id"])
        self.body(api)
        first = self.g.create_deployment(restApiId=api["id"], description="one")["id"]
        self.g.create_stage(restApiId=api["id"], stageName="v1", deploymentId=first, tags={"a": "1"})
        self.refused("ConflictException", self.g.create_stage, restApiId=api["id"], stageName="v1", deploymentId=first)
        self.refused("BadRequestException", self.g.delete_deployment, restApiId=api["id"], deploymentId=first)
        second = self.g.create_deployment(restApiId=api["id"], description="two")["id"]
        self.g.update_stage(
            restApiId=api["id"],
            stageName="v1",
            patchOperations=[{"op": "replace", "path": "/deploymentId", "value": second}],
        )
        stage = self.g.get_stage(restApiId=api["id"], stageName="v1")
        self.assertEqual((second, {"a": "1"}), (stage["deploymentId"], stage["tags"]))
        self.refused("BadRequestException", self.g.delete_deployment, restApiId=api["id"], deploymentId=second)
        self.g.delete_deployment(restApiId=api["id"], deploymentId=first)
        self.assertEqual(["two"], [d["description"] for d in self.g.get_deployments(restApiId=api["id"])["items"]])
        self.g.update_rest_api(restApiId=api["id"], patchOperations=[{"op": "remove", "path": "/policy"}])
        self.refused("BadRequestException", self.g.create_deployment, restApiId=api["id"])

    def test_missing_things(self):
        for call, request in (
            (self.g.get_rest_api, {}),
            (self.g.delete_rest_api, {}),
            (self.g.get_resources, {}),
            (self.g.create_deployment, {}),
            (self.g.get_stage, {"stageName": "v1"}),
        ):
            self.refused("NotFoundException", call, restApiId="0000000000", **request)
        for call, request in (
            (self.g.get_domain_name, {}),
            (self.g.delete_domain_name, {}),
            (self.g.get_base_path_mappings, {}),
            (self.g.get_base_path_mapping, {"basePath": "(none)"}),
        ):
            self.refused("NotFoundException", call, domainName="nobody.example.com", **request)


class Domains(ApiCase):
    NAME = "orders.corp.example.com"

    def domain(self, **more):
        return self.g.create_domain_name(
            domainName=self.NAME,
            regionalCertificateArn=self.a.certificate(),
            endpointConfiguration={"types": ["REGIONAL"]},
            securityPolicy="TLS_1_2",
            tags={"hybridgw:stack": "orders"},
            **more,
        )

    def deployed(self):
        api = self.api()
        self.body(api)
        self.g.create_deployment(restApiId=api["id"], stageName="v1")
        return api["id"]

    def test_domain_names(self):
        self.domain()
        (shown,) = self.g.get_domain_names()["items"]
        self.assertEqual({"hybridgw:stack": "orders"}, shown["tags"])
        self.assertEqual(f"arn:aws:apigateway:{REGION}::/domainnames/{self.NAME}", shown["domainNameArn"])
        self.assertRegex(shown["regionalDomainName"], rf"^d-\w+\.execute-api\.{REGION}\.amazonaws\.com$")
        self.assertEqual(
            ("TLS_1_2", "AVAILABLE", ["REGIONAL"]),
            (shown["securityPolicy"], shown["domainNameStatus"], shown["endpointConfiguration"]["types"]),
        )
        with self.assertRaisesRegex(Exception, "ConflictException"):
            self.domain()
        other = self.a.certificate()
        self.g.update_domain_name(
            domainName=self.NAME, patchOperations=[{"op": "replace", "path": "/regionalCertificateArn", "value": other}]
        )
        self.assertEqual(other, self.g.get_domain_name(domainName=self.NAME)["regionalCertificateArn"])
        self.g.tag_resource(resourceArn=shown["domainNameArn"], tags={"a": "1"})
        self.assertEqual({"hybridgw:stack": "orders", "a": "1"}, self.g.get_domain_name(domainName=self.NAME)["tags"])

    def test_mappings(self):
        api, g = self.deployed(), self.g
        self.refused("NotFoundException", g.create_base_path_mapping, domainName=self.NAME, restApiId=api, stage="v1")
        self.domain()
        self.refused("BadRequestException", g.create_base_path_mapping, domainName=self.NAME, restApiId=api, stage="v2")
        self.refused("BadRequestException", g.create_base_path_mapping, domainName=self.NAME, restApiId="0000000000")
        g.create_base_path_mapping(domainName=self.NAME, restApiId=api, stage="v1")
        self.refused("ConflictException", g.create_base_path_mapping, domainName=self.NAME, restApiId=api, stage="v1")
        g.create_base_path_mapping(domainName=self.NAME, restApiId=api, stage="v1", basePath="sms")
        self.assertEqual(
            {"(none)", "sms"}, {m["basePath"] for m in g.get_base_path_mappings(domainName=self.NAME)["items"]}
        )
        self.refused("BadRequestException", g.delete_rest_api, restApiId=api)
        g.delete_base_path_mapping(domainName=self.NAME, basePath="(none)")
        self.refused("NotFoundException", g.get_base_path_mapping, domainName=self.NAME, basePath="(none)")
        self.refused("BadRequestException", g.delete_rest_api, restApiId=api)
        g.delete_domain_name(domainName=self.NAME)
        g.delete_rest_api(restApiId=api)
        self.domain()
        self.assertEqual([], g.get_base_path_mappings(domainName=self.NAME).get("items", []))


class Records(Case):
    NAME = "orders.corp.example.com"

    def setUp(self):
        self.a = Account().network()
        made = self.a.route53.create_hosted_zone(
            Name="corp.example.com",
            CallerReference=self.a.number,
            VPC={"VPCRegion": REGION, "VPCId": self.a.vpc},
            HostedZoneConfig={"PrivateZone": True},
        )
        self.zone = made["HostedZone"]["Id"]

    def change(self, *changes):
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record} for action, record in changes]}
        return self.a.route53.change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch=batch)

    def alias(self, target="internal-orders-1.eu-central-1.elb.amazonaws.com", **more):
        target = {"HostedZoneId": "Z215JYRZR1TBD5", "DNSName": target, "EvaluateTargetHealth": False, **more}
        return {"Name": self.NAME, "Type": "A", "AliasTarget": target}

    def records(self):
        found = self.a.route53.list_resource_record_sets(HostedZoneId=self.zone)["ResourceRecordSets"]
        return [r for r in found if r["Type"] not in ("NS", "SOA")]

    def refuses(self, *changes):
        with self.assertRaisesRegex(Exception, "InvalidChangeBatch"):
            self.change(*changes)

    def test_zone(self):
        shown = self.a.route53.get_hosted_zone(Id=self.zone)
        self.assertRegex(self.zone, "^/hostedzone/Z[0-9A-Z]+$")
        self.assertTrue(shown["HostedZone"]["Config"]["PrivateZone"])
        self.assertEqual([{"VPCRegion": REGION, "VPCId": self.a.vpc}], shown["VPCs"])
        self.refused(
            "HostedZoneAlreadyExists",
            self.a.route53.create_hosted_zone,
            Name="x.example.com",
            CallerReference=self.a.number,
        )
        self.assertEqual(1, len(self.a.route53.list_hosted_zones_by_name(DNSName="corp.example.com")["HostedZones"]))

    def test_creation_finds_nothing(self):
        self.change(("CREATE", self.alias()))
        self.refuses(("CREATE", self.alias()))
        self.refuses(("CREATE", self.alias("other.example.com")))
        self.assertEqual(1, len(self.records()))
        (record,) = self.records()
        self.assertEqual(self.NAME + ".", record["Name"])
        self.assertEqual("Z215JYRZR1TBD5", record["AliasTarget"]["HostedZoneId"])

    def test_deletion_is_exact(self):
        self.refuses(("DELETE", self.alias()))
        self.change(("CREATE", self.alias()))
        self.refuses(("DELETE", self.alias("other.example.com")))
        self.refuses(("DELETE", self.alias(EvaluateTargetHealth=True)))
        self.change(("DELETE", {**self.alias(), "Name": self.NAME.upper() + "."}))
        self.assertEqual([], self.records())
        self.refuses(("DELETE", self.alias()))
        self.change(("CREATE", self.alias()))

    def test_batches_are_atomic(self):
        self.change(("CREATE", self.alias()))
        self.refuses(
            ("DELETE", self.alias()), ("CREATE", self.alias("new.example.com")), ("DELETE", self.alias("x.example.com"))
        )
        self.assertTrue(self.records()[0]["AliasTarget"]["DNSName"].startswith("internal-orders-1."))
        self.change(("DELETE", self.alias()), ("CREATE", self.alias("new.example.com")))
        self.assertTrue(self.records()[0]["AliasTarget"]["DNSName"].startswith("new."))

    def test_plain_records(self):
        plain = {
            "Name": "txt.corp.example.com",
            "Type": "TXT",
            "TTL": 60,
            "ResourceRecords": [{"Value": '"a"'}, {"Value": '"b"'}],
        }
        self.change(("UPSERT", plain))
        self.change(("UPSERT", plain))
        self.refuses(("DELETE", {**plain, "TTL": 61}))
        self.refuses(("DELETE", {**plain, "ResourceRecords": [{"Value": '"a"'}]}))
        self.change(("DELETE", plain))
        with self.assertRaisesRegex(Exception, "InvalidChangeBatch"):
            self.change(("CREATE", {**plain, "Name": "txt.other.example.com"}))

    def test_changes_are_in_sync(self):
        identity = self.change(("CREATE", self.alias()))["ChangeInfo"]["Id"]
        self.assertEqual("INSYNC", self.a.route53.get_change(Id=identity)["ChangeInfo"]["Status"])


class Certificates(Case):
    def test_requested_ones_are_issued(self):
        a = Account()
        arn = a.acm.request_certificate(
            DomainName="orders.corp.example.com",
            SubjectAlternativeNames=["shop.corp.example.com"],
            ValidationMethod="DNS",
            Tags=[{"Key": "a", "Value": "1"}],
        )["CertificateArn"]
        shown = a.acm.describe_certificate(CertificateArn=arn)["Certificate"]
        self.assertEqual("ISSUED", shown["Status"])
        self.assertEqual({"orders.corp.example.com", "shop.corp.example.com"}, set(shown["SubjectAlternativeNames"]))
        self.assertEqual([{"Key": "a", "Value": "1"}], a.acm.list_tags_for_certificate(CertificateArn=arn)["Tags"])
        self.refused("ResourceNotFoundException", Account().acm.describe_certificate, CertificateArn=arn)

    def test_imported_ones_are_issued(self):
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "orders.corp.example.com")])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now)
            .not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("orders.corp.example.com")]), False)
            .sign(key, hashes.SHA256())
        )
        encoding = serialization.Encoding.PEM
        a = Account()
        arn = a.acm.import_certificate(
            Certificate=certificate.public_bytes(encoding),
            PrivateKey=key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        )["CertificateArn"]
        shown = a.acm.describe_certificate(CertificateArn=arn)["Certificate"]
        self.assertEqual(
            ("ISSUED", "IMPORTED", "orders.corp.example.com"), (shown["Status"], shown["Type"], shown["DomainName"])
        )

    def test_one_in_use_stays(self):
        a = Account().network()
        arn = a.certificate()
        a.apigateway.create_domain_name(
            domainName="orders.corp.example.com",
            regionalCertificateArn=arn,
            endpointConfiguration={"types": ["REGIONAL"]},
        )
        self.refused("ResourceInUseException", a.acm.delete_certificate, CertificateArn=arn)
        a.apigateway.delete_domain_name(domainName="orders.corp.example.com")
        a.acm.delete_certificate(CertificateArn=arn)


class Functions(Case):
    def test_permissions_without_docker(self):
        a, archive = Account(), io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("index.py", "def handler(event, context): return {}")
        a.functions.create_function(
            FunctionName="sms",
            Runtime="python3.12",
            Role=f"arn:aws:iam::{a.number}:role/r",
            Handler="index.handler",
            Code={"ZipFile": archive.getvalue()},
        )
        shown = a.functions.get_function(FunctionName="sms")["Configuration"]
        self.assertEqual(f"arn:aws:lambda:{REGION}:{a.number}:function:sms", shown["FunctionArn"])
        permission = {
            "FunctionName": "sms",
            "StatementId": "hybridgw-orders",
            "Action": "lambda:InvokeFunction",
            "Principal": "elasticloadbalancing.amazonaws.com",
            "SourceArn": f"arn:aws:elasticloadbalancing:{REGION}:{a.number}:targetgroup/t/1",
        }
        a.functions.add_permission(**permission)
        self.refused("ResourceConflictException", a.functions.add_permission, **permission)
        (statement,) = json.loads(a.functions.get_policy(FunctionName="sms")["Policy"])["Statement"]
        self.assertEqual("hybridgw-orders", statement["Sid"])
        a.functions.remove_permission(FunctionName="sms", StatementId="hybridgw-orders")
        self.refused("ResourceNotFoundException", a.functions.get_policy, FunctionName="sms")
        self.refused("ResourceNotFoundException", a.functions.remove_permission, FunctionName="sms", StatementId="x")
        self.refused("ResourceNotFoundException", a.functions.get_function, FunctionName="nobody")


class Accounts(Case):
    def test_they_do_not_see_each_other(self):
        one, other = Account().network(), Account().network()
        self.assertEqual(one.number, one.sts.get_caller_identity()["Account"])
        group = one.group("g")
        one.endpoint([group])
        one.balancer("orders", [group])
        one.target_group("t")
        one.apigateway.create_rest_api(name="orders")
        one.apigateway.create_domain_name(domainName="o.example.com")
        one.route53.create_hosted_zone(Name="corp.example.com", CallerReference="1")
        one.certificate()
        self.assertEqual([], other.ec2.describe_vpc_endpoints()["VpcEndpoints"])
        self.refused("InvalidGroup.NotFound", other.ec2.describe_security_groups, GroupIds=[group])
        self.assertEqual([], other.interfaces())
        self.assertEqual([], other.elbv2.describe_load_balancers()["LoadBalancers"])
        self.assertEqual([], other.elbv2.describe_target_groups()["TargetGroups"])
        self.assertEqual([], other.apigateway.get_rest_apis()["items"])
        self.assertEqual([], other.apigateway.get_domain_names().get("items", []))
        self.assertEqual([], other.route53.list_hosted_zones()["HostedZones"])
        self.assertEqual([], other.acm.list_certificates()["CertificateSummaryList"])
        other.balancer("orders", [other.group("g")])
        other.apigateway.create_domain_name(domainName="o.example.com")
