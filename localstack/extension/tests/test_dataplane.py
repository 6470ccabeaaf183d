"""The whole chain under one name, and each link taken away."""

import json

from support import ENDPOINT, REGION, Account, Case, ask, document, new_account, policy


class Chain(Case):
    """A stack as hybridgw builds it, of one account and one name."""

    def setUp(self):
        self.a = a = Account(new_account()).network()
        self.name = f"orders-{a.number}.corp.example.com"
        self.front, self.back = a.group("front"), a.group("back")
        a.ec2.authorize_security_group_ingress(
            GroupId=self.front,
            IpPermissions=[
                {"IpProtocol": "tcp", "FromPort": p, "ToPort": p, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
                for p in (443, 80)
            ],
        )
        a.permit(self.back, self.front)
        self.endpoint = a.endpoint([self.back])
        self.vpce = self.endpoint["VpcEndpointId"]
        self.group = a.target_group("orders")
        a.elbv2.register_targets(TargetGroupArn=self.group, Targets=[{"Id": x} for x in a.addresses(self.endpoint)])
        self.balancer = a.balancer("orders", [self.front])
        self.listener = a.listener(self.balancer)["ListenerArn"]
        self.forward = [{"Type": "forward", "TargetGroupArn": self.group}]
        self.rule = self.add_rule(
            10, [{"Field": "host-header", "HostHeaderConfig": {"Values": [self.name]}}], self.forward
        )
        self.api = self.make_api("hello")
        a.apigateway.create_domain_name(
            domainName=self.name,
            regionalCertificateArn=a.certificate(self.name),
            endpointConfiguration={"types": ["REGIONAL"]},
            securityPolicy="TLS_1_2",
        )
        a.apigateway.create_base_path_mapping(domainName=self.name, restApiId=self.api, stage="v1")
        self.zone = a.route53.create_hosted_zone(
            Name="corp.example.com",
            CallerReference="1",
            VPC={"VPCRegion": REGION, "VPCId": a.vpc},
            HostedZoneConfig={"PrivateZone": True},
        )["HostedZone"]["Id"]
        self.record("CREATE")

    def make_api(self, text, **more):
        g = self.a.apigateway
        api = g.create_rest_api(
            name="orders",
            endpointConfiguration={"types": ["PRIVATE"], "vpcEndpointIds": [self.vpce]},
            policy=json.dumps(policy(self.vpce)),
        )["id"]
        self.put(api, text, **more)
        g.create_deployment(restApiId=api, stageName="v1")
        return api

    def put(self, api, text, **more):
        self.a.apigateway.put_rest_api(
            restApiId=api, mode="overwrite", body=json.dumps(document(self.vpce, text, **more)).encode()
        )

    def add_rule(self, priority, conditions, actions):
        made = self.a.elbv2.create_rule(
            ListenerArn=self.listener, Priority=priority, Conditions=conditions, Actions=actions
        )
        return made["Rules"][0]["RuleArn"]

    def record(self, action, target=None):
        alias = {
            "HostedZoneId": self.balancer["CanonicalHostedZoneId"],
            "DNSName": target or self.balancer["DNSName"],
            "EvaluateTargetHealth": False,
        }
        change = {"Action": action, "ResourceRecordSet": {"Name": self.name, "Type": "A", "AliasTarget": alias}}
        self.a.route53.change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch={"Changes": [change]})

    def expect(self, status, hop, path="/", **more):
        answer = ask(self.name, path, **more)
        self.assertEqual((status, hop), (answer.status, answer.hop), (answer.headers.items(), answer.body))
        return answer


class Through(Chain):
    def test_the_whole_chain(self):
        self.assertEqual("hello", self.expect(200, None).body)
        self.assertEqual("hello", ask(self.name, secure=False, x_forwarded_proto="https").body)
        self.assertEqual("healthy", self.expect(200, None, "/ping").body)
        self.assertEqual(403, ask(self.name, "/nowhere").status)  # API Gateway's own word for an unknown path
        self.assertEqual("hello", self.expect(200, None, "/?a=1").body)

    def test_other_hosts_pass_untouched(self):
        answer = ask("nobody.corp.example.com", "/_localstack/health")
        self.assertEqual((200, None), (answer.status, answer.hop))
        self.assertIn("services", answer.json())
        self.assertEqual(200, ask("localhost", "/_localstack/health", secure=False).status)

    def test_base_paths(self):
        other = self.make_api("sms")
        self.a.apigateway.create_base_path_mapping(domainName=self.name, restApiId=other, stage="v1", basePath="sms")
        self.assertEqual("sms", self.expect(200, None, "/sms").body)
        self.assertEqual("sms", self.expect(200, None, "/sms/").body)
        self.assertEqual("hello", self.expect(200, None, "/").body)
        self.a.apigateway.delete_base_path_mapping(domainName=self.name, basePath="(none)")
        self.assertEqual({"message": "Forbidden"}, self.expect(403, "mapping").json())
        self.assertEqual("sms", self.expect(200, None, "/sms").body)

    def test_a_path_below_the_root(self):
        self.put(self.api, "deep", path="/v1/orders/{id}")
        self.a.apigateway.create_deployment(restApiId=self.api, stageName="v1")
        self.assertEqual("deep", self.expect(200, None, "/v1/orders/7").body)

    def test_what_counts_is_what_was_deployed(self):
        self.put(self.api, "new")
        self.assertEqual("hello", ask(self.name).body)
        self.a.apigateway.update_rest_api(
            restApiId=self.api,
            patchOperations=[{"op": "replace", "path": "/policy", "value": json.dumps(policy("vpce-0"))}],
        )
        self.assertEqual("hello", ask(self.name).body)
        self.a.apigateway.create_deployment(restApiId=self.api, stageName="v1")
        self.assertIn("not authorized", self.expect(403, "policy").json()["Message"])

    def test_http_integration(self):
        integration = {
            "type": "http",
            "httpMethod": "GET",
            "uri": f"{ENDPOINT}/_localstack/health",
            "responses": {"default": {"statusCode": "200"}},
        }
        methods = {"get": {"responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": integration}}
        self.put(self.api, "", paths={"/": methods})
        self.a.apigateway.create_deployment(restApiId=self.api, stageName="v1")
        self.assertIn("services", self.expect(200, None).json())

    def test_the_same_name_in_two_accounts(self):
        self.assertEqual(200, ask(self.name, x_hybridgw_account=self.a.number).status)
        nobody = ask(self.name, "/_localstack/health", x_hybridgw_account="000000000001")
        self.assertEqual((200, None), (nobody.status, nobody.hop))  # passes untouched


class Refusals(Chain):
    def test_record(self):
        self.record("UPSERT", "internal-orders-1.eu-central-1.elb.amazonaws.com")
        self.expect(503, "record")
        self.record("UPSERT", "dualstack." + self.balancer["DNSName"])
        self.expect(200, None)
        self.record("DELETE", "dualstack." + self.balancer["DNSName"])
        self.assertNotEqual("hello", ask(self.name).body)

    def test_security_group(self):
        self.expect(503, "security-group", x_hybridgw_client="192.168.1.1")
        self.expect(200, None, x_hybridgw_client="10.20.30.40")

    def test_listener(self):
        self.expect(503, "listener", secure=False)
        self.a.elbv2.delete_listener(ListenerArn=self.listener)
        self.expect(503, "listener")

    def test_redirect(self):
        redirect = [
            {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
        ]
        self.a.listener(
            self.balancer, Protocol="HTTP", Port=80, SslPolicy="ELBSecurityPolicy-2016-08", DefaultActions=redirect
        )
        answer = self.expect(301, None, "/a?b=c", secure=False)
        self.assertEqual(f"https://{self.name}:443/a?b=c", answer.headers["Location"])

    def test_rules(self):
        self.a.elbv2.modify_rule(
            RuleArn=self.rule,
            Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": ["other.example.com"]}}],
        )
        self.expect(404, "rule")
        wild = [
            {"Field": "host-header", "HostHeaderConfig": {"Values": ["ORDERS-*.corp.example.co?"]}},
            {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/sms", "/s?s/*"]}},
        ]
        self.a.elbv2.modify_rule(RuleArn=self.rule, Conditions=wild)
        self.expect(404, "rule")
        self.expect(404, "rule", "/smsx")
        self.assertIsNone(ask(self.name, "/sms/x").hop)
        fixed = [
            {
                "Type": "fixed-response",
                "FixedResponseConfig": {
                    "StatusCode": "403",
                    "ContentType": "application/json",
                    "MessageBody": '{"no": 1}',
                },
            }
        ]
        header = [{"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Apigw-Api-Id", "Values": ["*"]}}]
        self.add_rule(1, header, fixed)
        answer = ask(self.name, "/sms", x_apigw_api_id="abc")
        self.assertEqual((403, {"no": 1}), (answer.status, answer.json()))

    def test_targets(self):
        addresses = self.a.addresses(self.endpoint)
        self.a.elbv2.deregister_targets(TargetGroupArn=self.group, Targets=[{"Id": a} for a in addresses])
        self.expect(503, "target")
        self.a.elbv2.register_targets(TargetGroupArn=self.group, Targets=[{"Id": "10.0.3.200"}])
        self.expect(503, "target")
        self.a.elbv2.register_targets(TargetGroupArn=self.group, Targets=[{"Id": addresses[0]}])
        self.expect(200, None)
        self.a.ec2.delete_vpc_endpoints(VpcEndpointIds=[self.vpce])
        self.expect(503, "target")

    def test_an_endpoint_of_another_service(self):
        other = self.a.ec2.create_vpc_endpoint(
            VpcEndpointType="Interface",
            VpcId=self.a.vpc,
            ServiceName=f"com.amazonaws.{REGION}.logs",
            SubnetIds=self.a.subnets[:1],
            SecurityGroupIds=[self.back],
            PrivateDnsEnabled=False,
        )["VpcEndpoint"]
        self.a.elbv2.deregister_targets(
            TargetGroupArn=self.group, Targets=[{"Id": a} for a in self.a.addresses(self.endpoint)]
        )
        self.a.elbv2.register_targets(TargetGroupArn=self.group, Targets=[{"Id": a} for a in self.a.addresses(other)])
        self.expect(502, "endpoint")

    def test_mapping_and_stage(self):
        self.a.apigateway.delete_stage(restApiId=self.api, stageName="v1")
        self.expect(403, "stage")
        self.a.apigateway.delete_domain_name(domainName=self.name)
        self.assertEqual({"message": "Forbidden"}, self.expect(403, "mapping").json())

    def test_the_policy_of_the_endpoint(self):
        def open_for(resource):
            statement = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": resource}
            self.a.ec2.modify_vpc_endpoint(
                VpcEndpointId=self.vpce, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            )

        prefix = f"arn:aws:execute-api:{REGION}:{self.a.number}:"
        open_for(prefix + "0000000000/*")
        self.assertIn("not authorized", self.expect(403, "policy").json()["Message"])
        open_for([prefix + self.api + "/*"])
        self.expect(200, None)
        other = self.make_api("other")
        self.expect(403, "policy", "/v1/", x_apigw_api_id=other)
        open_for("*")
        self.assertEqual("other", self.expect(200, None, "/v1/", x_apigw_api_id=other).body)

    def test_the_policy_of_the_api(self):
        wrong = document(self.vpce, "hello")
        wrong["x-amazon-apigateway-policy"] = policy(
            self.a.vpc
        )  # the article's mistake: the VPC instead of the endpoint
        self.a.apigateway.put_rest_api(restApiId=self.api, mode="overwrite", body=json.dumps(wrong).encode())
        self.a.apigateway.create_deployment(restApiId=self.api, stageName="v1")
        self.expect(403, "policy")
