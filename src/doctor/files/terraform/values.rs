//! What variables are set to: `.tfvars` and `.tfvars.json`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{
    File,
    evaluate::{Scope, Written},
};

/// The values of variables, as far as files tell.
#[derive(Default)]
pub struct Values {
    told: BTreeMap<String, Written>,
    /// What whoever runs Terraform may set to something else.
    open: BTreeSet<String>,
}

impl Values {
    /// Takes what a file sets; a later one beats an earlier one.
    pub fn tell(&mut self, file: &File) {
        for (name, written) in assigned(file) {
            self.open.remove(&name);
            self.told.insert(name, written);
        }
    }

    /// Takes for unknown what a file sets that may be given to Terraform, or not.
    pub fn leave_open(&mut self, file: &File) {
        self.open
            .extend(assigned(file).into_iter().map(|(name, _)| name));
    }

    /// Sets variables beyond their defaults.
    pub(super) fn set(&self, scope: &mut Scope) {
        for (name, written) in &self.told {
            scope.variables.insert(name.clone(), written.clone());
        }
        for name in &self.open {
            scope.variables.remove(name);
        }
    }
}

fn assigned(file: &File) -> Vec<(String, Written)> {
    match file {
        File::Hcl(body, lines) => {
            let all = body.attributes();
            let written = all.map(|one| {
                let value = Written::Hcl(one.value.clone(), lines.clone());
                (one.key.as_str().to_owned(), value)
            });
            written.collect()
        }
        File::Json(node) => {
            let all = node.members().iter();
            all.map(|(name, value)| (name.clone(), Written::Json(value.clone())))
                .collect()
        }
    }
}

/// Whether a file sets variables, by its name.
pub fn sets_variables(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".tfvars") || name.ends_with(".tfvars.json")
}

/// Its place among the files that Terraform takes by itself, and none if it has to
/// be told: `terraform.tfvars`, then its JSON, then all `.auto.` ones by their
/// names (`HashiCorp`, "Variable definition precedence").
pub fn precedence(path: &Path) -> Option<u8> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match name.as_ref() {
        "terraform.tfvars" => Some(0),
        "terraform.tfvars.json" => Some(1),
        name if name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json") => Some(2),
        _ => None,
    }
}
