from support import Account, Case


def range_of(cidr, port=443, **more):
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr, **more}]}


class SecurityGroups(Case):
    def setUp(self):
        self.a = Account().network()
        self.group = self.a.group("orders-load-balancer")
        self.other = self.a.group("orders-endpoint")

    def shown(self, group):
        return self.a.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]

    def test_rules_round_trip(self):
        ec2 = self.a.ec2
        ec2.revoke_security_group_egress(
            GroupId=self.group, IpPermissions=self.shown(self.group)["IpPermissionsEgress"]
        )
        pair = {"GroupId": self.other, "Description": "to the endpoint"}
        permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [pair]}
        ec2.authorize_security_group_egress(GroupId=self.group, IpPermissions=[permission])
        ec2.authorize_security_group_ingress(
            GroupId=self.group,
            IpPermissions=[range_of("10.0.0.0/8", Description="clients"), range_of("10.0.0.0/8", 80)],
        )
        shown = self.shown(self.group)
        self.assertEqual(
            {(443, "10.0.0.0/8", "clients"), (80, "10.0.0.0/8", None)},
            {(p["FromPort"], r["CidrIp"], r.get("Description")) for p in shown["IpPermissions"] for r in p["IpRanges"]},
        )
        (egress,) = shown["IpPermissionsEgress"]
        self.assertEqual([], egress["IpRanges"])
        self.assertEqual(
            (self.other, "to the endpoint"),
            (egress["UserIdGroupPairs"][0]["GroupId"], egress["UserIdGroupPairs"][0].get("Description")),
        )
        rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [self.group]}])[
            "SecurityGroupRules"
        ]
        self.assertEqual(3, len(rules))
        (egress,) = [rule for rule in rules if rule["IsEgress"]]
        self.assertEqual("to the endpoint", egress.get("Description"))
        self.assertEqual(self.other, egress["ReferencedGroupInfo"]["GroupId"])

    def test_duplicate_and_missing_rules(self):
        ec2, permission = self.a.ec2, [range_of("10.0.0.0/8")]
        ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=permission)
        both = [range_of("10.1.0.0/16"), range_of("10.0.0.0/8", Description="another word")]
        self.refused(
            "InvalidPermission.Duplicate", ec2.authorize_security_group_ingress, GroupId=self.group, IpPermissions=both
        )
        self.assertEqual(
            ["10.0.0.0/8"], [r["CidrIp"] for p in self.shown(self.group)["IpPermissions"] for r in p["IpRanges"]]
        )
        self.a.permit(self.group, self.other)
        pair = [
            {
                "IpProtocol": "tcp",
                "FromPort": 443,
                "ToPort": 443,
                "UserIdGroupPairs": [{"GroupId": self.other, "Description": "x"}],
            }
        ]
        self.refused(
            "InvalidPermission.Duplicate", ec2.authorize_security_group_ingress, GroupId=self.group, IpPermissions=pair
        )
        for call in (ec2.revoke_security_group_ingress, ec2.revoke_security_group_egress):
            self.refused(
                "InvalidPermission.NotFound", call, GroupId=self.group, IpPermissions=[range_of("10.9.0.0/16")]
            )
        ec2.revoke_security_group_ingress(GroupId=self.group, IpPermissions=pair)
        ec2.revoke_security_group_ingress(GroupId=self.group, IpPermissions=permission)
        self.assertEqual([], self.shown(self.group)["IpPermissions"])
        ec2.revoke_security_group_egress(
            GroupId=self.group, IpPermissions=self.shown(self.group)["IpPermissionsEgress"]
        )
        self.refused(
            "InvalidPermission.NotFound", ec2.revoke_security_group_egress, GroupId=self.group, IpPermissions=permission
        )

    def test_names(self):
        self.refused(
            "InvalidGroup.Duplicate",
            self.a.ec2.create_security_group,
            GroupName="orders-endpoint",
            Description="x",
            VpcId=self.a.vpc,
        )
        self.refused("InvalidGroup.NotFound", self.a.ec2.describe_security_groups, GroupIds=["sg-00000000000000000"])
        self.refused("InvalidGroup.NotFound", self.a.ec2.delete_security_group, GroupId="sg-00000000000000000")

    def test_tags_and_filters(self):
        tags = [{"Key": "hybridgw:stack", "Value": "orders"}]
        made = self.a.ec2.create_security_group(
            GroupName="tagged",
            Description="t",
            VpcId=self.a.vpc,
            TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
        )["GroupId"]
        self.assertEqual(tags, self.shown(made)["Tags"])
        self.a.permit(made, self.other)
        for name, value in (
            ("tag:hybridgw:stack", "orders"),
            ("group-name", "tagged"),
            ("group-name", "tag*"),
            ("group-id", made),
            ("ip-permission.group-id", self.other),
        ):
            found = self.a.ec2.describe_security_groups(Filters=[{"Name": name, "Values": [value]}])["SecurityGroups"]
            self.assertEqual([made], [g["GroupId"] for g in found], name)
        in_vpc = self.a.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [self.a.vpc]}])[
            "SecurityGroups"
        ]
        self.assertEqual(4, len(in_vpc))  # with the default one

    def test_who_is_in_use_stays(self):
        ec2 = self.a.ec2
        self.a.permit(self.other, self.group)
        self.refused("DependencyViolation", ec2.delete_security_group, GroupId=self.group)
        endpoint = self.a.endpoint([self.other])
        self.refused("DependencyViolation", ec2.delete_security_group, GroupId=self.other)
        ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
        balancer = self.a.balancer("held", [self.group])
        ec2.delete_security_group(GroupId=self.other)
        self.refused("DependencyViolation", ec2.delete_security_group, GroupId=self.group)
        (first, second) = self.a.interfaces(group_id=self.group)
        self.assertTrue(first["Description"].startswith("ELB app/held/"), first["Description"])
        self.assertEqual("amazon-elb", first["RequesterId"])
        self.assertEqual("amazon-elb", second["Attachment"]["InstanceOwnerId"])
        self.assertEqual(2, len(self.a.interfaces(**{"attachment.instance-owner-id": "amazon-elb"})))
        self.a.elbv2.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
        ec2.delete_security_group(GroupId=self.group)
        self.assertEqual([], self.a.interfaces())
