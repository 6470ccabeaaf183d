//! What every check looks at.

use serde_json::{Map, Value};

use crate::body::{
    at::At,
    document::{Dialect, Limits},
};

/// Everything that a check may look at.
pub(in crate::body) struct Checked<'a> {
    /// The document, with what the region tells filled in.
    pub document: &'a Value,
    /// Its family.
    pub dialect: Dialect,
    /// What the account and the stage allow.
    pub limits: &'a Limits,
}

impl Checked<'_> {
    /// Where a reference leads; the value itself if it is none or leads nowhere.
    pub fn resolve<'v>(&'v self, value: &'v Value) -> &'v Value {
        let mut value = value;
        for _ in 0..8 {
            let target = value.get("$ref").and_then(Value::as_str);
            let target = target.and_then(|reference| target_of(self.document, reference));
            match target {
                Some(target) => value = target,
                None => break,
            }
        }
        value
    }

    /// The security schemes by name, and where they stand.
    pub fn schemes(&self) -> (At, &Value) {
        match self.dialect {
            Dialect::Swagger2 => (
                At::of(["securityDefinitions"]),
                &self.document["securityDefinitions"],
            ),
            Dialect::OpenApi3 => (
                At::of(["components", "securitySchemes"]),
                &self.document["components"]["securitySchemes"],
            ),
        }
    }

    /// The models by name, and where they stand.
    pub fn models(&self) -> (At, &Value) {
        match self.dialect {
            Dialect::Swagger2 => (At::of(["definitions"]), &self.document["definitions"]),
            Dialect::OpenApi3 => (
                At::of(["components", "schemas"]),
                &self.document["components"]["schemas"],
            ),
        }
    }
}

/// The members of an object that API Gateway reads: no examples and values of
/// models, and no extensions of others. `steps` lead to the object.
pub(super) fn read<'v>(
    members: &'v Map<String, Value>,
    steps: &[String],
) -> impl Iterator<Item = (&'v String, &'v Value)> + use<'v> {
    // Below `properties` these are names that the file's author chose.
    let named = steps.last().is_some_and(|last| last == "properties");
    members.iter().filter(move |(key, _)| {
        let free = matches!(key.as_str(), "example" | "examples" | "default" | "enum");
        let foreign = key.starts_with("x-") && !key.starts_with("x-amazon-");
        !foreign && (named || !free)
    })
}

/// What a reference within the document leads to.
pub(super) fn target_of<'v>(document: &'v Value, reference: &str) -> Option<&'v Value> {
    let pointer = reference.strip_prefix('#')?;
    document
        .pointer(pointer)
        .or_else(|| document.pointer(&unescaped(pointer)))
}

/// `%7B` and its kin: a reference is also an address.
fn unescaped(pointer: &str) -> String {
    let bytes = pointer.as_bytes();
    let (mut out, mut i) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(i) {
        let code = pointer.get(i + 1..i + 3);
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        if let (b'%', Some(code)) = (byte, code) {
            out.push(code);
            i += 3;
        } else {
            out.push(*byte);
            i += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
