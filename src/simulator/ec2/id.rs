//! Ids: their shape, and the codes for one that is malformed or unknown.

use std::collections::BTreeMap;

use super::state::State;
use crate::codec::Refusal;

/// A kind of thing, as its ids and errors name it. Codes: EC2 API reference, "Error codes".
#[derive(Debug)]
pub struct Kind {
    /// What ids begin with, without the hyphen.
    pub prefix: &'static str,
    /// The resource type in tags.
    pub tagged: &'static str,
    /// What messages call the id.
    noun: &'static str,
    /// The error codes' family: `InvalidVpcID`.
    family: &'static str,
    /// The family for malformed ids, where it differs.
    malformed: &'static str,
}

const fn kind(
    prefix: &'static str,
    tagged: &'static str,
    noun: &'static str,
    family: &'static str,
    malformed: &'static str,
) -> Kind {
    Kind {
        prefix,
        tagged,
        noun,
        family,
        malformed,
    }
}

/// VPCs.
pub const VPC: Kind = kind("vpc", "vpc", "vpc ID", "InvalidVpcID", "InvalidVpcID");
/// Subnets.
pub const SUBNET: Kind = kind(
    "subnet",
    "subnet",
    "subnet ID",
    "InvalidSubnetID",
    "InvalidSubnetID",
);
/// Security groups.
pub const GROUP: Kind = kind(
    "sg",
    "security-group",
    "security group",
    "InvalidGroup",
    "InvalidGroupId",
);
/// Security-group rules.
pub const RULE: Kind = kind(
    "sgr",
    "security-group-rule",
    "security group rule ID",
    "InvalidSecurityGroupRuleId",
    "InvalidSecurityGroupRuleId",
);
/// Endpoints.
pub const ENDPOINT: Kind = kind(
    "vpce",
    "vpc-endpoint",
    "Vpc Endpoint Id",
    "InvalidVpcEndpointId",
    "InvalidVpcEndpointId",
);
/// Network interfaces.
pub const INTERFACE: Kind = kind(
    "eni",
    "network-interface",
    "networkInterface ID",
    "InvalidNetworkInterfaceID",
    "InvalidNetworkInterfaceId",
);
/// Managed prefix lists.
pub const PREFIX_LIST: Kind = kind(
    "pl",
    "prefix-list",
    "prefix list ID",
    "InvalidPrefixListID",
    "InvalidPrefixListID",
);
/// VPCs, as the endpoint operations name them (by analogy with the next).
pub const ENDPOINT_VPC: Kind = kind("vpc", "vpc", "Vpc Id", "InvalidVpcId", "InvalidVpcId");
/// Subnets, as the endpoint operations name them (observed: `InvalidSubnetId.Malformed`, terraform-aws-vpc#722).
pub const ENDPOINT_SUBNET: Kind = kind(
    "subnet",
    "subnet",
    "subnet ID",
    "InvalidSubnetId",
    "InvalidSubnetId",
);

/// The kinds that have tags.
pub const TAGGED: &[&Kind] = &[
    &VPC,
    &SUBNET,
    &GROUP,
    &RULE,
    &ENDPOINT,
    &INTERFACE,
    &PREFIX_LIST,
];

impl Kind {
    /// Returns whether this is an id of the kind: the prefix, a hyphen, and 8 or 17 hexadecimal digits.
    pub fn fits(&self, id: &str) -> bool {
        let digits = id
            .strip_prefix(self.prefix)
            .and_then(|rest| rest.strip_prefix('-'));
        digits.is_some_and(|digits| {
            matches!(digits.len(), 8 | 17)
                && digits
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        })
    }

    /// Returns the thing under an id, or the error for its absence.
    pub fn find<'a, T>(&self, all: &'a BTreeMap<String, T>, id: &str) -> Result<&'a T, Refusal> {
        all.get(id).ok_or_else(|| self.absent(id))
    }

    /// Returns the thing under an id, to change it.
    pub fn find_mut<'a, T>(
        &self,
        all: &'a mut BTreeMap<String, T>,
        id: &str,
    ) -> Result<&'a mut T, Refusal> {
        all.get_mut(id).ok_or_else(|| self.absent(id))
    }

    /// Returns the error for an id that leads nowhere.
    ///
    /// EC2 API reference, "Error codes": `….NotFound` and `….Malformed` (the words are observed).
    pub fn absent(&self, id: &str) -> Refusal {
        if self.fits(id) {
            Refusal::new(
                format!("{}.NotFound", self.family),
                format!("The {} '{id}' does not exist", self.noun),
            )
        } else {
            let text = format!("Invalid id: \"{id}\" (expecting \"{}-...\")", self.prefix);
            Refusal::new(format!("{}.Malformed", self.malformed), text)
        }
    }
}

/// Returns the kind of a thing that exists and can be tagged.
pub fn tagged(state: &State, id: &str) -> Result<&'static Kind, Refusal> {
    let by_prefix = |kind: &&&Kind| {
        id.split_once('-')
            .is_some_and(|(prefix, _)| prefix == kind.prefix)
    };
    let kind = TAGGED.iter().find(by_prefix).copied();
    // EC2 API reference, "Error codes": InvalidID.
    let kind =
        kind.ok_or_else(|| Refusal::new("InvalidID", format!("The ID '{id}' is not valid")))?;
    let exists = match kind.prefix {
        "vpc" => state.vpcs.contains_key(id),
        "subnet" => state.subnets.contains_key(id),
        "sg" => state.groups.contains_key(id),
        "sgr" => state.rules.contains_key(id),
        "vpce" => state.endpoints.contains_key(id),
        "pl" => state.prefix_lists.contains_key(id),
        _ => state.interfaces.contains_key(id),
    };
    if exists {
        Ok(kind)
    } else {
        Err(kind.absent(id))
    }
}
