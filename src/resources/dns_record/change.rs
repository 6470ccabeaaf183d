//! Changes of records, and what Route 53 means when it refuses one.
//!
//! `InvalidChangeBatch` covers everything from a race with another run to a
//! guardrail of the zone, and nothing but its words tells them apart. What
//! passes is waited for; the rest is said at once.

use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecordSet};

use super::whose::{self, Shape};
use crate::{
    aws::{Aws, Called},
    error::{Error, ErrorKind, Result, Unseen},
};

/// Route 53's code for a batch that cannot be applied.
const INVALID: &str = "InvalidChangeBatch";

/// What passes when the record is read again; if it lasts, it is final.
const RACED: Unseen = Unseen {
    code: INVALID,
    minutes: 1,
};

/// The id of a change: AWS tells of changes only by it.
#[derive(Clone, Debug)]
pub struct ChangeId(pub(super) Option<String>);

/// Where a change is made.
pub(super) struct Place<'a> {
    pub zone: &'a str,
    pub host: &'a str,
    pub shape: Shape<'a>,
}

/// Why Route 53 refuses a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// A rule of an advanced hosted zone. Route 53 developer guide, "Change
    /// guardrails": these are refused with this code, too; their words are not
    /// documented.
    Guarded,
    /// What was to be made is there (observed: "but it already exists").
    Exists,
    /// What was to be deleted is not there (observed: "but it was not found").
    Gone,
    /// What was to be deleted is another (observed: "but the values provided do
    /// not match the current values").
    Changed,
    /// The load balancer is too new (observed: "but that target was not found").
    TooNew,
    /// Another one.
    Other,
}

impl Cause {
    fn of(words: &str) -> Self {
        let passing = [
            ("that target was not found", Self::TooNew),
            ("but it already exists", Self::Exists),
            ("but it was not found", Self::Gone),
            ("do not match the current values", Self::Changed),
        ];
        let words = words.to_ascii_lowercase();
        let known = passing.into_iter().find(|(part, _)| words.contains(part));
        if let Some((_, cause)) = known {
            return cause;
        }
        // Host names may hold any word.
        let end = ['.', ',', '\'', ']', ')'];
        let is_name = |word: &&str| word.trim_end_matches(end).contains('.');
        let words = words.split_whitespace().filter(|word| !is_name(word));
        let words: Vec<&str> = words.collect();
        let words = words.join(" ");
        let guards = ["guardrail", "protect", "active_record_check", "dns queries"];
        if guards.iter().any(|part| words.contains(part)) {
            Self::Guarded
        } else {
            Self::Other
        }
    }
}

/// Makes a record where none is.
pub(super) async fn create(
    aws: &Aws,
    place: &Place<'_>,
    record: ResourceRecordSet,
) -> Result<ChangeId> {
    let wanted = whose::simple_alias(&record).map(whose::plain);
    let sent = send(aws, place.zone, vec![change(ChangeAction::Create, record)?]).await;
    let Err(error) = sent else { return sent };
    let cause = cause(&error);
    if !matches!(cause, Some(Cause::Exists | Cause::Other)) {
        return Err(explained(error, place.zone));
    }
    // Who has taken the name?
    let standing = whose::now(aws, place.zone, place.host).await?;
    let target = |record: &ResourceRecordSet| whose::simple_alias(record).map(whose::plain);
    if standing.iter().any(|record| target(record) == wanted) {
        return Err(Error::not_yet("another run is making it"));
    }
    let is_foreign = |record: &&ResourceRecordSet| {
        !target(record).is_some_and(|target| place.shape.fits(&target))
    };
    let foreign: Vec<_> = standing.iter().filter(is_foreign).cloned().collect();
    if let Some(foreign) = whose::in_the_way(&foreign, place.host, &place.shape) {
        return Err(foreign);
    }
    // What another run of this stack has made may not show yet.
    Err(match cause {
        Some(Cause::Exists) => Error::new(ErrorKind::Exists(INVALID), error.message),
        _ => explained(error, place.zone),
    })
}

/// Puts a record in the place of this very one, in one atomic batch.
pub(super) async fn replace(
    aws: &Aws,
    place: &Place<'_>,
    was: ResourceRecordSet,
    record: ResourceRecordSet,
) -> Result<ChangeId> {
    let changes = vec![
        change(ChangeAction::Delete, was)?,
        change(ChangeAction::Create, record)?,
    ];
    let sent = send(aws, place.zone, changes).await;
    sent.map_err(|error| explained(error, place.zone))
}

/// Deletes this very record; "not there" is an error of that kind.
pub(super) async fn delete(aws: &Aws, zone: &str, was: ResourceRecordSet) -> Result<ChangeId> {
    let sent = send(aws, zone, vec![change(ChangeAction::Delete, was)?]).await;
    sent.map_err(|error| match cause(&error) {
        Some(Cause::Gone) => Error::new(ErrorKind::NotFound, error.message),
        _ => explained(error, zone),
    })
}

fn change(action: ChangeAction, record: ResourceRecordSet) -> Result<Change> {
    Change::builder()
        .action(action)
        .resource_record_set(record)
        .build()
        .map_err(|error| Error::invalid(error.to_string()))
}

async fn send(aws: &Aws, zone: &str, changes: Vec<Change>) -> Result<ChangeId> {
    let batch = ChangeBatch::builder()
        .comment("hybridgw")
        .set_changes(Some(changes))
        .build()
        .map_err(|error| Error::invalid(error.to_string()))?;
    let answer = aws
        .route53
        .change_resource_record_sets()
        .hosted_zone_id(zone)
        .change_batch(batch)
        .send()
        .await
        .called("ChangeResourceRecordSets")?;
    Ok(ChangeId(answer.change_info.map(|info| info.id)))
}

fn cause(error: &Error) -> Option<Cause> {
    let is_invalid = error.code() == Some(INVALID);
    is_invalid.then(|| Cause::of(&error.message))
}

/// What a refusal comes to: look again, or what to do.
fn explained(error: Error, zone: &str) -> Error {
    match cause(&error) {
        None => error,
        // The load balancer becomes known by itself.
        Some(Cause::TooNew) => Error::not_yet(error.message),
        // The record changed between the read and the write: look again. Or it is
        // one that Route 53 does not show as it keeps it, and that stays so.
        Some(Cause::Exists | Cause::Gone | Cause::Changed) => {
            let mut raced = error.hint(format!(
                "the record is not what Route 53 shows of it: delete it in the hosted zone {zone} yourself, and run the command again"
            ));
            raced.kind = ErrorKind::Unseen(&RACED);
            raced
        }
        Some(Cause::Guarded) => error
            .context(format!(
                "a guardrail or a protection of the hosted zone {zone} forbids this change"
            ))
            .hint("lift it for this record in the hosted zone's settings in Route 53, or, where it is about queries, wait until nobody asks for the name; then run the command again"),
        Some(Cause::Other) => error.hint(format!(
            "Route 53 does not take this change: look at the records of this name in the hosted zone {zone}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(words: &str) -> Error {
        let kind = ErrorKind::Refused(INVALID.to_owned());
        Error::new(
            kind,
            format!("{INVALID}: [{words}] (ChangeResourceRecordSets)"),
        )
    }

    #[test]
    fn what_passes_is_waited_for_and_what_stays_is_said() {
        let record = "Tried to delete resource record set [name='a.', type='A'] but";
        let passing = [
            format!("{record} it was not found"),
            format!("{record} the values provided do not match the current values"),
            "Tried to create resource record set [name='a.', type='A'] but it already exists".to_owned(),
            "Tried to create an alias that targets b., type A in zone Z1, but that target was not found".to_owned(),
        ];
        for words in passing {
            let error = explained(refused(&words), "Z1");
            let passes = matches!(error.kind, ErrorKind::NotYet | ErrorKind::Unseen(_));
            assert!(passes, "{words}");
            let is_new = words.contains("target was not found");
            assert_eq!(error.kind == ErrorKind::NotYet, is_new, "{words}");
        }
        let permanent = [
            "Tried to create an alias that targets b., type A in zone Z1, but the alias target name does not lie within the target zone",
            "RRSet of type A with DNS name a. is not permitted",
            "The change violates the guardrail ACTIVE_RECORD_CHECK",
            "The record set is protected",
        ];
        for words in permanent {
            let error = explained(refused(words), "Z1");
            assert!(matches!(error.kind, ErrorKind::Refused(_)), "{words}");
            assert!(!error.hints.is_empty(), "{words}");
        }
    }

    #[test]
    fn a_host_that_is_called_like_a_guardrail_is_none() {
        let words = "RRSet of type A with DNS name protection.example.com. is not permitted";
        assert_eq!(Cause::of(words), Cause::Other);
        let words = "Tried to delete resource record set [name='protection.example.com.', type='A'] but it is protected";
        assert_eq!(Cause::of(words), Cause::Guarded);
    }

    #[test]
    fn another_code_is_not_explained_away() {
        let denied = Error::new(ErrorKind::Denied, "AccessDenied: record protection");
        assert!(explained(denied, "Z1").causes.is_empty());
    }
}
