//! From the subnets and addresses that an endpoint has to those it should have,
//! without a moment in which none of its addresses serves.
//!
//! To pin another address replaces the subnet's interface and disconnects the
//! subnet meanwhile (EC2 API reference, `SubnetConfiguration`), and a zone
//! takes one subnet (`DuplicateSubnetsInSameZone`), so that to change it is
//! such a replacement too. So what goes, goes at last, when the load balancer
//! has let go of it: the targets are the addresses that stay. If all have to
//! go, one in a zone that is wanted stays until the others are back and healthy,
//! and then goes in a round of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use super::{Actual, Address};

/// Where an endpoint should have its interfaces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Placement {
    /// Its subnets, one a zone.
    pub subnets: BTreeSet<String>,
    /// The zone of each of them.
    pub zones: BTreeMap<String, String>,
    /// The address in each subnet that has a pinned one.
    pub pins: BTreeMap<String, Ipv4Addr>,
}

/// What is to be done about an endpoint's interfaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// Subnets to add now: their zones are free.
    pub adding: BTreeSet<String>,
    /// Subnets to take away at last in this round.
    pub removing: BTreeSet<String>,
    /// Subnets to add in the zones that these leave.
    pub replacing: BTreeSet<String>,
    /// Subnets whose address is to be another one, at last in this round.
    pub repinned: BTreeSet<String>,
    /// The subnets in which the endpoint serves during this round.
    pub serving: BTreeSet<String>,
    /// All subnets whose address is wrong, also those of a later round.
    pub misplaced: BTreeSet<String>,
}

impl Placement {
    /// The next round of moves from what is.
    pub fn moves(&self, actual: &Actual) -> Moves {
        let seen = |subnet: &String| actual.addresses.iter().find(|one| one.subnet == *subnet);
        let zone_of = |subnet: &String| {
            let known = self.zones.get(subnet).map(String::as_str);
            known.or_else(|| seen(subnet).map(|one| one.zone.as_str()))
        };
        let stale: BTreeSet<&String> = actual.subnets.difference(&self.subnets).collect();
        let in_the_way = |subnet: &String| {
            let zone = zone_of(subnet);
            let mut stale = stale.iter();
            stale.find(|old| zone.is_some() && zone_of(old) == zone)
        };
        let missing = || self.subnets.difference(&actual.subnets);
        let is_wrong = |subnet: &&String| {
            let pin = self.pins.get(*subnet);
            pin.zip(seen(subnet))
                .is_some_and(|(pin, has)| has.ip != pin.to_string())
        };
        let kept = actual.subnets.intersection(&self.subnets);
        let misplaced: BTreeSet<String> = kept.filter(is_wrong).cloned().collect();
        let adding: BTreeSet<String> = missing()
            .filter(|subnet| in_the_way(subnet).is_none())
            .cloned()
            .collect();

        let mut going: BTreeSet<String> =
            stale.iter().copied().chain(&misplaced).cloned().collect();
        let all: BTreeSet<String> = actual.subnets.union(&adding).cloned().collect();
        if all == going {
            // In a zone that is wanted: the load balancer has that one all the while, and
            // does not use a target in another (ELBv2 API reference, `Target.NotInUse`).
            let is_wanted = |zone: &str| self.zones.values().any(|one| one == zone);
            let last = all.iter().rfind(|one| zone_of(one).is_some_and(is_wanted));
            last.or_else(|| all.last()).map(|kept| going.remove(kept));
        }
        let leaves = |subnet: &String| going.contains(subnet);
        Moves {
            removing: going.difference(&self.subnets).cloned().collect(),
            replacing: missing()
                .filter(|subnet| in_the_way(subnet).is_some_and(|old| leaves(old)))
                .cloned()
                .collect(),
            repinned: misplaced.intersection(&going).cloned().collect(),
            serving: all.difference(&going).cloned().collect(),
            adding,
            misplaced,
        }
    }

    /// The addresses that serve while the endpoint moves: what is to be
    /// registered.
    pub fn serving(&self, actual: &Actual) -> BTreeSet<Address> {
        let serving = self.moves(actual).serving;
        let all = actual.addresses.iter();
        all.filter(|address| serving.contains(&address.subnet))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(items: &[&str]) -> BTreeSet<String> {
        items.iter().map(ToString::to_string).collect()
    }

    /// Subnets are called by their zone and a digit.
    fn places(subnets: &[&str], pins: &[(&str, &str)]) -> Placement {
        let zone = |subnet: &&str| ((*subnet).to_owned(), subnet[..1].to_owned());
        let pin =
            |(subnet, ip): &(&str, &str)| ((*subnet).to_owned(), ip.parse().expect("an address"));
        Placement {
            subnets: set(subnets),
            zones: subnets.iter().map(zone).collect(),
            pins: pins.iter().map(pin).collect(),
        }
    }

    fn actual(interfaces: &[(&str, &str)]) -> Actual {
        let address = |(subnet, ip): &(&str, &str)| Address {
            subnet: (*subnet).to_owned(),
            zone: subnet[..1].to_owned(),
            ip: (*ip).to_owned(),
        };
        Actual {
            subnets: interfaces.iter().map(|one| one.0.to_owned()).collect(),
            addresses: interfaces.iter().map(address).collect(),
            ..Actual::default()
        }
    }

    #[test]
    fn an_address_that_changes_is_no_target_while_another_one_stays() {
        let wanted = places(&["a1", "b1"], &[("a1", "10.0.1.9"), ("b1", "10.0.2.5")]);
        let moves = wanted.moves(&actual(&[("a1", "10.0.1.5"), ("b1", "10.0.2.5")]));
        assert_eq!(moves.repinned, set(&["a1"]));
        assert_eq!(moves.serving, set(&["b1"]));
    }

    #[test]
    fn one_of_all_addresses_waits_for_a_round_of_its_own() {
        let wanted = places(&["a1", "b1"], &[("a1", "10.0.1.9"), ("b1", "10.0.2.9")]);
        let first = wanted.moves(&actual(&[("a1", "10.0.1.5"), ("b1", "10.0.2.5")]));
        assert_eq!(first.repinned, set(&["a1"]));
        assert_eq!(first.serving, set(&["b1"]));
        let second = wanted.moves(&actual(&[("a1", "10.0.1.9"), ("b1", "10.0.2.5")]));
        assert_eq!(second.repinned, set(&["b1"]));
        assert_eq!(second.serving, set(&["a1"]));
        let done = wanted.moves(&actual(&[("a1", "10.0.1.9"), ("b1", "10.0.2.9")]));
        assert_eq!((done.misplaced, done.removing), (set(&[]), set(&[])));
    }

    #[test]
    fn a_subnet_of_a_free_zone_comes_at_once_and_one_of_a_taken_zone_follows() {
        let wanted = places(&["a2", "c1"], &[]);
        let moves = wanted.moves(&actual(&[("a1", "10.0.1.5"), ("b1", "10.0.2.5")]));
        assert_eq!(moves.adding, set(&["c1"]));
        assert_eq!(moves.removing, set(&["a1", "b1"]));
        assert_eq!(moves.replacing, set(&["a2"]));
        assert_eq!(moves.serving, set(&["c1"]));
    }

    #[test]
    fn subnets_of_all_zones_change_in_two_rounds() {
        let wanted = places(&["a2", "b2"], &[]);
        let first = wanted.moves(&actual(&[("a1", "10.0.1.5"), ("b1", "10.0.2.5")]));
        assert_eq!(
            (first.removing, first.replacing),
            (set(&["a1"]), set(&["a2"]))
        );
        assert_eq!(first.serving, set(&["b1"]), "it stays though it is stale");
        let second = wanted.moves(&actual(&[("a2", "10.0.3.5"), ("b1", "10.0.2.5")]));
        assert_eq!(
            (second.removing, second.replacing),
            (set(&["b1"]), set(&["b2"]))
        );
    }

    #[test]
    fn what_stays_for_a_round_is_in_a_zone_that_the_load_balancer_keeps() {
        let wanted = places(&["a2", "b2"], &[]);
        let all = [("a1", "10.0.1.5"), ("b1", "10.0.2.5"), ("c1", "10.0.3.5")];
        let moves = wanted.moves(&actual(&all));
        assert_eq!(moves.serving, set(&["b1"]));
        assert_eq!(moves.removing, set(&["a1", "c1"]));
    }

    #[test]
    fn addresses_of_nobodys_choice_stay() {
        let wanted = places(&["a1", "b1"], &[]);
        let moves = wanted.moves(&actual(&[("a1", "10.0.1.5"), ("b1", "10.0.2.5")]));
        assert_eq!(moves.serving, set(&["a1", "b1"]));
        assert_eq!(
            (moves.adding, moves.removing, moves.misplaced),
            Default::default()
        );
    }
}
