//! From the tree to the types, continued: the routes.

use super::check_routes::{self, Kind};
use super::check_serving;
use super::problem::wrong;
use super::read::Place;
use super::route::{DEFAULT_INDEX, DEFAULT_STAGE};
use super::section::{Section, section_of, text_of, unexpected};
use super::tree::{Problems, Value, join};
use super::{Api, ApiSource, Function, FunctionHealth, Route, Site, Target};

/// Reads every route. `None` only if a problem has been noted.
pub(super) fn routes(
    root: &mut Section,
    place: &Place,
    problems: &mut Problems,
) -> Option<Vec<Route>> {
    const HINT: &str =
        "add [[route]] with path = \"/\" and api = { openapi = \"openapi.json\", stage = \"v1\" }";
    let Some((at, node)) = root.take("route") else {
        problems.push(root.origin, "route", wrong("missing required key", HINT));
        return None;
    };
    let Value::Array(items) = node.value else {
        let message = format!("must be an array of tables, not {}", node.value.kind());
        problems.push(
            at,
            "route",
            wrong(message, "write [[route]], in two brackets"),
        );
        return None;
    };
    if items.is_empty() {
        problems.push(node.origin, "route", wrong("needs one route or more", HINT));
        return None;
    }
    let mut seen = Vec::new();
    let mut routes = Vec::new();
    let mut complete = true;
    for (i, item) in items.into_iter().enumerate() {
        let path = join("route", &i.to_string());
        let origin = item.origin;
        let Some(section) = section_of(item, path, origin, problems) else {
            complete = false;
            continue;
        };
        match route(section, place, &mut seen, problems) {
            Some(route) => routes.push(route),
            None => complete = false,
        }
    }
    complete.then_some(routes)
}

fn route(
    mut section: Section,
    place: &Place,
    seen: &mut Vec<String>,
    problems: &mut Problems,
) -> Option<Route> {
    let given: Vec<&str> = ["api", "lambda", "site"]
        .into_iter()
        .filter(|key| section.entries.contains_key(*key))
        .collect();
    let kind = match given.as_slice() {
        ["api"] => Kind::Api,
        ["lambda"] => Kind::Lambda,
        ["site"] => Kind::Site,
        _ => Kind::Unclear,
    };
    let path = section.text("path", "\"/\"", problems, |text| {
        let path = check_routes::route_path(text, kind)?;
        check_routes::beside_aliases(&path, &place.aliases)?;
        if seen.contains(&path) {
            let message = format!("`{path}` is already the path of another route");
            return Err(wrong(message, "give each route a path of its own"));
        }
        seen.push(path.clone());
        Ok(path)
    });
    if given.len() != 1 && !section.unusable {
        let refused = if given.is_empty() {
            let hint = "for example api = { openapi = \"openapi.json\", stage = \"v1\" }";
            wrong("needs one of `api`, `lambda` and `site`", hint)
        } else {
            let named = format!("`{}` exclude each other", given.join("` and `"));
            wrong(
                named,
                "keep one of them, and give the others routes of their own",
            )
        };
        problems.push(section.origin, &section.path, refused);
    }
    // What is given is read whole, so that all that is wrong is said at once.
    let inner = section.section_opt("api", problems);
    let api = inner.and_then(|inner| api(inner, place, problems));
    let function = function(&mut section, place, problems);
    let inner = section.section_opt("site", problems);
    let site = inner.and_then(|inner| site(inner, problems));
    section.finish(problems);
    let target = api
        .map(Target::Api)
        .or(function.map(Target::Lambda))
        .or(site.map(Target::Site));
    Some(Route {
        path: path?,
        target: target?,
    })
}

fn api(mut section: Section, place: &Place, problems: &mut Problems) -> Option<Api> {
    if section.unusable {
        return None;
    }
    let given: Vec<&str> = ["openapi", "id", "lambda", "placeholder"]
        .into_iter()
        .filter(|key| section.entries.contains_key(*key))
        .collect();
    let openapi = section.text_opt("openapi", problems, check_routes::file);
    let id = section.text_opt("id", problems, check_routes::api_id);
    let lambda = section.text_opt("lambda", problems, |text| arn(text, place));
    let placeholder = section.placeholder(problems);
    let stage = section.text_opt("stage", problems, check_routes::stage);
    if given.len() != 1 {
        let refused = if given.is_empty() {
            wrong(
                "needs one of `openapi`, `id`, `lambda` and `placeholder`",
                "for example api = { openapi = \"openapi.json\", stage = \"v1\" }",
            )
        } else {
            let named = format!("`{}` exclude each other", given.join("` and `"));
            wrong(named, "keep one of them")
        };
        problems.push(section.origin, &section.path, refused);
    }
    section.finish(problems);
    let source = openapi
        .map(|file| ApiSource::OpenApi(place.folder.join(file)))
        .or(id.map(ApiSource::Borrowed))
        .or(lambda.map(ApiSource::Lambda))
        .or(placeholder.then_some(ApiSource::Placeholder));
    Some(Api {
        source: source?,
        stage: stage.unwrap_or_else(|| DEFAULT_STAGE.to_owned()),
    })
}

fn arn(text: &str, place: &Place) -> super::check::Checked<String> {
    let home = &place.home;
    check_routes::lambda(text, home.region.as_deref(), home.account.as_deref())
}

/// The function: its ARN alone, or a table with settings.
fn function(route: &mut Section, place: &Place, problems: &mut Problems) -> Option<Function> {
    let (at, node) = route.take("lambda")?;
    let path = join(&route.path, "lambda");
    match node.value {
        Value::Table(entries) => function_table(Section::new(path, at, entries), place, problems),
        // A string, also one that `--set` gave without quotes.
        Value::String(_) | Value::Broken => {
            let arn = text_of(&node, &path, problems, |text| arn(text, place))?;
            Some(Function {
                arn,
                multi_value_headers: false,
                health_check: None,
            })
        }
        _ => {
            let hint = "write lambda = \"arn:aws:lambda:…\", or lambda = { function = \"arn:aws:lambda:…\" }";
            unexpected(&node, &path, "a string or a table", hint, problems);
            None
        }
    }
}

fn function_table(
    mut section: Section,
    place: &Place,
    problems: &mut Problems,
) -> Option<Function> {
    let example = "\"arn:aws:lambda:eu-central-1:111122223333:function:sms\"";
    let arn = section.text("function", example, problems, |text| arn(text, place));
    let multi_value_headers = section.boolean("multi_value_headers", false, problems);
    let has_check = section.entries.contains_key("health_check");
    let mut health = section.section("health_check", problems);
    let default = FunctionHealth::default();
    let path = health.text_opt("path", problems, check_serving::health_path);
    let matcher = health.text_opt("matcher", problems, check_serving::matcher);
    // Above the 30 s that a check of a function may take (ELBv2: the interval
    // is greater than the timeout).
    let interval = health.seconds("interval", 35..=300, problems);
    health.finish(problems);
    section.finish(problems);
    Some(Function {
        arn: arn?,
        multi_value_headers,
        health_check: has_check.then(|| FunctionHealth {
            path: path.unwrap_or(default.path),
            matcher: matcher.unwrap_or(default.matcher),
            interval: interval.unwrap_or(default.interval),
        }),
    })
}

fn site(mut section: Section, problems: &mut Problems) -> Option<Site> {
    if section.unusable {
        return None;
    }
    let bucket = section.text(
        "bucket",
        "\"orders-frontend\"",
        problems,
        check_routes::bucket,
    );
    let index = section.text_opt("index", problems, check_routes::index);
    let manage_policy = section.boolean("manage_policy", false, problems);
    section.finish(problems);
    Some(Site {
        bucket: bucket?,
        index: index.unwrap_or_else(|| DEFAULT_INDEX.to_owned()),
        manage_policy,
    })
}
