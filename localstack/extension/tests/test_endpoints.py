import json
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address, ip_network

from support import REGION, Account, Case


class Endpoints(Case):
    def setUp(self):
        self.a = Account().network()
        self.group = self.a.group("endpoint")
        self.other = self.a.group("other")

    def one(self, endpoint):
        found = self.a.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
        return found["VpcEndpoints"][0]

    def test_a_client_token_makes_one_endpoint(self):
        first = self.a.endpoint([self.group], ClientToken="t1")
        again = self.a.endpoint([self.group], ClientToken="t1")
        self.assertEqual(first["VpcEndpointId"], again["VpcEndpointId"])
        self.assertEqual(1, len(self.a.ec2.describe_vpc_endpoints()["VpcEndpoints"]))
        with self.assertRaisesRegex(Exception, "IdempotentParameterMismatch"):
            self.a.endpoint([self.other], ClientToken="t1")
        self.assertNotEqual(first["VpcEndpointId"], self.a.endpoint([self.group], ClientToken="t2")["VpcEndpointId"])

    def test_a_token_used_by_many_at_once(self):
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda _: self.a.endpoint([self.group], ClientToken="t")["VpcEndpointId"], range(8)))
        self.assertEqual(1, len(set(made)))

    def test_interfaces(self):
        endpoint = self.a.endpoint([self.group])
        shown = self.one(endpoint)
        self.assertEqual("available", shown["State"].lower())
        self.assertEqual(self.a.subnets[:2], shown["SubnetIds"])
        self.assertEqual([self.group], [g["GroupId"] for g in shown["Groups"]])
        interfaces = self.a.ec2.describe_network_interfaces(NetworkInterfaceIds=shown["NetworkInterfaceIds"])[
            "NetworkInterfaces"
        ]
        self.assertEqual(2, len(interfaces))
        for interface in interfaces:
            number = self.a.subnets.index(interface["SubnetId"]) + 1
            address = ip_address(interface["PrivateIpAddress"])
            self.assertIn(address, ip_network(f"10.0.{number}.0/24"))
            self.assertGreater(int(address) & 255, 3)
            self.assertLess(int(address) & 255, 255)
            self.assertEqual("vpc_endpoint", interface["InterfaceType"])
            self.assertTrue(interface["RequesterManaged"])
            self.assertEqual("in-use", interface["Status"])
            self.assertEqual(f"VPC Endpoint Interface {endpoint['VpcEndpointId']}", interface["Description"])
            self.assertEqual([self.group], [g["GroupId"] for g in interface["Groups"]])
            self.refused(
                "InvalidNetworkInterface.InUse",
                self.a.ec2.delete_network_interface,
                NetworkInterfaceId=interface["NetworkInterfaceId"],
            )

    def test_pinned_addresses(self):
        pins = [{"SubnetId": s, "Ipv4": f"10.0.{n}.77"} for n, s in enumerate(self.a.subnets[:2], 1)]
        endpoint = self.a.endpoint([self.group], SubnetConfigurations=pins)
        self.assertEqual(["10.0.1.77", "10.0.2.77"], self.a.addresses(endpoint))
        for address, code in (
            ("10.0.9.9", "InvalidParameterValue"),
            ("10.0.1.3", "InvalidParameterValue"),
            ("10.0.1.77", "InvalidIPAddress.InUse"),
        ):
            with self.assertRaisesRegex(Exception, code):
                self.a.endpoint([self.group], SubnetConfigurations=[{"SubnetId": self.a.subnets[0], "Ipv4": address}])
        self.assertEqual(1, len(self.a.ec2.describe_vpc_endpoints()["VpcEndpoints"]), "a refused call left an endpoint")
        self.assertEqual(2, len(self.a.interfaces()), "a refused call left an interface")
        self.a.ec2.modify_vpc_endpoint(
            VpcEndpointId=endpoint["VpcEndpointId"],
            SubnetConfigurations=[{"SubnetId": self.a.subnets[0], "Ipv4": "10.0.1.78"}],
        )
        self.assertEqual(["10.0.1.78", "10.0.2.77"], self.a.addresses(endpoint))

    def test_subnets_come_and_go(self):
        endpoint = self.a.endpoint([self.group])
        before = self.a.addresses(endpoint)
        self.a.ec2.modify_vpc_endpoint(
            VpcEndpointId=endpoint["VpcEndpointId"],
            AddSubnetIds=[self.a.subnets[2]],
            RemoveSubnetIds=[self.a.subnets[0]],
        )
        self.assertEqual(self.a.subnets[1:], self.one(endpoint)["SubnetIds"])
        after = self.a.addresses(endpoint)
        self.assertEqual(2, len(after))
        self.assertEqual(1, len(set(before) & set(after)))
        self.assertEqual(2, len(self.a.interfaces()))
        self.refused("DependencyViolation", self.a.ec2.delete_subnet, SubnetId=self.a.subnets[2])
        self.a.ec2.delete_subnet(SubnetId=self.a.subnets[0])
        self.refused("DependencyViolation", self.a.ec2.delete_vpc, VpcId=self.a.vpc)

    def test_one_subnet_a_zone(self):
        twin = self.a.ec2.create_subnet(VpcId=self.a.vpc, CidrBlock="10.0.9.0/24", AvailabilityZone=REGION + "a")[
            "Subnet"
        ]["SubnetId"]
        with self.assertRaisesRegex(Exception, "DuplicateSubnetsInSameZone"):
            self.a.endpoint([self.group], [self.a.subnets[0], twin])

    def test_groups_come_and_go(self):
        endpoint = self.a.endpoint([self.group])
        self.a.ec2.modify_vpc_endpoint(
            VpcEndpointId=endpoint["VpcEndpointId"],
            AddSecurityGroupIds=[self.other],
            RemoveSecurityGroupIds=[self.group],
        )
        self.assertEqual([self.other], [g["GroupId"] for g in self.one(endpoint)["Groups"]])
        self.assertEqual([], self.a.interfaces(group_id=self.group))
        self.assertEqual(2, len(self.a.interfaces(group_id=self.other)))

    def test_policy(self):
        endpoint = self.a.endpoint([self.group])
        default = json.loads(self.one(endpoint)["PolicyDocument"])
        self.assertEqual("Allow", default["Statement"][0]["Effect"])
        denies = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}],
        }
        identity = endpoint["VpcEndpointId"]
        self.a.ec2.modify_vpc_endpoint(VpcEndpointId=identity, PolicyDocument=json.dumps(denies))
        self.assertEqual(denies, json.loads(self.one(endpoint)["PolicyDocument"]))
        self.a.ec2.modify_vpc_endpoint(VpcEndpointId=identity, ResetPolicy=True)
        self.assertEqual(default, json.loads(self.one(endpoint)["PolicyDocument"]))
        made = self.a.endpoint([self.group], PolicyDocument=json.dumps(denies))
        self.assertEqual(denies, json.loads(made["PolicyDocument"]))
        self.refused(
            "InvalidPolicyDocument", self.a.ec2.modify_vpc_endpoint, VpcEndpointId=identity, PolicyDocument="{"
        )

    def test_deletion(self):
        endpoint = self.a.endpoint([self.group])["VpcEndpointId"]
        self.assertEqual([], self.a.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])["Unsuccessful"])
        self.assertEqual([], self.a.interfaces())
        self.refused("InvalidVpcEndpointId.NotFound", self.a.ec2.describe_vpc_endpoints, VpcEndpointIds=[endpoint])
        by_filter = [{"Name": "vpc-endpoint-id", "Values": [endpoint]}]
        self.assertEqual([], self.a.ec2.describe_vpc_endpoints(Filters=by_filter)["VpcEndpoints"])
        again = self.a.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])["Unsuccessful"]
        self.assertEqual("InvalidVpcEndpoint.NotFound", again[0]["Error"]["Code"])
        self.refused(
            "InvalidVpcEndpointId.NotFound", self.a.ec2.modify_vpc_endpoint, VpcEndpointId=endpoint, ResetPolicy=True
        )

    def test_private_dns(self):
        with self.assertRaisesRegex(Exception, "enableDnsHostnames"):
            self.a.endpoint([self.group], PrivateDnsEnabled=True)
        self.a.ec2.modify_vpc_attribute(VpcId=self.a.vpc, EnableDnsHostnames={"Value": True})
        self.assertTrue(self.a.endpoint([self.group], PrivateDnsEnabled=True)["PrivateDnsEnabled"])
        with self.assertRaisesRegex(Exception, "conflicting DNS domain"):
            self.a.endpoint([self.group], PrivateDnsEnabled=True)
        self.assertFalse(self.a.endpoint([self.group], PrivateDnsEnabled=False)["PrivateDnsEnabled"])

    def test_names(self):
        entries = self.one(self.a.endpoint([self.group]))["DnsEntries"]
        self.assertEqual(3, len(entries))
        for entry in entries:
            self.assertTrue(entry["DnsName"].endswith(f".execute-api.{REGION}.vpce.amazonaws.com"), entry)
            self.assertTrue(entry["HostedZoneId"].startswith("Z"))

    def test_tags_and_filters(self):
        tags = [{"Key": "hybridgw:stack", "Value": "orders"}, {"Key": "hybridgw:resource", "Value": "vpc-endpoint"}]
        made = self.a.endpoint([self.group], TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": tags}])
        self.a.endpoint([self.group])
        self.assertEqual(tags, sorted(made["Tags"], key=lambda t: t["Key"], reverse=True))
        for name, value in (
            ("tag:hybridgw:stack", "orders"),
            ("tag:hybridgw:stack", "ord*"),
            ("tag-key", "hybridgw:resource"),
            ("vpc-endpoint-id", made["VpcEndpointId"]),
        ):
            found = self.a.ec2.describe_vpc_endpoints(Filters=[{"Name": name, "Values": [value]}])["VpcEndpoints"]
            self.assertEqual([made["VpcEndpointId"]], [e["VpcEndpointId"] for e in found], name)
        for name, value, count in (
            ("vpc-id", self.a.vpc, 2),
            ("vpc-id", "vpc-0", 0),
            ("service-name", f"com.amazonaws.{REGION}.execute-api", 2),
            ("vpc-endpoint-state", "available", 2),
            ("tag:hybridgw:stack", "shop", 0),
        ):
            found = self.a.ec2.describe_vpc_endpoints(Filters=[{"Name": name, "Values": [value]}])["VpcEndpoints"]
            self.assertEqual(count, len(found), name)

    def test_services(self):
        for service in ("execute-api", "s3"):
            name = f"com.amazonaws.{REGION}.{service}"
            found = self.a.ec2.describe_vpc_endpoint_services(ServiceNames=[name])["ServiceDetails"]
            self.assertTrue(found, name)
            for details in found:
                self.assertEqual([REGION + zone for zone in "abc"], sorted(details["AvailabilityZones"]), name)
