//! What files of every kind are read into: resources, their attributes with the
//! places of them, and references.
//!
//! Terraform's names of types and attributes are the vocabulary; `cloudformation`
//! says how `CloudFormation`'s become them.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::Arc,
};

use super::kind::Kind;

/// A line of a file; shown as `main.tf:12`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file as the user named it.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Something that another part of the configuration is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Whose: `aws_lb.myapp`, `data.aws_vpc.main`, `var.zone`, a logical id.
    pub to: String,
    /// What of it, dotted; empty for the thing itself.
    pub attribute: String,
    /// It is a variable or a parameter: somebody types it.
    pub input: bool,
}

impl Reference {
    /// The last part of the attribute.
    pub fn leaf(&self) -> &str {
        self.attribute
            .rsplit('.')
            .find(|part| !part.bytes().all(|byte| byte.is_ascii_digit()))
            .unwrap_or_default()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.attribute.as_str() {
            "" => f.write_str(&self.to),
            attribute => write!(f, "{}.{attribute}", self.to),
        }
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its place.
    pub at: Place,
    /// What it is.
    pub is: Is,
    /// It is a text whose lines are lines of the file.
    pub spread: bool,
}

/// What a value is, as far as the files tell.
#[derive(Clone, Debug)]
pub enum Is {
    /// Nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A text.
    Text(String),
    /// A text with parts that others give.
    Template(Vec<Part>),
    /// A list.
    List(Vec<Node>),
    /// Names with values, in their order.
    Map(Vec<(String, Node)>),
    /// What another part gives.
    Reference(Reference),
    /// What the files do not tell.
    Unknown,
}

/// A part of a text.
#[derive(Clone, Debug)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// What another part gives; none where that is not known.
    Hole(Option<Reference>),
}

impl Node {
    /// A value at a place.
    pub fn new(at: &Place, is: Is) -> Self {
        Self {
            at: at.clone(),
            is,
            spread: false,
        }
    }

    /// The value behind dotted names. A list of one, as a block is, is passed through.
    pub fn get(&self, path: &str) -> Option<&Node> {
        let mut here = self;
        for step in path.split('.') {
            here = here.single().member(step)?;
        }
        (!matches!(here.is, Is::Null)).then_some(here)
    }

    /// The value behind dotted names, where a number is an index.
    pub fn get_exactly(&self, path: &str) -> Option<&Node> {
        path.split('.').try_fold(self, |here, step| match &here.is {
            Is::List(items) => items.get(step.parse::<usize>().ok()?),
            _ => here.member(step),
        })
    }

    fn member(&self, name: &str) -> Option<&Node> {
        let Is::Map(members) = &self.is else {
            return None;
        };
        members.iter().find(|(key, _)| key == name).map(|(_, v)| v)
    }

    fn single(&self) -> &Node {
        match &self.is {
            Is::List(items) if items.len() == 1 => &items[0],
            _ => self,
        }
    }

    /// The items of a list; what is no list is one item.
    pub fn items(&self) -> Vec<&Node> {
        match &self.is {
            Is::List(items) => items.iter().collect(),
            Is::Null => Vec::new(),
            _ => vec![self],
        }
    }

    /// The members of a map.
    pub fn members(&self) -> &[(String, Node)] {
        match &self.is {
            Is::Map(members) => members,
            _ => &[],
        }
    }

    /// The text, also of a number or a truth value.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match &self.single().is {
            Is::Text(text) | Is::Number(text) => Some(Cow::Borrowed(text)),
            Is::Bool(flag) => Some(Cow::Owned(flag.to_string())),
            _ => None,
        }
    }

    /// The truth value.
    pub fn flag(&self) -> Option<bool> {
        match self.text()?.as_ref() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// The reference, if it is nothing else.
    pub fn reference(&self) -> Option<&Reference> {
        match &self.single().is {
            Is::Reference(reference) => Some(reference),
            _ => None,
        }
    }

    /// Whether every part of it is told by the files.
    pub fn is_known(&self) -> bool {
        match &self.is {
            Is::Null | Is::Bool(_) | Is::Number(_) | Is::Text(_) => true,
            Is::List(items) => items.iter().all(Node::is_known),
            Is::Map(members) => members.iter().all(|(_, value)| value.is_known()),
            Is::Template(_) | Is::Reference(_) | Is::Unknown => false,
        }
    }

    /// All references in it.
    pub fn references(&self, all: &mut Vec<Reference>) {
        match &self.is {
            Is::Reference(one) => all.push(one.clone()),
            Is::Template(parts) => all.extend(parts.iter().filter_map(|part| match part {
                Part::Hole(hole) => hole.clone(),
                Part::Text(_) => None,
            })),
            Is::List(items) => items.iter().for_each(|item| item.references(all)),
            Is::Map(members) => members.iter().for_each(|(_, value)| value.references(all)),
            _ => {}
        }
    }
}

/// The languages that resources are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Terraform, as it is written.
    Terraform,
    /// What `terraform show -json` says: no `lifecycle`, and values in place of expressions.
    Shown,
    /// `CloudFormation`.
    CloudFormation,
    /// An `OpenAPI` file, for what of it is not the body.
    OpenApi,
}

/// One resource, or one thing that is looked up (`data`).
#[derive(Clone, Debug)]
pub struct Resource {
    /// What of AWS it is.
    pub kind: Kind,
    /// What it is called in findings.
    pub address: String,
    /// What references call it: without an index.
    pub base: String,
    /// Where it begins.
    pub at: Place,
    /// Its attributes.
    pub attributes: Node,
    /// What each attribute mentions, through locals and inside of calls too.
    pub mentions: BTreeMap<String, Vec<Reference>>,
    /// It is looked up and not made.
    pub looked_up: bool,
}

impl Resource {
    /// An attribute by its dotted name.
    pub fn get(&self, path: &str) -> Option<&Node> {
        self.attributes.get(path)
    }

    /// The text of an attribute.
    pub fn text(&self, path: &str) -> Option<Cow<'_, str>> {
        self.get(path)?.text()
    }

    /// What an attribute mentions.
    pub fn mentioned(&self, attribute: &str) -> &[Reference] {
        self.mentions.get(attribute).map_or(&[], Vec::as_slice)
    }

    /// Whether any of its attributes asks for something.
    pub fn asks_for(&self, base: &str) -> bool {
        let mut all = self.mentions.values().flatten();
        all.any(|reference| reference.to == base)
    }

    /// Where an attribute stands, or else the resource.
    pub fn place(&self, path: &str) -> &Place {
        self.get(path).map_or(&self.at, |node| &node.at)
    }
}

/// Files that are judged together.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// What it is written in.
    pub language: Language,
    /// How it is called where the whole of it is meant.
    pub name: String,
    /// Its resources.
    pub resources: Vec<Resource>,
    /// Which of them a reference leads to.
    by_base: HashMap<String, usize>,
    /// What references may be to.
    pub declared: BTreeSet<String>,
    /// Every reference, with its place.
    pub references: Vec<(Reference, Place)>,
    /// Words that stand where a value has to, without quotes.
    pub bare: Vec<(String, Place)>,
    /// Why references may lead to what was not read, if they may.
    pub open: Option<String>,
    /// What the files declare that were not given; none: that is not known.
    pub elsewhere: Option<BTreeSet<String>>,
    /// Files that belong to it were not given: what is missing may be in them.
    pub partial: bool,
    /// What modules get: they may add rules and targets to it.
    pub passed: BTreeSet<String>,
    /// The regions that it names.
    pub regions: BTreeSet<String>,
    /// The version of the AWS provider that it asks for.
    pub provider: Option<String>,
    /// What was not read.
    pub unread: Vec<String>,
}

impl Configuration {
    /// An empty one.
    pub fn new(language: Language, name: impl Into<String>) -> Self {
        Self {
            language,
            name: name.into(),
            resources: Vec::new(),
            by_base: HashMap::new(),
            declared: BTreeSet::new(),
            references: Vec::new(),
            bare: Vec::new(),
            open: None,
            elsewhere: None,
            partial: false,
            passed: BTreeSet::new(),
            regions: BTreeSet::new(),
            provider: None,
            unread: Vec::new(),
        }
    }

    /// The resources of a kind that it makes.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Resource> {
        self.resources
            .iter()
            .filter(move |one| one.kind == kind && !one.looked_up)
    }

    /// What a reference leads to.
    pub fn target(&self, reference: &Reference) -> Option<&Resource> {
        let index = self.by_base.get(&reference.to)?;
        self.resources.get(*index)
    }

    /// Adds a resource. Of several with one name references lead to the first.
    pub fn add(&mut self, resource: Resource) {
        let index = self.resources.len();
        let base = resource.base.clone();
        self.by_base.entry(base).or_insert(index);
        self.resources.push(resource);
    }

    /// What a value leads to, by reference or by id, if it is of this kind.
    pub fn led_to(&self, node: &Node, kind: Kind) -> Option<&Resource> {
        let found = match (node.reference(), node.text()) {
            (Some(reference), _) => self.target(reference),
            (None, Some(text)) => {
                let is = |one: &&Resource| {
                    let own = |name: &str| one.text(name).is_some_and(|own| own == text);
                    one.kind == kind && (own("id") || own("arn"))
                };
                self.resources.iter().find(is)
            }
            (None, None) => None,
        };
        found.filter(|one| one.kind == kind)
    }

    /// The region, if it names one alone.
    pub fn region(&self) -> Option<&str> {
        let mut regions = self.regions.iter();
        let first = regions.next()?;
        regions.next().is_none().then_some(first)
    }
}

/// Whether an attribute of one resource leads to another.
pub fn leads(from: &Resource, attribute: &str, to: &Resource) -> bool {
    let mut mentioned = from.mentioned(attribute).iter();
    if mentioned.any(|reference| reference.to == to.base) {
        return true;
    }
    let items = from.get(attribute).map(Node::items).unwrap_or_default();
    let mut texts = items.into_iter().filter_map(Node::text);
    texts.any(|text| {
        let own = |name: &str| to.text(name).is_some_and(|own| own == text);
        own("id") || own("arn")
    })
}
