from concurrent.futures import ThreadPoolExecutor

from support import REGION, TLS_POLICY, Account, Case


class Balancers(Case):
    def setUp(self):
        self.a = Account().network()
        self.group = self.a.group("balancer")

    def test_creation_is_idempotent_with_the_same_settings(self):
        first = self.a.balancer("orders", [self.group])
        again = self.a.balancer("orders", [self.group], Subnets=self.a.subnets[1::-1])
        self.assertEqual(first["LoadBalancerArn"], again["LoadBalancerArn"])
        self.assertEqual(1, len(self.a.elbv2.describe_load_balancers()["LoadBalancers"]))
        for change in ({"Subnets": self.a.subnets}, {"Scheme": "internet-facing"}, {"groups": [self.a.group("x")]}):
            with self.assertRaisesRegex(Exception, "DuplicateLoadBalancerName"):
                self.a.balancer("orders", change.pop("groups", [self.group]), **change)

    def test_a_name_created_by_many_at_once(self):
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda _: self.a.balancer("orders", [self.group])["LoadBalancerArn"], range(8)))
        self.assertEqual(1, len(set(made)))
        self.assertEqual(2, len(self.a.interfaces()))

    def test_how_it_is_shown(self):
        self.a.balancer("orders", [self.group])
        shown = self.a.elbv2.describe_load_balancers(Names=["orders"])["LoadBalancers"][0]
        self.assertRegex(shown["DNSName"], rf"^internal-orders-\d+\.{REGION}\.elb\.amazonaws\.com$")
        self.assertEqual("Z215JYRZR1TBD5", shown["CanonicalHostedZoneId"])
        self.assertEqual("active", shown["State"]["Code"])
        self.assertEqual([self.group], shown["SecurityGroups"])
        self.assertEqual(self.a.subnets[:2], [z["SubnetId"] for z in shown["AvailabilityZones"]])
        public = self.a.balancer("public", [self.group], Scheme="internet-facing")
        self.assertRegex(public["DNSName"], r"^public-\d+\.")
        self.refused("LoadBalancerNotFound", self.a.elbv2.describe_load_balancers, Names=["orders", "nobody"])
        self.refused("LoadBalancerNotFound", self.a.elbv2.describe_load_balancers, Names=["nobody"])

    def test_refused_settings(self):
        for code, change in (
            ("ValidationError", {"Subnets": self.a.subnets[:1]}),
            ("SubnetNotFound", {"Subnets": [self.a.subnets[0], "subnet-00000000000000000"]}),
            ("InvalidSecurityGroup", {"groups": ["sg-00000000000000000"]}),
            ("ValidationError", {"name": "internal-orders"}),
            ("ValidationError", {"name": "-orders"}),
            ("ValidationError", {"name": "o" * 33}),
        ):
            with self.assertRaisesRegex(Exception, code, msg=str(change)):
                self.a.balancer(change.pop("name", "orders"), change.pop("groups", [self.group]), **change)
        self.assertEqual([], self.a.elbv2.describe_load_balancers()["LoadBalancers"])

    def test_attributes(self):
        arn = self.a.balancer("orders", [self.group])["LoadBalancerArn"]

        def read():
            found = self.a.elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
            return {a["Key"]: a["Value"] for a in found}

        before = read()
        self.assertEqual(
            ("60", "false", "false", "false"),
            tuple(
                before[k]
                for k in (
                    "idle_timeout.timeout_seconds",
                    "deletion_protection.enabled",
                    "routing.http.drop_invalid_header_fields.enabled",
                    "access_logs.s3.enabled",
                )
            ),
        )
        wanted = {
            "idle_timeout.timeout_seconds": "120",
            "routing.http.drop_invalid_header_fields.enabled": "true",
            "access_logs.s3.enabled": "true",
            "access_logs.s3.bucket": "logs",
            "access_logs.s3.prefix": "orders",
        }
        self.a.elbv2.modify_load_balancer_attributes(
            LoadBalancerArn=arn, Attributes=[{"Key": k, "Value": v} for k, v in wanted.items()]
        )
        self.assertEqual({**before, **wanted}, read())
        unknown = [{"Key": "idle.timeout", "Value": "1"}]
        self.refused(
            "ValidationError", self.a.elbv2.modify_load_balancer_attributes, LoadBalancerArn=arn, Attributes=unknown
        )

    def test_deletion_protection(self):
        arn = self.a.balancer("orders", [self.group])["LoadBalancerArn"]
        key = "deletion_protection.enabled"
        self.a.elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": key, "Value": "true"}])
        self.refused("OperationNotPermitted", self.a.elbv2.delete_load_balancer, LoadBalancerArn=arn)
        self.a.elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": key, "Value": "false"}])
        self.a.elbv2.delete_load_balancer(LoadBalancerArn=arn)
        self.a.elbv2.delete_load_balancer(LoadBalancerArn=arn)  # once more: no error
        self.refused("LoadBalancerNotFound", self.a.elbv2.describe_load_balancers, LoadBalancerArns=[arn])

    def test_moving(self):
        arn = self.a.balancer("orders", [self.group])["LoadBalancerArn"]
        kept = {i["SubnetId"]: i["PrivateIpAddress"] for i in self.a.interfaces()}
        self.a.elbv2.set_subnets(LoadBalancerArn=arn, Subnets=self.a.subnets[1:])
        now = {i["SubnetId"]: i["PrivateIpAddress"] for i in self.a.interfaces()}
        self.assertEqual(set(self.a.subnets[1:]), set(now))
        self.assertEqual(kept[self.a.subnets[1]], now[self.a.subnets[1]])
        other = self.a.group("other")
        self.assertEqual(
            [other], self.a.elbv2.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[other])["SecurityGroupIds"]
        )
        self.assertEqual([], self.a.interfaces(group_id=self.group))
        self.a.ec2.delete_security_group(GroupId=self.group)
        with self.assertRaisesRegex(Exception, "ValidationError"):
            self.a.elbv2.set_subnets(LoadBalancerArn=arn, Subnets=self.a.subnets[:1])

    def test_tags(self):
        elbv2, tags = self.a.elbv2, [{"Key": "hybridgw:stack", "Value": "orders"}]
        balancer = self.a.balancer("orders", [self.group], Tags=tags)
        target_group = elbv2.create_target_group(
            Name="t", Protocol="HTTPS", Port=443, VpcId=self.a.vpc, TargetType="ip", Tags=tags
        )["TargetGroups"][0]["TargetGroupArn"]
        listener = self.a.listener(balancer, Tags=tags)["ListenerArn"]
        rule = elbv2.create_rule(
            ListenerArn=listener,
            Priority=1,
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"]}}],
            Actions=[{"Type": "forward", "TargetGroupArn": target_group}],
            Tags=tags,
        )["Rules"][0]["RuleArn"]
        arns = [balancer["LoadBalancerArn"], target_group, listener, rule]
        shown = elbv2.describe_tags(ResourceArns=arns)["TagDescriptions"]
        self.assertEqual({arn: tags for arn in arns}, {d["ResourceArn"]: d["Tags"] for d in shown})
        many = [{"Key": f"k{n}", "Value": "v"} for n in range(49)]
        elbv2.add_tags(ResourceArns=[rule], Tags=many)
        self.assertEqual(50, len(elbv2.describe_tags(ResourceArns=[rule])["TagDescriptions"][0]["Tags"]))
        self.refused("TooManyTags", elbv2.add_tags, ResourceArns=[rule], Tags=[{"Key": "more", "Value": "v"}])
        elbv2.remove_tags(ResourceArns=[rule], TagKeys=[t["Key"] for t in many])
        self.assertEqual(tags, elbv2.describe_tags(ResourceArns=[rule])["TagDescriptions"][0]["Tags"])
        self.refused("ValidationError", elbv2.describe_tags, ResourceArns=arns * 6)
        elbv2.delete_rule(RuleArn=rule)
        self.refused("RuleNotFound", elbv2.describe_tags, ResourceArns=[rule])
        elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
        self.refused("LoadBalancerNotFound", elbv2.describe_tags, ResourceArns=[balancer["LoadBalancerArn"]])


class Listeners(Case):
    def setUp(self):
        self.a = Account().network()
        self.balancer = self.a.balancer("orders", [self.a.group("balancer")])
        self.target_group = self.a.target_group("t")

    def rules(self, listener):
        return self.a.elbv2.describe_rules(ListenerArn=listener)["Rules"]

    def rule(self, listener, priority, value="/a", **more):
        request = {"Actions": [{"Type": "forward", "TargetGroupArn": self.target_group}], **more}
        conditions = [{"Field": "path-pattern", "PathPatternConfig": {"Values": [value]}}]
        return self.a.elbv2.create_rule(ListenerArn=listener, Priority=priority, Conditions=conditions, **request)[
            "Rules"
        ][0]

    def test_one_listener_a_port(self):
        first = self.a.listener(self.balancer)
        self.assertEqual(first["ListenerArn"], self.a.listener(self.balancer)["ListenerArn"])
        other = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "403"}}]
        with self.assertRaisesRegex(Exception, "DuplicateListener"):
            self.a.listener(self.balancer, DefaultActions=other)
        found = self.a.elbv2.describe_listeners(LoadBalancerArn=self.balancer["LoadBalancerArn"])["Listeners"]
        self.assertEqual([TLS_POLICY], [listener["SslPolicy"] for listener in found])
        self.assertEqual([{"CertificateArn": self.a.shared_certificate}], found[0]["Certificates"])

    def test_refused_settings(self):
        for code, change in (
            ("SSLPolicyNotFound", {"SslPolicy": "ELBSecurityPolicy-Nobody"}),
            ("ValidationError", {"Certificates": []}),
            ("CertificateNotFound", {"Certificates": [{"CertificateArn": self.a.certificate()[:-1] + "0" * 4}]}),
            (
                "TargetGroupNotFound",
                {"DefaultActions": [{"Type": "forward", "TargetGroupArn": self.target_group[:-4] + "0000"}]},
            ),
        ):
            with self.assertRaisesRegex(Exception, code):
                self.a.listener(self.balancer, **change)
        listener = self.a.listener(self.balancer)["ListenerArn"]
        self.refused("SSLPolicyNotFound", self.a.elbv2.modify_listener, ListenerArn=listener, SslPolicy="nobody")

    def test_a_target_group_serves_one_balancer(self):
        forward = [{"Type": "forward", "TargetGroupArn": self.target_group}]
        self.a.listener(self.balancer, DefaultActions=forward)
        other = self.a.balancer("other", [self.a.group("g2")])
        with self.assertRaisesRegex(Exception, "TargetGroupAssociationLimit"):
            self.a.listener(other, DefaultActions=forward)
        self.refused("ResourceInUse", self.a.elbv2.delete_target_group, TargetGroupArn=self.target_group)
        self.a.elbv2.delete_load_balancer(LoadBalancerArn=self.balancer["LoadBalancerArn"])
        shown = self.a.elbv2.describe_target_groups(TargetGroupArns=[self.target_group])["TargetGroups"][0]
        self.assertEqual([], shown["LoadBalancerArns"])
        self.a.listener(other, DefaultActions=forward)

    def test_further_certificates(self):
        elbv2, listener = self.a.elbv2, self.a.listener(self.balancer)["ListenerArn"]
        default, shop = self.a.shared_certificate, self.a.certificate("shop.corp.example.com")

        def listed():
            found = elbv2.describe_listener_certificates(ListenerArn=listener)["Certificates"]
            return [(c["CertificateArn"], c["IsDefault"]) for c in found]

        on = {"ListenerArn": listener, "Certificates": [{"CertificateArn": shop}]}
        elbv2.add_listener_certificates(**on)
        elbv2.add_listener_certificates(**on)
        self.assertEqual([(default, True), (shop, False)], listed())
        self.refused("ResourceInUseException", self.a.acm.delete_certificate, CertificateArn=shop)
        other = self.a.certificate("orders.corp.example.com")
        elbv2.modify_listener(ListenerArn=listener, Certificates=[{"CertificateArn": other}])
        self.assertEqual([(other, True), (shop, False)], listed())
        unknown = {**on, "Certificates": [{"CertificateArn": shop[:-4] + "0000"}]}
        self.refused("CertificateNotFound", elbv2.add_listener_certificates, **unknown)
        the_default = {**on, "Certificates": [{"CertificateArn": other}]}
        self.refused("OperationNotPermitted", elbv2.remove_listener_certificates, **the_default)
        elbv2.remove_listener_certificates(**on)
        elbv2.remove_listener_certificates(**on)
        self.assertEqual([(other, True)], listed())
        self.a.acm.delete_certificate(CertificateArn=shop)
        for n in range(25):
            one = {**on, "Certificates": [{"CertificateArn": self.a.certificate(f"shop{n}.corp.example.com")}]}
            elbv2.add_listener_certificates(**one)
        one = {**on, "Certificates": [{"CertificateArn": default}]}
        self.refused("TooManyCertificates", elbv2.add_listener_certificates, **one)

    def test_modification(self):
        listener = self.a.listener(self.balancer)["ListenerArn"]
        other = self.a.certificate("shop.corp.example.com")
        self.a.elbv2.modify_listener(
            ListenerArn=listener,
            SslPolicy="ELBSecurityPolicy-TLS13-1-3-2021-06",
            Certificates=[{"CertificateArn": other}],
        )
        shown = self.a.elbv2.describe_listeners(ListenerArns=[listener])["Listeners"][0]
        self.assertEqual("ELBSecurityPolicy-TLS13-1-3-2021-06", shown["SslPolicy"])
        self.assertEqual([other], [c["CertificateArn"] for c in shown["Certificates"]])
        self.assertEqual("404", shown["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"])
        self.a.acm.delete_certificate(CertificateArn=self.a.shared_certificate)
        shown = self.a.acm.describe_certificate(CertificateArn=other)["Certificate"]
        self.assertEqual([self.balancer["LoadBalancerArn"]], shown["InUseBy"])
        self.refused("ResourceInUseException", self.a.acm.delete_certificate, CertificateArn=other)
        self.a.elbv2.delete_listener(ListenerArn=listener)
        self.a.acm.delete_certificate(CertificateArn=other)

    def test_redirect_listener(self):
        redirect = [
            {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
        ]
        made = self.a.listener(self.balancer, Protocol="HTTP", Port=80, SslPolicy=TLS_POLICY, DefaultActions=redirect)
        shown = self.a.elbv2.describe_listeners(ListenerArns=[made["ListenerArn"]])["Listeners"][0]
        self.assertNotIn("SslPolicy", shown)
        self.assertEqual("#{host}", shown["DefaultActions"][0]["RedirectConfig"]["Host"])
        self.assertEqual("/#{path}", shown["DefaultActions"][0]["RedirectConfig"]["Path"])

    def test_rules(self):
        listener = self.a.listener(self.balancer)["ListenerArn"]
        second, first = self.rule(listener, 20, "/b"), self.rule(listener, 10)
        self.assertEqual(["10", "20", "default"], [r["Priority"] for r in self.rules(listener)])
        self.refused(
            "PriorityInUse",
            self.a.elbv2.create_rule,
            ListenerArn=listener,
            Priority=10,
            Conditions=first["Conditions"][:1] and [{"Field": "path-pattern", "Values": ["/x"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": self.target_group}],
        )
        shown = self.rules(listener)[0]
        self.assertEqual(["/a"], shown["Conditions"][0]["Values"])
        self.assertEqual(["/a"], shown["Conditions"][0]["PathPatternConfig"]["Values"])
        self.assertEqual(self.target_group, shown["Actions"][0]["TargetGroupArn"])
        self.assertEqual(self.target_group, shown["Actions"][0]["ForwardConfig"]["TargetGroups"][0]["TargetGroupArn"])
        swapped = [{"RuleArn": first["RuleArn"], "Priority": 20}, {"RuleArn": second["RuleArn"], "Priority": 10}]
        self.a.elbv2.set_rule_priorities(RulePriorities=swapped)
        self.assertEqual([second["RuleArn"], first["RuleArn"]], [r["RuleArn"] for r in self.rules(listener)[:2]])
        third = self.rule(listener, 30, "/c")["RuleArn"]
        self.refused(
            "PriorityInUse", self.a.elbv2.set_rule_priorities, RulePriorities=[{"RuleArn": third, "Priority": 10}]
        )
        default = self.rules(listener)[-1]["RuleArn"]
        self.refused("OperationNotPermitted", self.a.elbv2.delete_rule, RuleArn=default)
        self.a.elbv2.delete_rule(RuleArn=third)
        self.refused("RuleNotFound", self.a.elbv2.delete_rule, RuleArn=third)
        self.assertEqual(3, len(self.rules(listener)))

    def test_conditions_and_actions(self):
        listener = self.a.listener(self.balancer)["ListenerArn"]
        conditions = [
            {"Field": "host-header", "HostHeaderConfig": {"Values": ["orders.corp.example.com"]}},
            {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/sms", "/sms/*"]}},
            {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "x-apigw-api-id", "Values": ["*"]}},
        ]
        fixed = {
            "Type": "fixed-response",
            "FixedResponseConfig": {"StatusCode": "403", "ContentType": "text/plain", "MessageBody": "no"},
        }
        rule = self.a.elbv2.create_rule(ListenerArn=listener, Priority=1, Conditions=conditions, Actions=[fixed])[
            "Rules"
        ][0]["RuleArn"]
        shown = self.rules(listener)[0]
        for given, read in zip(conditions, shown["Conditions"], strict=True):
            self.assertLessEqual(given.items(), read.items())
        self.assertLessEqual(fixed.items(), shown["Actions"][0].items())
        modified = self.a.elbv2.modify_rule(RuleArn=rule, Conditions=conditions[:1])["Rules"][0]
        self.assertEqual(1, len(modified["Conditions"]))
        self.assertLessEqual(fixed.items(), self.rules(listener)[0]["Actions"][0].items())
        self.a.elbv2.modify_rule(RuleArn=rule, Actions=[{"Type": "forward", "TargetGroupArn": self.target_group}])
        self.assertEqual("forward", self.rules(listener)[0]["Actions"][0]["Type"])
        six = [{"Field": "path-pattern", "PathPatternConfig": {"Values": [f"/{n}" for n in range(6)]}}]
        self.refused("ValidationError", self.a.elbv2.modify_rule, RuleArn=rule, Conditions=six)

    def test_transforms_are_kept(self):
        listener = self.a.listener(self.balancer)["ListenerArn"]
        rewrite = {"Rewrites": [{"Regex": "^/a/(.*)$", "Replace": "/$1"}]}
        transforms = [{"Type": "url-rewrite", "UrlRewriteConfig": rewrite}]
        rule = self.rule(listener, 1, Transforms=transforms)["RuleArn"]
        self.assertEqual(transforms, self.rules(listener)[0]["Transforms"])
        self.a.elbv2.modify_rule(RuleArn=rule, ResetTransforms=True)
        self.assertFalse(self.rules(listener)[0].get("Transforms"))
