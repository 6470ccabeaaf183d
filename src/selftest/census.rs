//! What exists in an account and region, of the kinds that hybridgw makes:
//! counted before and after, whoever made it.

use std::{collections::BTreeMap, fmt::Debug};

use crate::{
    aws::read::{Endpoints, Groups, Reads},
    error::Result,
    hash,
};

/// Every thing by its kind and id, with a hash of all that AWS says about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census(BTreeMap<String, String>);

impl Census {
    /// Counts. Reads only.
    ///
    /// # Errors
    ///
    /// A list that cannot be read: then nothing can be said.
    pub async fn take(reads: &Reads, zones: &[String]) -> Result<Self> {
        let mut census = Self::default();
        tokio::try_join!(
            groups(reads),
            endpoints(reads),
            apis(reads),
            domains(reads),
            balancers(reads),
            target_groups(reads),
        )
        .map(|(a, b, c, d, e, f)| {
            census.0 = [a, b, c, d, e, f].into_iter().flatten().collect();
        })?;
        for zone in zones {
            census.0.extend(records(reads, zone).await?);
        }
        Ok(census)
    }

    /// How many things there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// What is here and not there.
    pub fn beyond(&self, before: &Self) -> Vec<String> {
        let new = self.0.keys().filter(|name| !before.0.contains_key(*name));
        new.cloned().collect()
    }

    /// What was there and is gone or different.
    pub fn changed_since(&self, before: &Self) -> Vec<String> {
        let differs = |(name, was): &(&String, &String)| self.0.get(*name) != Some(*was);
        let changed = before.0.iter().filter(differs);
        changed.map(|(name, _)| name.clone()).collect()
    }
}

type Rows = Vec<(String, String)>;

/// A row: the kind and id, and a hash of everything else.
fn row(kind: &str, id: Option<&str>, thing: &impl Debug) -> (String, String) {
    let name = format!("{kind} {}", id.unwrap_or("?"));
    (name, hash::long(&format!("{thing:?}")))
}

async fn groups(reads: &Reads) -> Result<Rows> {
    let all = reads.security_groups(Groups::All).await?;
    let rows = all
        .iter()
        .map(|one| row("security group", one.group_id(), one));
    Ok(rows.collect())
}

async fn endpoints(reads: &Reads) -> Result<Rows> {
    let all = reads.vpc_endpoints(Endpoints::All).await?;
    // EC2 shows deleted endpoints for a while.
    let here = all.iter().filter(|one| {
        let state = one.state().map(|state| state.as_str().to_ascii_lowercase());
        state.as_deref() != Some("deleted")
    });
    let rows = here.map(|one| row("VPC endpoint", one.vpc_endpoint_id(), one));
    Ok(rows.collect())
}

async fn apis(reads: &Reads) -> Result<Rows> {
    let all = reads.rest_apis().await?;
    // A map's order is its own in each answer.
    let rows = all.iter().map(|one| {
        let tags: BTreeMap<_, _> = one.tags().into_iter().flatten().collect();
        let parts = (one.name(), one.description(), one.policy(), tags);
        row("REST API", one.id(), &parts)
    });
    Ok(rows.collect())
}

async fn domains(reads: &Reads) -> Result<Rows> {
    let all = reads.domain_names().await?;
    let rows = all.iter().map(|one| {
        let tags: BTreeMap<_, _> = one.tags().into_iter().flatten().collect();
        let parts = (one.regional_certificate_arn(), one.certificate_arn(), tags);
        row("domain name", one.domain_name(), &parts)
    });
    Ok(rows.collect())
}

async fn balancers(reads: &Reads) -> Result<Rows> {
    let all = reads.load_balancers().await?;
    let rows = all
        .iter()
        .map(|one| row("load balancer", one.load_balancer_arn(), one));
    Ok(rows.collect())
}

async fn target_groups(reads: &Reads) -> Result<Rows> {
    let all = reads.target_groups().await?;
    let rows = all
        .iter()
        .map(|one| row("target group", one.target_group_arn(), one));
    Ok(rows.collect())
}

/// The records of a zone.
async fn records(reads: &Reads, zone: &str) -> Result<Rows> {
    let all = reads.records_of(zone).await?;
    let rows = all.iter().map(|one| {
        let kind = one.r#type().as_str();
        let set = one.set_identifier().unwrap_or_default();
        let id = format!("{} {kind} {set}", one.name());
        row("record", Some(id.trim_end()), one)
    });
    Ok(rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn census(rows: &[(&str, &str)]) -> Census {
        let pair = |(name, hash): &(&str, &str)| ((*name).to_owned(), (*hash).to_owned());
        Census(rows.iter().map(pair).collect())
    }

    #[test]
    fn what_stays_behind_and_what_was_altered_are_told_apart() {
        let before = census(&[("a", "1"), ("b", "1"), ("c", "1")]);
        let after = census(&[("a", "1"), ("b", "2"), ("d", "1")]);
        assert_eq!(after.beyond(&before), ["d"]);
        assert_eq!(after.changed_since(&before), ["b", "c"]);
    }
}
