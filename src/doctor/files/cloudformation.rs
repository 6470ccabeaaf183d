//! `CloudFormation` templates, in JSON or YAML.
//!
//! Properties become attributes by Terraform's names (`SubnetIds` is
//! `subnet_ids`); those that Terraform keeps elsewhere are moved there.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    kind::Kind,
    model::{Configuration, Is, Language, Node, Part, Reference, Resource},
};

/// A template that is being read.
struct Template<'a> {
    parameters: BTreeMap<&'a str, &'a Node>,
}

/// What a template says.
pub fn configuration(document: &Node, name: String) -> Configuration {
    let mut made = Configuration::new(Language::CloudFormation, name);
    let parameters = document.get("Parameters").map(Node::members);
    let parameters = parameters.unwrap_or_default().iter();
    let template = Template {
        parameters: parameters
            .map(|(name, value)| (name.as_str(), value))
            .collect(),
    };
    made.declared
        .extend(template.parameters.keys().map(|name| (*name).to_owned()));
    if document.get("Transform").is_some() {
        made.open = Some("a transform adds resources to the template".to_owned());
    }
    let resources = document
        .get("Resources")
        .map(Node::members)
        .unwrap_or_default();
    for (name, resource) in resources {
        let Some(type_name) = resource.get("Type").and_then(Node::text) else {
            made.unread.push(format!("{name}, which has no type"));
            continue;
        };
        if type_name.ends_with("::MODULE") {
            made.open = Some("a module adds resources to the template".to_owned());
        }
        made.declared.insert(name.clone());
        template.take(name, &type_name, resource, &mut made);
    }
    for section in ["Resources", "Outputs", "Conditions"] {
        if let Some(node) = document.get(section) {
            template.note(node, &BTreeSet::new(), &mut made);
        }
    }
    made
}

impl Template<'_> {
    fn take(&self, name: &str, type_name: &str, resource: &Node, made: &mut Configuration) {
        let kind = Kind::of_cloudformation(type_name);
        let empty = Node::new(&resource.at, Is::Map(Vec::new()));
        let properties = resource.get("Properties").unwrap_or(&empty);
        let mut attributes = self.value(properties);
        if let Is::Map(members) = &mut attributes.is
            && let Some(depends) = resource.get("DependsOn")
        {
            let names = depends.items().into_iter().filter_map(|one| {
                let to = one.text()?.into_owned();
                Some(Node::new(&one.at, Is::Reference(reference(&to, "", false))))
            });
            members.push((
                "DependsOn".to_owned(),
                Node::new(&depends.at, Is::List(names.collect())),
            ));
        }
        let attributes = shaped(kind, type_name, spelt(&attributes));
        let mentions = attributes.members().iter().map(|(name, value)| {
            let mut all = Vec::new();
            value.references(&mut all);
            (name.clone(), all)
        });
        let mentions = mentions.collect();
        made.regions
            .extend(super::terraform::region_of(&attributes));
        if kind == Kind::TargetGroup {
            for target in targets(name, &attributes) {
                made.add(target);
            }
        }
        made.add(Resource {
            kind,
            address: name.to_owned(),
            base: name.to_owned(),
            at: resource.at.clone(),
            attributes,
            mentions,
            looked_up: false,
        });
    }

    /// A value with its functions resolved, where that is simple.
    fn value(&self, node: &Node) -> Node {
        let is = match &node.is {
            Is::List(items) => Is::List(items.iter().map(|item| self.value(item)).collect()),
            Is::Map(members) => match members.as_slice() {
                [(name, argument)] if name == "Ref" || name.starts_with("Fn::") => {
                    self.function(name, argument)
                }
                members => {
                    let members = members.iter();
                    Is::Map(
                        members
                            .map(|(name, value)| (name.clone(), self.value(value)))
                            .collect(),
                    )
                }
            },
            other => other.clone(),
        };
        Node::new(&node.at, is)
    }

    fn function(&self, name: &str, argument: &Node) -> Is {
        match name {
            "Ref" => match argument.text() {
                Some(name) => self.named(&name, ""),
                None => Is::Unknown,
            },
            "Fn::GetAtt" => attribute(argument).map_or(Is::Unknown, Is::Reference),
            "Fn::Sub" => self.substituted(argument),
            "Fn::Join" => self.joined(argument),
            _ => Is::Unknown,
        }
    }

    /// What a name stands for: a parameter's default, or a resource.
    fn named(&self, name: &str, attribute: &str) -> Is {
        if name == "AWS::NoValue" {
            return Is::Null;
        }
        if name.starts_with("AWS::") {
            return Is::Unknown;
        }
        let Some(parameter) = self.parameters.get(name) else {
            return Is::Reference(reference(name, attribute, false));
        };
        let default = parameter.get("Default").and_then(Node::text);
        let kind = parameter
            .get("Type")
            .and_then(Node::text)
            .unwrap_or_default();
        // A default of nothing, and the name of a parameter of Systems Manager,
        // are no values.
        match default.filter(|text| !text.is_empty() && !kind.starts_with("AWS::SSM::")) {
            Some(text) if kind.starts_with("List<") || kind == "CommaDelimitedList" => {
                let at = &parameter.at;
                let items = text
                    .split(',')
                    .map(|item| Node::new(at, Is::Text(item.trim().to_owned())));
                Is::List(items.collect())
            }
            Some(text) => Is::Text(text.into_owned()),
            None => Is::Reference(reference(name, "", true)),
        }
    }

    /// `Fn::Sub`: `${Name}`, `${Name.Attribute}`, and `${!literal}`.
    fn substituted(&self, argument: &Node) -> Is {
        let (text, own) = match &argument.is {
            Is::List(items) => match items.as_slice() {
                [text, own] => (text.text(), own.members()),
                _ => return Is::Unknown,
            },
            _ => (argument.text(), [].as_slice()),
        };
        let Some(text) = text else { return Is::Unknown };
        let parts = holes(&text).into_iter().map(|piece| match piece {
            Piece::Text(text) => Part::Text(text),
            Piece::Name(name) => {
                let own = own.iter().find(|(known, _)| *known == name);
                let is = match (own, name.split_once('.')) {
                    (Some((_, value)), _) => self.value(value).is,
                    (None, Some((name, attribute))) => {
                        Is::Reference(reference(name, attribute, false))
                    }
                    (None, None) => self.named(&name, ""),
                };
                part(is)
            }
        });
        whole(parts.collect())
    }

    fn joined(&self, argument: &Node) -> Is {
        let Is::List(items) = &argument.is else {
            return Is::Unknown;
        };
        let [by, list] = items.as_slice() else {
            return Is::Unknown;
        };
        let (Some(by), Is::List(list)) = (by.text(), &list.is) else {
            return Is::Unknown;
        };
        let mut parts = Vec::new();
        for (index, item) in list.iter().enumerate() {
            if index > 0 {
                parts.push(Part::Text(by.clone().into_owned()));
            }
            parts.push(part(self.value(item).is));
        }
        whole(parts)
    }

    /// Notes each reference; `own` are names that an `Fn::Sub` brings itself.
    fn note(&self, node: &Node, own: &BTreeSet<String>, made: &mut Configuration) {
        let mut add = |to: &str, attribute: &str, at| {
            if !to.starts_with("AWS::") && !own.contains(to) {
                made.references.push((reference(to, attribute, false), at));
            }
        };
        match &node.is {
            Is::Map(members) => {
                if let [(name, argument)] = members.as_slice() {
                    match (name.as_str(), argument.text()) {
                        ("Ref", Some(to)) => add(&to, "", argument.at.clone()),
                        ("Fn::GetAtt", _) => {
                            if let Some(one) = attribute(argument) {
                                add(&one.to, &one.attribute, argument.at.clone());
                            }
                        }
                        ("Fn::Sub", _) => return self.note_substituted(argument, own, made),
                        _ => {}
                    }
                }
                for (name, value) in members {
                    if name == "DependsOn" {
                        for one in value.items() {
                            if let Some(to) = one.text() {
                                made.references
                                    .push((reference(&to, "", false), one.at.clone()));
                            }
                        }
                    }
                    self.note(value, own, made);
                }
            }
            Is::List(items) => items.iter().for_each(|item| self.note(item, own, made)),
            _ => {}
        }
    }

    fn note_substituted(&self, argument: &Node, own: &BTreeSet<String>, made: &mut Configuration) {
        let mut own = own.clone();
        let text = match &argument.is {
            Is::List(items) => {
                for (name, value) in items.get(1).map(Node::members).unwrap_or_default() {
                    self.note(value, &own, made);
                    own.insert(name.clone());
                }
                items.first()
            }
            _ => Some(argument),
        };
        let Some(text) = text.and_then(Node::text) else {
            return;
        };
        for piece in holes(&text) {
            if let Piece::Name(name) = piece
                && !name.starts_with("AWS::")
                && !own.contains(&name)
            {
                let (to, attribute) = name.split_once('.').unwrap_or((&name, ""));
                made.references
                    .push((reference(to, attribute, false), argument.at.clone()));
            }
        }
    }
}

enum Piece {
    Text(String),
    Name(String),
}

fn holes(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else {
            break;
        };
        pieces.push(Piece::Text(before.to_owned()));
        pieces.push(match name.strip_prefix('!') {
            Some(literal) => Piece::Text(format!("${{{literal}}}")),
            None => Piece::Name(name.trim().to_owned()),
        });
        rest = behind;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces
}

fn part(is: Is) -> Part {
    match is {
        Is::Text(text) | Is::Number(text) => Part::Text(text),
        Is::Bool(flag) => Part::Text(flag.to_string()),
        Is::Reference(reference) => Part::Hole(Some(reference)),
        _ => Part::Hole(None),
    }
}

/// A text, if no part of it is open.
fn whole(parts: Vec<Part>) -> Is {
    let mut joined: Vec<Part> = Vec::new();
    for part in parts {
        match (joined.last_mut(), part) {
            (_, Part::Text(text)) if text.is_empty() => {}
            (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
            (_, part) => joined.push(part),
        }
    }
    match joined.as_slice() {
        [] => Is::Text(String::new()),
        [Part::Text(text)] => Is::Text(text.clone()),
        [Part::Hole(Some(reference))] => Is::Reference(reference.clone()),
        _ => Is::Template(joined),
    }
}

fn reference(to: &str, attribute: &str, input: bool) -> Reference {
    Reference {
        to: to.to_owned(),
        attribute: attribute.to_owned(),
        input,
    }
}

/// `Fn::GetAtt`: `Name.Attribute`, or a list of the two.
fn attribute(argument: &Node) -> Option<Reference> {
    let Is::List(items) = &argument.is else {
        let text = argument.text()?;
        let (to, attribute) = text.split_once('.')?;
        return Some(reference(to, attribute, false));
    };
    let [name, attribute] = items.as_slice() else {
        return None;
    };
    Some(reference(&name.text()?, &attribute.text()?, false))
}

/// Keys that hold a policy or a body: what is inside is spelt as it is.
const VERBATIM: [&str; 4] = ["Policy", "PolicyDocument", "ResourcePolicy", "Body"];

/// The same with Terraform's spelling of names.
fn spelt(node: &Node) -> Node {
    let is = match &node.is {
        Is::List(items) => Is::List(items.iter().map(spelt).collect()),
        Is::Map(members) => {
            let members = members.iter().map(|(name, value)| {
                let value = if VERBATIM.contains(&name.as_str()) {
                    value.clone()
                } else {
                    spelt(value)
                };
                (snake(name), value)
            });
            Is::Map(members.collect())
        }
        other => other.clone(),
    };
    Node::new(&node.at, is)
}

/// `VpcEndpointIds` is `vpc_endpoint_ids`, `DNSName` is `dns_name`.
fn snake(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (index, c) in chars.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| chars.get(index));
        let after = chars.get(index + 1);
        let begins = c.is_uppercase()
            && before.is_some_and(|before| {
                !before.is_uppercase() || after.is_some_and(|after| after.is_lowercase())
            });
        if begins {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

/// Where Terraform has what `CloudFormation` has elsewhere.
fn moved(kind: Kind) -> &'static [(&'static str, &'static str)] {
    match kind {
        Kind::TargetGroup => &[
            ("matcher.http_code", "health_check.matcher"),
            ("health_check_path", "health_check.path"),
            ("health_check_protocol", "health_check.protocol"),
        ],
        Kind::Listener => &[
            ("default_actions", "default_action"),
            ("certificates.certificate_arn", "certificate_arn"),
        ],
        Kind::LoadBalancer => &[("type", "load_balancer_type")],
        Kind::SecurityGroup => &[("security_group_ingress", "ingress")],
        Kind::Ingress => &[("group_id", "security_group_id")],
        Kind::Record => &[
            ("alias_target.dns_name", "alias.name"),
            ("alias_target.hosted_zone_id", "alias.zone_id"),
            ("hosted_zone_id", "zone_id"),
        ],
        Kind::Endpoint | Kind::BucketPolicy => &[("policy_document", "policy")],
        Kind::RestApi => &[
            (
                "endpoint_configuration.type",
                "endpoint_configuration.types",
            ),
            ("auth.resource_policy", "policy"),
            ("definition_body", "body"),
            ("definition_uri", "body"),
            ("body_s3_location", "body"),
        ],
        _ => &[],
    }
}

fn shaped(kind: Kind, type_name: &str, mut attributes: Node) -> Node {
    for (from, to) in moved(kind) {
        if let Some(value) = attributes.get(from).cloned() {
            put(&mut attributes, to, value);
        }
    }
    match kind {
        Kind::LoadBalancer => {
            let internal = text(&attributes, "scheme").map(|scheme| scheme == "internal");
            let known = attributes
                .get("scheme")
                .is_none_or(|node| node.text().is_some());
            let at = attributes
                .get("scheme")
                .map_or(attributes.at.clone(), |node| node.at.clone());
            let is = if known {
                Is::Bool(internal == Some(true))
            } else {
                Is::Unknown
            };
            put(&mut attributes, "internal", Node::new(&at, is));
        }
        // SAM takes the type as a word, and its policy in words of its own.
        Kind::RestApi if type_name == "AWS::Serverless::Api" => {
            if let Some(word) = text(&attributes, "endpoint_configuration") {
                let word = Is::Text(word);
                let node = Node::new(&attributes.at, word);
                let types = Is::Map(vec![("types".to_owned(), node)]);
                let at = attributes.at.clone();
                put(
                    &mut attributes,
                    "endpoint_configuration",
                    Node::new(&at, types),
                );
            }
            if attributes.get("policy").is_some() {
                let at = attributes.at.clone();
                put(&mut attributes, "policy", Node::new(&at, Is::Unknown));
            }
        }
        _ => {}
    }
    attributes
}

/// Puts a value behind dotted names, in the place of what is there.
fn put(node: &mut Node, path: &str, value: Node) {
    let at = value.at.clone();
    let Is::Map(members) = &mut node.is else {
        return;
    };
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let index = members.iter().position(|(known, _)| known == name);
    if rest.is_empty() {
        members.retain(|(known, _)| known != name);
        members.push((name.to_owned(), value));
        return;
    }
    let index = index.unwrap_or_else(|| {
        members.push((name.to_owned(), Node::new(&at, Is::Map(Vec::new()))));
        members.len() - 1
    });
    put(&mut members[index].1, rest, value);
}

fn text(node: &Node, path: &str) -> Option<String> {
    node.get(path)?.text().map(|text| text.into_owned())
}

/// The targets of a group as resources of their own, as Terraform has them.
fn targets(group: &str, attributes: &Node) -> Vec<Resource> {
    let targets = attributes
        .get("targets")
        .map(Node::items)
        .unwrap_or_default();
    let resources = targets
        .into_iter()
        .enumerate()
        .filter_map(|(index, target)| {
            let id = target.get("id")?;
            let to_group = reference(group, "", false);
            let attributes = vec![
                ("target_id".to_owned(), id.clone()),
                (
                    "target_group_arn".to_owned(),
                    Node::new(&target.at, Is::Reference(to_group.clone())),
                ),
            ];
            let mut ids = Vec::new();
            id.references(&mut ids);
            let mentions = [
                ("target_id".to_owned(), ids),
                ("target_group_arn".to_owned(), vec![to_group]),
            ];
            let address = format!("{group}.Targets.{index}");
            Some(Resource {
                kind: Kind::Attachment,
                base: address.clone(),
                address,
                at: id.at.clone(),
                attributes: Node::new(&target.at, Is::Map(attributes)),
                mentions: BTreeMap::from(mentions),
                looked_up: false,
            })
        });
    resources.collect()
}
