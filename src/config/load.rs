//! Reading a file, from its bytes to the checked types.

use std::fmt;
use std::path::Path;

use super::{
    ApiSource, Config, ConfigErrors, Problem, Target, check, check_routes, interpolate, read, set,
    tree,
};

impl Config {
    /// Reads the file at `path`. `sets` are the values of `--set`; `env` looks
    /// up environment variables.
    pub fn load(
        path: &Path,
        sets: &[String],
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Config, ConfigErrors> {
        let unreadable = |why: &dyn fmt::Display| {
            ConfigErrors(vec![Problem {
                file: String::new(),
                line: None,
                column: None,
                key: String::new(),
                message: format!("cannot read {}: {why}", path.display()),
                hint: Some("pass --config FILE, or run in the folder of hybridgw.toml".to_owned()),
            }])
        };
        let bytes = std::fs::read(path).map_err(|error| unreadable(&error))?;
        let text = String::from_utf8(bytes).map_err(|error| unreadable(&error))?;
        Config::parse(&text, path, sets, env)
    }

    /// Reads the text of the file called `file`, whose folder file names are relative to.
    pub fn parse(
        text: &str,
        file: &Path,
        sets: &[String],
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Config, ConfigErrors> {
        let mut problems = tree::Problems::new(file);
        let config = tree::parse(text, &mut problems).and_then(|mut root| {
            for setting in sets {
                set::set(&mut root, setting, &mut problems);
            }
            interpolate::interpolate(&mut root, "", env, &mut problems);
            let folder = file.parent().unwrap_or(Path::new(""));
            read::config(root, folder, &mut problems)
        });
        match (config, problems.sorted()) {
            (Some(config), found) if found.is_empty() => Ok(config),
            (_, found) => Err(ConfigErrors(found)),
        }
    }

    /// Checks the file's ARNs against a region that the file does not name,
    /// but the environment or `--region` does.
    pub fn check_region(&self, region: &str) -> Result<(), ConfigErrors> {
        let domain = &self.domain;
        let own = ("domain.certificate".to_owned(), &domain.certificate);
        let aliases = domain.aliases.iter().enumerate();
        let aliases = aliases.map(|(i, alias)| {
            (
                format!("domain.aliases.{i}.certificate"),
                &alias.certificate,
            )
        });
        let certificates = std::iter::once(own)
            .chain(aliases)
            .filter_map(|(key, arn)| {
                let refused = check::certificate(arn, Some(region), None).err()?;
                Some((key, refused))
            });
        let lambdas = self.routes.iter().enumerate().filter_map(|(i, route)| {
            let (key, arn) = match &route.target {
                Target::Lambda(function) => ("lambda", &function.arn),
                Target::Api(api) => match &api.source {
                    ApiSource::Lambda(arn) => ("api.lambda", arn),
                    _ => return None,
                },
                Target::Site(_) => return None,
            };
            let refused = check_routes::lambda(arn, Some(region), None).err()?;
            Some((format!("route.{i}.{key}"), refused))
        });
        let found: Vec<Problem> = certificates
            .chain(lambdas)
            .map(|(key, refused)| Problem {
                file: String::new(),
                line: None,
                column: None,
                key,
                message: refused.message,
                hint: refused.hint,
            })
            .collect();
        if found.is_empty() {
            Ok(())
        } else {
            Err(ConfigErrors(found))
        }
    }
}
