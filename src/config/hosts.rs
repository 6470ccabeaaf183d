//! What follows from a configuration: its host names, what kinds of routes it
//! has, and how many listener rules they take.

use super::{Config, Route, Site, Target, files};

/// A name of the stack with what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host<'a> {
    /// The host name, in lower case.
    pub name: &'a str,
    /// The ARN of the certificate that covers it.
    pub certificate: &'a str,
    /// The hosted zone of its record: an id, or a name.
    pub zone: &'a str,
}

impl Config {
    /// Every name of the stack: the domain's own first, then the aliases in the
    /// order of the file.
    pub fn hosts(&self) -> Vec<Host<'_>> {
        let domain = &self.domain;
        let own = Host {
            name: &domain.name,
            certificate: &domain.certificate,
            zone: &domain.zone,
        };
        let aliases = domain.aliases.iter().map(|alias| Host {
            name: &alias.name,
            certificate: &alias.certificate,
            zone: alias.zone.as_ref().unwrap_or(&domain.zone),
        });
        std::iter::once(own).chain(aliases).collect()
    }

    /// Whether any route leads to an API: only then there is an endpoint for
    /// `execute-api`.
    pub fn has_api(&self) -> bool {
        self.routes.iter().any(|route| route.api().is_some())
    }

    /// Whether any route leads to a site: only then there is an endpoint for S3.
    pub fn has_site(&self) -> bool {
        self.sites().next().is_some()
    }

    /// The routes that lead to sites.
    pub fn sites(&self) -> impl Iterator<Item = (&Route, &Site)> {
        let sites = self.routes.iter();
        sites.filter_map(|route| Some((route, route.site()?)))
    }

    /// How many rules the HTTPS listener needs: one that guards it while it is
    /// changed, and for each name and route one, or for a site those of its files,
    /// the rest, and the redirect to the path with its slash.
    pub fn rules(&self) -> usize {
        let of_each = self.routes.iter().map(|route| match &route.target {
            Target::Api(_) | Target::Lambda(_) => 1,
            Target::Site(site) => {
                let files = files::expressions(&route.path, &site.files).len();
                files + 1 + usize::from(route.path != "/")
            }
        });
        1 + self.hosts().len() * of_each.sum::<usize>()
    }
}
