//! Expressions of Terraform's language as values, as far as the files tell.

use std::{cell::Cell, collections::BTreeMap, ops::Range, sync::Arc};

use hcl_edit::{
    Span,
    expr::{Expression, FuncCall, Object, ObjectKey, Traversal},
    template::{Element, Template},
};

use super::{
    super::model::{Is, Node, Part, Place, Reference},
    mentions::{Found, Walk, reference, steps},
};

/// Locals may lead to each other so often; a loop ends there.
const FURTHEST: usize = 24;

/// Where the lines of a file begin.
#[derive(Clone, Debug)]
pub struct Lines {
    file: Arc<str>,
    /// The offset behind each line feed.
    starts: Vec<usize>,
    first: usize,
}

impl Lines {
    /// Those of a text.
    pub fn of(text: &str, file: &Arc<str>) -> Self {
        let feeds = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self {
            file: Arc::clone(file),
            starts: feeds.map(|(at, _)| at + 1).collect(),
            first: 1,
        }
    }

    /// One place for everything.
    pub fn at_once(place: &Place) -> Self {
        Self {
            file: Arc::clone(&place.file),
            starts: Vec::new(),
            first: place.line,
        }
    }

    /// The place of what begins here.
    pub fn place(&self, span: Option<Range<usize>>) -> Place {
        let offset = span.map_or(0, |span| span.start);
        let before = self.starts.partition_point(|start| *start <= offset);
        Place {
            file: Arc::clone(&self.file),
            line: self.first + before,
        }
    }
}

/// A value as it is written down, in one of Terraform's two syntaxes.
#[derive(Clone, Debug)]
pub enum Written {
    /// In its own.
    Hcl(Expression, Arc<Lines>),
    /// In JSON.
    Json(Node),
}

/// What names stand for.
#[derive(Debug, Default)]
pub struct Scope {
    /// The defaults of variables.
    pub variables: BTreeMap<String, Written>,
    /// The locals.
    pub locals: BTreeMap<String, Written>,
    depth: Cell<usize>,
}

impl Scope {
    /// The value of what is written.
    pub fn value(&self, written: &Written) -> Node {
        match written {
            Written::Hcl(expr, lines) => self.node(expr, lines),
            Written::Json(node) => self.json(node),
        }
    }

    /// The value of an expression.
    pub fn node(&self, expr: &Expression, lines: &Lines) -> Node {
        let at = lines.place(expr.span());
        let is = match expr {
            Expression::Null(_) => Is::Null,
            Expression::Bool(flag) => Is::Bool(*flag.value()),
            Expression::Number(number) => Is::Number(number.value().to_string()),
            Expression::String(text) => Is::Text(text.value().clone()),
            Expression::Array(array) => {
                Is::List(array.iter().map(|item| self.node(item, lines)).collect())
            }
            Expression::Object(object) => self.object(object, lines),
            Expression::StringTemplate(text) => self.text(text.iter(), lines),
            Expression::HeredocTemplate(text) => return self.heredoc(&text.template, &at, lines),
            Expression::Parenthesis(inner) => return self.node(inner.inner(), lines),
            Expression::FuncCall(call) => return self.call(call, &at, lines),
            Expression::Traversal(traversal) => return self.traversal(traversal, &at),
            Expression::Variable(_)
            | Expression::Conditional(_)
            | Expression::UnaryOp(_)
            | Expression::BinaryOp(_)
            | Expression::ForExpr(_) => Is::Unknown,
        };
        Node::new(&at, is)
    }

    fn object(&self, object: &Object, lines: &Lines) -> Is {
        let members = object.iter().filter_map(|(key, value)| {
            let name = match key {
                ObjectKey::Ident(name) | ObjectKey::Expression(Expression::Variable(name)) => {
                    name.as_str().to_owned()
                }
                ObjectKey::Expression(key) => self.node(key, lines).text()?.into_owned(),
            };
            let mut node = self.node(value.expr(), lines);
            if !matches!(value.expr(), Expression::HeredocTemplate(_)) {
                node.at = lines.place(key_span(key).or_else(|| value.expr().span()));
            }
            Some((name, node))
        });
        Is::Map(members.collect())
    }

    /// The text of a heredoc begins a line below its opening.
    fn heredoc(&self, template: &Template, at: &Place, lines: &Lines) -> Node {
        let mut node = Node::new(at, self.text(template.iter(), lines));
        node.at.line += 1;
        node.spread = true;
        node
    }

    fn text<'e>(&self, elements: impl Iterator<Item = &'e Element>, lines: &Lines) -> Is {
        let mut parts: Vec<Part> = Vec::new();
        for element in elements {
            match element {
                Element::Literal(text) => push(&mut parts, text.value()),
                Element::Interpolation(hole) => {
                    let node = self.node(&hole.expr, lines);
                    match (node.text(), node.reference()) {
                        (Some(text), _) => push(&mut parts, &text),
                        (None, Some(one)) => parts.push(Part::Hole(Some(one.clone()))),
                        (None, None) => parts.push(Part::Hole(None)),
                    }
                }
                Element::Directive(_) => parts.push(Part::Hole(None)),
            }
        }
        whole(parts)
    }

    /// Functions that only change the form of what they are given. Of others
    /// nothing is known.
    fn call(&self, call: &FuncCall, at: &Place, lines: &Lines) -> Node {
        let mut args = call.args.iter();
        let name = call.name.name.as_str();
        if let (Some(only), None) = (args.next(), args.next())
            && !call.name.is_namespaced()
            && matches!(
                name,
                "jsonencode"
                    | "tostring"
                    | "tolist"
                    | "toset"
                    | "sort"
                    | "nonsensitive"
                    | "sensitive"
                    | "one"
            )
        {
            return self.node(only, lines);
        }
        Node::new(at, Is::Unknown)
    }

    fn traversal(&self, traversal: &Traversal, at: &Place) -> Node {
        let (_, whole) = steps(traversal);
        let Some(reference) = reference(traversal).filter(|_| whole) else {
            return Node::new(at, Is::Unknown);
        };
        let mut node = self.referred(reference, at);
        node.at = at.clone();
        node
    }

    /// What a reference comes to: the value of a local or of a default, or itself.
    fn referred(&self, reference: Reference, at: &Place) -> Node {
        let itself = |reference| Node::new(at, Is::Reference(reference));
        let written = match reference.to.split_once('.') {
            Some(("local", name)) => self.locals.get(name),
            Some(("var", name)) => self.variables.get(name),
            _ => return itself(reference),
        };
        let depth = self.depth.get();
        let Some(written) = written.filter(|_| depth < FURTHEST) else {
            return itself(reference);
        };
        self.depth.set(depth + 1);
        let value = self.value(written);
        self.depth.set(depth);
        let found = match reference.attribute.as_str() {
            "" => Some(&value),
            path => value.get_exactly(path),
        };
        match found {
            // A default of nothing: it is somebody's to give.
            Some(Node { is: Is::Null, .. }) | None if reference.input => itself(reference),
            Some(node) => Node::new(at, node.is.clone()),
            None => Node::new(at, Is::Unknown),
        }
    }

    /// Terraform's JSON: texts are templates.
    pub fn json(&self, node: &Node) -> Node {
        let is = match &node.is {
            Is::Text(text) if text.contains("${") || text.contains("%{") => {
                let lines = Lines::at_once(&node.at);
                match hcl_edit::parser::parse_template(text).as_ref() {
                    Ok(template) => match template.as_single_element() {
                        Some(Element::Interpolation(hole)) => {
                            return self.node(&hole.expr, &lines);
                        }
                        _ => self.text(template.iter(), &lines),
                    },
                    Err(_) => Is::Unknown,
                }
            }
            Is::List(items) => Is::List(items.iter().map(|item| self.json(item)).collect()),
            Is::Map(members) => {
                let members = members.iter();
                Is::Map(
                    members
                        .map(|(key, value)| (key.clone(), self.json(value)))
                        .collect(),
                )
            }
            other => other.clone(),
        };
        Node::new(&node.at, is)
    }

    /// Everything that an expression asks for, through locals too.
    pub fn mentions(&self, written: &Written, inside: &[String]) -> Vec<Reference> {
        let mut all: Vec<Reference> = Vec::new();
        self.gather(written, inside, &mut all, FURTHEST);
        all
    }

    fn gather(&self, written: &Written, inside: &[String], all: &mut Vec<Reference>, left: usize) {
        let mut found: Vec<Reference> = Vec::new();
        each(written, inside, &mut |one| {
            if let Found::Reference(reference, _) = one {
                found.push(reference);
            }
        });
        for reference in found {
            if all.contains(&reference) {
                continue;
            }
            let local = reference.to.strip_prefix("local.").map(str::to_owned);
            all.push(reference);
            if let Some(written) = local.and_then(|name| self.locals.get(&name))
                && left > 0
            {
                self.gather(written, &[], all, left - 1);
            }
        }
    }
}

/// Walks what is written, in either syntax.
pub fn each(written: &Written, inside: &[String], found: &mut dyn FnMut(Found)) {
    let inside = inside.to_vec();
    match written {
        Written::Hcl(expr, _) => Walk { inside, found }.expression(expr),
        Written::Json(node) => each_of_json(node, &mut Walk { inside, found }),
    }
}

fn each_of_json(node: &Node, walk: &mut Walk<'_>) {
    match &node.is {
        Is::Text(text) if text.contains("${") => {
            if let Ok(template) = hcl_edit::parser::parse_template(text) {
                for element in &template {
                    if let Element::Interpolation(hole) = element {
                        walk.expression(&hole.expr);
                    }
                }
            }
        }
        Is::List(items) => items.iter().for_each(|item| each_of_json(item, walk)),
        Is::Map(members) => members
            .iter()
            .for_each(|(_, value)| each_of_json(value, walk)),
        _ => {}
    }
}

fn key_span(key: &ObjectKey) -> Option<Range<usize>> {
    match key {
        ObjectKey::Ident(name) => name.span(),
        ObjectKey::Expression(expr) => expr.span(),
    }
}

fn push(parts: &mut Vec<Part>, more: &str) {
    match parts.last_mut() {
        Some(Part::Text(text)) => text.push_str(more),
        _ => parts.push(Part::Text(more.to_owned())),
    }
}

/// A text, if no part of it is open.
fn whole(mut parts: Vec<Part>) -> Is {
    match parts.as_mut_slice() {
        [] => Is::Text(String::new()),
        [Part::Text(text)] => Is::Text(std::mem::take(text)),
        [Part::Hole(Some(reference))] => Is::Reference(reference.clone()),
        _ => Is::Template(parts),
    }
}
