//! The private name and its aliases.

use crate::config::key::{Key, optional, or_empty, required};
use crate::config::reading::Context;
use crate::config::section::Section;
use crate::config::table::{table, tables};
use crate::config::values::arn::{Arn, CERTIFICATE};
use crate::config::values::dns::{FURTHER_HOST, HOST, ZONE};

table! {
    /// The private name.
    pub struct Domain {
        /// The host name that people use, in lower case once read.
        name: String = required(HOST).then(|name, context| {
            context.host = Some(name.clone());
        });
        /// The hosted zone of the record: its id, or its name.
        zone: String = required(ZONE).then(|zone, context| note_zone(zone, context));
        /// The ARN of an ACM certificate that covers the name, in the stack's region.
        certificate: String = required(CERTIFICATE)
            .then(|arn, context| note_certificate(arn, context));
        /// Further names of the same stack.
        aliases: Vec<Alias> = or_empty(
            tables("write [[domain.aliases]], with name and certificate"),
        );
    }
}

table! {
    /// A further name of the stack: it leads to the same routes.
    pub struct Alias, before: note_alias {
        /// The host name, in lower case once read.
        name: String = required(FURTHER_HOST).then(|name, context| {
            context.host = Some(name.clone());
            context.hosts.push(name.clone());
        });
        /// The ARN of an ACM certificate that covers this name, in the stack's region.
        certificate: String = required(CERTIFICATE);
        /// The hosted zone of the record: its id, or its name. By default the
        /// domain's.
        zone: Option<String> = optional(ZONE);
    }
}

/// The aliases are held against the domain's name and zone if both are right.
fn note_zone(zone: &str, context: &mut Context) {
    if let Some(name) = &context.host {
        context.hosts.push(name.clone());
        context.zone = Some(zone.to_owned());
    }
}

/// The certificate says where the stack is, if the file does not.
fn note_certificate(certificate: &str, context: &mut Context) {
    if let Some(arn) = Arn::parse(certificate) {
        context.region.get_or_insert(arn.region.to_owned());
        context.account.get_or_insert(arn.account.to_owned());
    }
}

fn note_alias(section: &Section, context: &mut Context) {
    context.host = None;
    context.has_own_zone = section.has("zone");
}
