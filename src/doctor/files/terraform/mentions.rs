//! What an expression of Terraform's language asks of others.

use std::ops::Range;

use hcl_edit::{
    Span,
    expr::{Expression, ForExpr, ObjectKey, Traversal, TraversalOperator},
    template::{Directive, Element, Template},
};

use super::super::model::Reference;

/// One thing found in an expression, and where.
pub enum Found {
    /// A reference.
    Reference(Reference, Option<Range<usize>>),
    /// A word without quotes that stands for itself.
    Bare(String, Option<Range<usize>>),
}

/// Walks expressions.
pub struct Walk<'a> {
    /// Names that hold inside of what is walked: those of `for` and `dynamic`.
    pub inside: Vec<String>,
    /// Takes what is found.
    pub found: &'a mut dyn FnMut(Found),
}

impl Walk<'_> {
    /// Walks an expression.
    pub fn expression(&mut self, expr: &Expression) {
        match expr {
            Expression::Null(_)
            | Expression::Bool(_)
            | Expression::Number(_)
            | Expression::String(_) => {}
            Expression::Array(array) => array.iter().for_each(|item| self.expression(item)),
            Expression::Object(object) => {
                for (key, value) in object {
                    // A plain word as a key is a text; so is `a.b`, to Terraform an error.
                    if let ObjectKey::Expression(key) = key
                        && !key.is_variable()
                    {
                        self.expression(key);
                    }
                    self.expression(value.expr());
                }
            }
            Expression::StringTemplate(text) => self.elements(text.iter()),
            Expression::HeredocTemplate(text) => self.template(&text.template),
            Expression::Parenthesis(inner) => self.expression(inner.inner()),
            Expression::Variable(name) => {
                if !self.inside.iter().any(|inside| inside == name.as_str()) {
                    (self.found)(Found::Bare(name.as_str().to_owned(), name.span()));
                }
            }
            Expression::Conditional(either) => {
                self.expression(&either.cond_expr);
                self.expression(&either.true_expr);
                self.expression(&either.false_expr);
            }
            Expression::FuncCall(call) => call.args.iter().for_each(|arg| self.expression(arg)),
            Expression::Traversal(traversal) => self.traversal(traversal),
            Expression::UnaryOp(op) => self.expression(&op.expr),
            Expression::BinaryOp(op) => {
                self.expression(&op.lhs_expr);
                self.expression(&op.rhs_expr);
            }
            Expression::ForExpr(each) => self.for_each(each),
        }
    }

    fn traversal(&mut self, traversal: &Traversal) {
        for operator in &traversal.operators {
            if let TraversalOperator::Index(index) = operator.value() {
                self.expression(index);
            }
        }
        let Expression::Variable(root) = &traversal.expr else {
            self.expression(&traversal.expr);
            return;
        };
        if self.inside.iter().any(|inside| inside == root.as_str()) {
            return;
        }
        if let Some(reference) = reference(traversal) {
            (self.found)(Found::Reference(reference, traversal.span()));
        }
    }

    fn for_each(&mut self, each: &ForExpr) {
        self.expression(&each.intro.collection_expr);
        let key = each.intro.key_var.iter();
        let names = key.chain([&each.intro.value_var]);
        let names: Vec<String> = names.map(|name| name.as_str().to_owned()).collect();
        self.within(names, |walk| {
            if let Some(key) = &each.key_expr {
                walk.expression(key);
            }
            walk.expression(&each.value_expr);
            if let Some(cond) = &each.cond {
                walk.expression(&cond.expr);
            }
        });
    }

    /// Walks something in which these names hold.
    pub fn within(&mut self, names: Vec<String>, walk: impl FnOnce(&mut Self)) {
        let before = self.inside.len();
        self.inside.extend(names);
        walk(self);
        self.inside.truncate(before);
    }

    fn template(&mut self, template: &Template) {
        self.elements(template.iter());
    }

    fn elements<'e>(&mut self, elements: impl Iterator<Item = &'e Element>) {
        for element in elements {
            match element {
                Element::Literal(_) => {}
                Element::Interpolation(hole) => self.expression(&hole.expr),
                Element::Directive(directive) => self.directive(directive),
            }
        }
    }

    fn directive(&mut self, directive: &Directive) {
        match directive {
            Directive::If(branch) => {
                self.expression(&branch.if_expr.cond_expr);
                self.template(&branch.if_expr.template);
                if let Some(other) = &branch.else_expr {
                    self.template(&other.template);
                }
            }
            Directive::For(each) => {
                let each = &each.for_expr;
                self.expression(&each.collection_expr);
                let names = each.key_var.iter().chain([&each.value_var]);
                let names: Vec<String> = names.map(|name| name.as_str().to_owned()).collect();
                self.within(names, |walk| walk.template(&each.template));
            }
        }
    }
}

/// A step of a traversal, and whether it is an index.
type Step = (String, bool);

/// The steps behind the root, up to one that only a run of Terraform knows; and
/// whether that are all.
pub fn steps(traversal: &Traversal) -> (Vec<Step>, bool) {
    let mut steps = Vec::new();
    for operator in &traversal.operators {
        steps.push(match operator.value() {
            TraversalOperator::GetAttr(name) => (name.as_str().to_owned(), false),
            TraversalOperator::LegacyIndex(index) => (index.value().to_string(), true),
            TraversalOperator::Index(Expression::Number(index)) => {
                (index.value().to_string(), true)
            }
            TraversalOperator::Index(Expression::String(key)) => (key.value().clone(), true),
            TraversalOperator::Index(_)
            | TraversalOperator::AttrSplat(_)
            | TraversalOperator::FullSplat(_) => return (steps, false),
        });
    }
    (steps, true)
}

/// What a traversal asks for; none if it asks for nothing that is declared
/// somewhere (`each.key`, `path.module`).
pub fn reference(traversal: &Traversal) -> Option<Reference> {
    let Expression::Variable(root) = &traversal.expr else {
        return None;
    };
    let (steps, _) = steps(traversal);
    let root = root.as_str();
    let names = match root {
        "each" | "count" | "self" | "path" | "terraform" => return None,
        "var" | "local" | "module" => 1,
        "data" | "ephemeral" | "action" => 2,
        // Every type of a resource has its provider's name before an underscore.
        root if root.contains('_') => 1,
        _ => return None,
    };
    if steps.len() < names || steps[..names].iter().any(|(_, index)| *index) {
        return None;
    }
    let (owner, rest) = steps.split_at(names);
    let owner = owner.iter().map(|(name, _)| name.as_str());
    let to: Vec<&str> = [root].into_iter().chain(owner).collect();
    let rest = rest.iter().skip_while(|(_, index)| *index);
    let attribute: Vec<&str> = rest.map(|(name, _)| name.as_str()).collect();
    Some(Reference {
        to: to.join("."),
        attribute: attribute.join("."),
        input: root == "var",
    })
}
