from support import Account, Case


class Targets(Case):
    def setUp(self):
        self.a = Account().network()
        self.balancers = self.a.group("balancer")
        self.endpoints = self.a.group("endpoint")
        self.endpoint = self.a.endpoint([self.endpoints])
        self.addresses = self.a.addresses(self.endpoint)

    def register(self, group, addresses):
        self.a.elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": a} for a in addresses])

    def serving(self, name="t", **more):
        """A group with both addresses behind a listener."""
        group = self.a.target_group(name, **more)
        self.register(group, self.addresses)
        self.balancer = self.a.balancer(name, [self.balancers])
        self.a.listener(self.balancer, DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])
        return group

    def test_target_groups_are_idempotent(self):
        first = self.a.target_group("t")
        self.assertEqual(first, self.a.target_group("t"))
        with self.assertRaisesRegex(Exception, "DuplicateTargetGroupName"):
            self.a.target_group("t", HealthCheckPath="/sping")
        self.a.elbv2.modify_target_group(
            TargetGroupArn=first, HealthCheckPath="/sping", HealthyThresholdCount=3, Matcher={"HttpCode": "200-499"}
        )
        self.assertEqual(
            first,
            self.a.target_group(
                "t", HealthCheckPath="/sping", HealthyThresholdCount=3, Matcher={"HttpCode": "200-499"}
            ),
        )
        (shown,) = self.a.elbv2.describe_target_groups(Names=["t"])["TargetGroups"]
        self.assertEqual(
            ("/sping", 3, "200-499", "ip", 443, self.a.vpc),
            (
                shown["HealthCheckPath"],
                shown["HealthyThresholdCount"],
                shown["Matcher"]["HttpCode"],
                shown["TargetType"],
                shown["Port"],
                shown["VpcId"],
            ),
        )
        self.refused("TargetGroupNotFound", self.a.elbv2.describe_target_groups, Names=["nobody"])

    def test_attributes(self):
        group = self.a.target_group("t")
        wanted = [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
        self.a.elbv2.modify_target_group_attributes(TargetGroupArn=group, Attributes=wanted)
        shown = self.a.elbv2.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
        self.assertIn(wanted[0], shown)

    def test_addresses_that_are_taken(self):
        group = self.a.target_group("t")
        for address in ("8.8.8.8", "192.168.1.1"):
            self.refused(
                "InvalidTarget", self.a.elbv2.register_targets, TargetGroupArn=group, Targets=[{"Id": address}]
            )
        self.a.elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": "192.168.1.1", "AvailabilityZone": "all"}])
        self.register(group, self.addresses)
        found = self.a.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        self.assertEqual({"192.168.1.1", *self.addresses}, {t["Target"]["Id"] for t in found})
        zones = {t["Target"]["Id"]: t["Target"]["AvailabilityZone"][-1] for t in found}
        self.assertEqual({"192.168.1.1": "l", self.addresses[0]: "a", self.addresses[1]: "b"}, zones)
        self.a.elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.1.250"}, {"Id": "192.168.1.1"}])
        self.assertEqual(2, len(self.a.health(group)))

    def test_health_follows_the_listener(self):
        group = self.a.target_group("t")
        self.register(group, self.addresses)
        self.a.permit(self.endpoints, self.balancers)
        self.assertEqual([("unused", "Target.NotInUse")] * 2, self.a.health(group))
        balancer = self.a.balancer("t", [self.balancers])
        self.assertEqual([("unused", "Target.NotInUse")] * 2, self.a.health(group))
        listener = self.a.listener(balancer)["ListenerArn"]
        rule = self.a.elbv2.create_rule(
            ListenerArn=listener,
            Priority=1,
            Conditions=[{"Field": "path-pattern", "Values": ["/"]}],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group}]}}],
        )["Rules"][0]["RuleArn"]
        self.assertEqual([("healthy", None)] * 2, self.a.health(group))
        self.a.elbv2.delete_rule(RuleArn=rule)
        self.assertEqual([("unused", "Target.NotInUse")] * 2, self.a.health(group))

    def test_health_follows_the_security_groups(self):
        group = self.serving()
        self.assertEqual([("unhealthy", "Target.Timeout")] * 2, self.a.health(group))
        self.a.permit(self.endpoints, self.balancers)
        self.assertEqual([("healthy", None)] * 2, self.a.health(group))
        everything = self.a.ec2.describe_security_groups(GroupIds=[self.balancers])["SecurityGroups"][0][
            "IpPermissionsEgress"
        ]
        self.a.ec2.revoke_security_group_egress(GroupId=self.balancers, IpPermissions=everything)
        self.assertEqual([("unhealthy", "Target.Timeout")] * 2, self.a.health(group))
        self.a.permit(self.balancers, self.endpoints, "egress")
        self.assertEqual([("healthy", None)] * 2, self.a.health(group))

    def test_health_follows_the_addresses(self):
        group = self.serving()
        self.a.permit(self.endpoints, self.balancers)
        self.a.ec2.modify_vpc_endpoint(
            VpcEndpointId=self.endpoint["VpcEndpointId"], RemoveSubnetIds=[self.a.subnets[0]]
        )
        self.assertEqual([("unhealthy", "Target.Timeout"), ("healthy", None)], self.a.health(group))
        self.a.ec2.delete_vpc_endpoints(VpcEndpointIds=[self.endpoint["VpcEndpointId"]])
        self.assertEqual([("unhealthy", "Target.Timeout")] * 2, self.a.health(group))

    def test_health_follows_path_and_matcher(self):
        group = self.serving(HealthCheckPath="/health")
        self.a.permit(self.endpoints, self.balancers)
        self.assertEqual([("unhealthy", "Target.ResponseCodeMismatch")] * 2, self.a.health(group))
        self.a.elbv2.modify_target_group(TargetGroupArn=group, Matcher={"HttpCode": "200-499"})
        self.assertEqual([("healthy", None)] * 2, self.a.health(group))
        self.a.elbv2.modify_target_group(TargetGroupArn=group, Matcher={"HttpCode": "200"}, HealthCheckPath="/ping")
        self.assertEqual([("healthy", None)] * 2, self.a.health(group))

    def test_functions_as_targets(self):
        made = self.a.elbv2.create_target_group(Name="f", TargetType="lambda")["TargetGroups"][0]
        self.assertNotIn("Port", made)
        self.assertFalse(made["HealthCheckEnabled"])
