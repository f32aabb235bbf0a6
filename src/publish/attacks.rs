//! The attack database: `catalogue/attacks/*.toml`, one attack a file, embedded.
//!
//! Each says how the attack works, where it happened, how to notice it, and which tools give the
//! access it needs. The policy that stops it is not written by hand: it is generated, by the same
//! code as every other, from example tools in the file.

use super::judge::{self, Judge};
use super::summary::ToolSummary;
use crate::model::{Category, Tool, Traits, Verdict};
use include_dir::{Dir, include_dir};
use serde::{Deserialize, Serialize};

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/catalogue/attacks");

/// An attack's file is wrong.
#[derive(Debug, thiserror::Error)]
#[error("catalogue/attacks/{file} is wrong: {message}")]
pub struct AttackError {
    /// The file.
    pub file: String,
    /// Why.
    pub message: String,
}

/// One attack.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Attack {
    /// Equal to the file's name without `.toml`.
    pub id: String,
    /// Its name.
    pub title: String,
    /// What kind: `agent behaviour`, `protocol`, `data flow`, `supply chain`, `server`.
    pub group: String,
    /// Two or three sentences.
    pub summary: String,
    /// How it goes, in order.
    pub steps: Vec<String>,
    /// What happened in the world.
    pub cases: Vec<Case>,
    /// How to notice it.
    pub notice: Vec<String>,
    /// How a policy stops it, and what it cannot do.
    pub stop: String,
    /// Which tools give the access; several entries are alternatives.
    #[serde(default)]
    pub when: Vec<When>,
    /// Tools from which the policy that stops it is generated.
    pub example: Example,
    /// Further reading.
    #[serde(default)]
    pub references: Vec<Reference>,
}

/// Something that happened.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// `YYYY-MM-DD` or `YYYY-MM`.
    pub date: String,
    /// In a few words.
    pub title: String,
    /// What happened.
    pub text: String,
    /// Where it is told.
    pub url: String,
    /// `incident` when it was used against somebody, `demonstration` when researchers showed it,
    /// `vulnerability` when it was found and mended.
    pub kind: String,
}

/// What a tool must show: one of each list that is given.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Categories.
    #[serde(default)]
    pub categories: Vec<Category>,
    /// Ids of signal rules.
    #[serde(default)]
    pub signals: Vec<String>,
    /// Traits.
    #[serde(default)]
    pub traits: Vec<String>,
    /// Whether its text must have a finding.
    #[serde(default)]
    pub findings: bool,
}

/// Tools for the policy.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The preset that stops it.
    pub preset: String,
    /// Definitions as JSON.
    pub tools: Vec<String>,
}

/// Further reading.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// What it is.
    pub title: String,
    /// Where it is.
    pub url: String,
}

/// All attacks, sorted by id.
pub fn embedded() -> Result<Vec<Attack>, AttackError> {
    let mut attacks = Vec::new();
    for file in EMBEDDED.files() {
        let name = file.path().display().to_string();
        let source = file.contents_utf8().unwrap_or_default();
        attacks.push(parse(&name, source)?);
    }
    attacks.sort_by(|a: &Attack, b| a.id.cmp(&b.id));
    Ok(attacks)
}

fn parse(file: &str, source: &str) -> Result<Attack, AttackError> {
    let wrong = |message: String| AttackError {
        file: file.to_owned(),
        message,
    };
    let attack: Attack = toml::from_str(source).map_err(|error| wrong(error.to_string()))?;
    if file.strip_suffix(".toml") != Some(&attack.id) {
        return Err(wrong(format!("its id {} is not its name", attack.id)));
    }
    if attack.steps.is_empty() || attack.cases.is_empty() || attack.notice.is_empty() {
        return Err(wrong("steps, cases and notice may not be empty".to_owned()));
    }
    let links = attack.cases.iter().map(|case| &case.url);
    for link in links.chain(attack.references.iter().map(|reference| &reference.url)) {
        if !link.starts_with("https://") {
            return Err(wrong(format!("{link} is no https address")));
        }
    }
    Ok(attack)
}

impl Attack {
    /// Whether a verdict shows the access that the attack needs.
    pub fn fits(&self, verdict: &Verdict) -> bool {
        self.when.iter().any(|when| {
            when.fits(
                verdict.category,
                verdict.traits,
                !verdict.findings.is_empty(),
                &|id| verdict.signals.iter().any(|signal| signal.id == id),
            )
        })
    }

    /// The same of a summary.
    pub fn fits_summary(&self, tool: &ToolSummary) -> bool {
        let traits = Traits {
            private_data: tool.traits & 1 > 0,
            untrusted_content: tool.traits & 2 > 0,
            external_egress: tool.traits & 4 > 0,
        };
        self.when.iter().any(|when| {
            when.fits(tool.category, traits, tool.findings > 0, &|id| {
                tool.signals.iter().any(|signal| **signal == *id)
            })
        })
    }

    /// The policy that stops it, as text.
    pub fn policy(&self, judge: &Judge) -> Result<String, AttackError> {
        let wrong = |message: String| AttackError {
            file: format!("{}.toml", self.id),
            message,
        };
        let tools: Vec<Tool> = self
            .example
            .tools
            .iter()
            .map(|text| Tool::parse(text))
            .collect();
        if let Some(broken) = tools.iter().find(|tool| !tool.problems.is_empty()) {
            return Err(wrong(format!(
                "an example tool is malformed: {:?}",
                broken.problems
            )));
        }
        let preset = judge::preset(&self.example.preset)
            .ok_or_else(|| wrong(format!("there is no preset {}", self.example.preset)))?;
        let verdicts = judge.verdicts("example", &tools, None);
        let generated = judge::policy_with(&preset, "example", &tools, &verdicts);
        Ok(judge::policy_text(&generated.document))
    }
}

impl When {
    fn fits(
        &self,
        category: Category,
        traits: Traits,
        finding: bool,
        has_signal: &dyn Fn(&str) -> bool,
    ) -> bool {
        let holds = |id: &str| match id {
            "private_data" => traits.private_data,
            "untrusted_content" => traits.untrusted_content,
            "external_egress" => traits.external_egress,
            _ => false,
        };
        let says_something = !self.categories.is_empty()
            || !self.signals.is_empty()
            || !self.traits.is_empty()
            || self.findings;
        says_something
            && (self.categories.is_empty() || self.categories.contains(&category))
            && (self.signals.is_empty() || self.signals.iter().any(|id| has_signal(id)))
            && (self.traits.is_empty() || self.traits.iter().any(|id| holds(id)))
            && (!self.findings || finding)
    }
}
