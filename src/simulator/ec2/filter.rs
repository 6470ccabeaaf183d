//! Describing: by ids, by filters, page by page. The same for every kind.

use super::id::Kind;
use super::state::{State, Tags};
use crate::codec::{Input, Refusal};
use crate::paging::cut;
use crate::pattern;
use crate::world::Ctx;

/// How things of one kind are listed.
pub struct Listing<T: 'static> {
    /// The kind.
    pub kind: &'static Kind,
    /// The parameter that names ids.
    pub ids: &'static str,
    /// The filters it knows, beside `tag:KEY` and `tag-key`.
    pub filters: &'static [&'static str],
    /// The values a thing has for a filter other than `owner-id`; one that fits is enough.
    pub values: fn(&State, &str, &T, &str) -> Vec<String>,
    /// The least `MaxResults`.
    pub least: i64,
}

/// One page: ids and things, and the token of the next one.
pub type Page<'a, T> = (Vec<(&'a String, &'a T)>, Option<String>);

impl<T> Listing<T> {
    /// Selects what the request asks for.
    pub fn select<'a>(
        &self,
        ctx: &'a Ctx<'_>,
        all: impl Iterator<Item = (&'a String, &'a T)>,
        input: &Input,
    ) -> Result<Page<'a, T>, Refusal> {
        let state = &ctx.here.ec2;
        let filters = filters(input, self.filters)?;
        let mut found: Vec<_> = all.collect();
        let ids = input.texts(self.ids);
        if let Some(lost) = ids
            .iter()
            .find(|id| !found.iter().any(|(known, _)| known == id))
        {
            return Err(self.kind.absent(lost));
        }
        found.retain(|(id, thing)| {
            let named = ids.is_empty() || ids.contains(id);
            let tags = state.tags.get(*id);
            named
                && filters.iter().all(|filter| {
                    filter.keeps(tags, |name| match name {
                        "owner-id" => vec![ctx.account.to_owned()],
                        _ => (self.values)(state, id, thing, name),
                    })
                })
        });
        page(ctx, found, input, self.least)
    }
}

/// A filter: its name and the values of which one must fit.
pub struct Filter {
    name: String,
    values: Vec<String>,
}

/// Reads the filters of a request.
///
/// An unknown filter is refused with `InvalidParameterValue` ("The filter 'x'
/// is invalid", observed), and so are more than 200 values (EC2 user guide,
/// "List and filter your resources").
pub fn filters(input: &Input, known: &[&str]) -> Result<Vec<Filter>, Refusal> {
    let mut filters = Vec::new();
    for filter in input.each("Filter") {
        let name = filter.require("Name")?.to_owned();
        let values = filter.texts("Value");
        if !(name.starts_with("tag:") || name == "tag-key" || known.contains(&name.as_str())) {
            return Err(Refusal::new(
                "InvalidParameterValue",
                format!("The filter '{name}' is invalid"),
            ));
        }
        if values.is_empty() {
            return Err(Refusal::new(
                "InvalidParameterValue",
                format!("The filter '{name}' has no values"),
            ));
        }
        if values.len() > 200 {
            let text = "The maximum number of filter values specified on a single call is 200";
            return Err(Refusal::new("FilterLimitExceeded", text));
        }
        filters.push(Filter { name, values });
    }
    Ok(filters)
}

impl Filter {
    /// Returns whether a thing with these tags and values passes. Values know `*` and `?`, and case counts.
    pub fn keeps(&self, tags: Option<&Tags>, values: impl Fn(&str) -> Vec<String>) -> bool {
        let has = if let Some(key) = self.name.strip_prefix("tag:") {
            tags.and_then(|tags| tags.get(key))
                .cloned()
                .into_iter()
                .collect()
        } else if self.name == "tag-key" {
            tags.into_iter()
                .flat_map(|tags| tags.keys().cloned())
                .collect()
        } else {
            values(&self.name)
        };
        self.values
            .iter()
            .any(|wanted| has.iter().any(|value| pattern::matches(wanted, value)))
    }
}

/// Cuts a page out of what was found.
///
/// Codes: `InvalidParameterValue` for a size out of range (observed:
/// "Expecting a value greater than 5"), `InvalidNextToken` ("Error codes").
/// Where the least is 1, more than 1,000 are taken for 1,000 (EC2 API reference,
/// `DescribeVpcEndpoints`, `DescribeVpcEndpointServices`).
pub fn page<T>(
    ctx: &Ctx<'_>,
    found: Vec<T>,
    input: &Input,
    least: i64,
) -> Result<(Vec<T>, Option<String>), Refusal> {
    let asked = input.number("MaxResults");
    let asked = asked.map(|size| if least == 1 { size.min(1000) } else { size });
    if let Some(size) = asked.filter(|size| !(least..=1000).contains(size)) {
        let text = format!(
            "Value ( {size} ) for parameter maxResults is invalid. Expecting a value between {least} and 1000."
        );
        return Err(Refusal::new("InvalidParameterValue", text));
    }
    let asked = asked
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(1000);
    let size = ctx.conditions.page.map_or(asked, |most| most.min(asked));
    cut(found, size, input.text("NextToken"))
        .ok_or_else(|| Refusal::new("InvalidNextToken", "The specified NextToken is not valid."))
}
