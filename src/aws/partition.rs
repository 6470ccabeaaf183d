//! The AWS partitions: how ARNs and service names are spelled.

/// A group of regions with its own ARNs and names; holds the ARN's field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition(&'static str);

/// How the regions of each partition begin; all others are `aws`.
const PARTITIONS: [(&str, &str); 7] = [
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
    ("eusc-", "aws-eusc"),
];

impl Partition {
    /// The partition a region belongs to, told by its name.
    pub fn of(region: &str) -> Self {
        let known = PARTITIONS
            .iter()
            .find(|(prefix, _)| region.starts_with(prefix));
        Self(known.map_or("aws", |(_, id)| id))
    }

    /// The second field of an ARN.
    pub fn id(self) -> &'static str {
        self.0
    }

    /// The name of the `execute-api` endpoint service. China's begins with
    /// `cn.` (VPC user guide, "Services that integrate with AWS `PrivateLink`").
    pub fn execute_api_service(self, region: &str) -> String {
        let prefix = if self.0 == "aws-cn" { "cn." } else { "" };
        format!("{prefix}com.amazonaws.{region}.execute-api")
    }

    /// The name of the S3 endpoint service. It begins alike everywhere: in
    /// China S3 is one of the services without `cn.` (observed in answers of
    /// `DescribeVpcEndpointServices`).
    pub fn s3_service(self, region: &str) -> String {
        format!("com.amazonaws.{region}.s3")
    }

    /// What the services' host names end in (AWS general reference, "AWS service
    /// endpoints"; for the isolated partitions the SDKs' partition data).
    pub fn dns_suffix(self) -> &'static str {
        match self.0 {
            "aws-cn" => "amazonaws.com.cn",
            "aws-iso" => "c2s.ic.gov",
            "aws-iso-b" => "sc2s.sgov.gov",
            "aws-iso-e" => "cloud.adc-e.uk",
            "aws-iso-f" => "csp.hci.ic.gov",
            "aws-eusc" => "amazonaws.eu",
            _ => "amazonaws.com",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_spells_its_own_arns_and_service_names() {
        let regions = [
            (
                "eu-central-1",
                "aws",
                "com.amazonaws.eu-central-1.execute-api",
            ),
            (
                "cn-north-1",
                "aws-cn",
                "cn.com.amazonaws.cn-north-1.execute-api",
            ),
            (
                "us-gov-west-1",
                "aws-us-gov",
                "com.amazonaws.us-gov-west-1.execute-api",
            ),
            (
                "us-isob-east-1",
                "aws-iso-b",
                "com.amazonaws.us-isob-east-1.execute-api",
            ),
            (
                "eusc-de-east-1",
                "aws-eusc",
                "com.amazonaws.eusc-de-east-1.execute-api",
            ),
        ];
        for (region, id, service) in regions {
            let partition = Partition::of(region);
            assert_eq!(partition.id(), id);
            assert_eq!(partition.execute_api_service(region), service);
        }
    }
}
