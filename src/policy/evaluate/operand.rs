//! Comparisons of one argument with one value.
//!
//! Two scalars that both read as numbers are compared as numbers, otherwise as text; a list or an
//! object equals nothing, and what cannot be compared is false, also for `neq` and `not_in`.

use super::super::path::Found;
use super::ready::Patterns;
use crate::model::policy::Operator;
use regex::Regex;
use serde_json::Value;
use std::cmp::Ordering;

/// A comparison, made ready.
#[derive(Debug)]
pub(super) enum Test {
    Equal {
        one_of: Vec<Scalar>,
        negated: bool,
    },
    Order {
        than: Number,
        holds: fn(Ordering) -> bool,
    },
    Exists(bool),
    Regex(Regex),
    Contains(Scalar),
}

/// A string, number or boolean of a document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scalar {
    text: String,
    number: Option<Number>,
}

/// A number; whole numbers are exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Whole(i128),
    Float(f64),
}

impl Test {
    pub(super) fn new(
        operator: Operator,
        value: &Value,
        patterns: &mut Patterns,
    ) -> Result<Test, String> {
        let scalar = |value: &Value| {
            Scalar::of(value)
                .ok_or_else(|| format!("{} needs a string, number or boolean", operator.as_str()))
        };
        let order = |holds| {
            value
                .is_number()
                .then(|| Number::of(value))
                .flatten()
                .map(|than| Test::Order { than, holds })
                .ok_or_else(|| format!("{} needs a number", operator.as_str()))
        };
        match operator {
            Operator::Eq | Operator::Neq => Ok(Test::Equal {
                one_of: vec![scalar(value)?],
                negated: operator == Operator::Neq,
            }),
            Operator::In | Operator::NotIn => {
                let Value::Array(elements) = value else {
                    return Err(format!("{} needs a list", operator.as_str()));
                };
                Ok(Test::Equal {
                    one_of: elements.iter().map(scalar).collect::<Result<_, _>>()?,
                    negated: operator == Operator::NotIn,
                })
            }
            Operator::Lt => order(Ordering::is_lt),
            Operator::Lte => order(Ordering::is_le),
            Operator::Gt => order(Ordering::is_gt),
            Operator::Gte => order(Ordering::is_ge),
            Operator::Exists => match value {
                Value::Bool(wanted) => Ok(Test::Exists(*wanted)),
                _ => Err("exists needs true or false".to_owned()),
            },
            Operator::Regex => match value {
                Value::String(pattern) => patterns.get(pattern).map(Test::Regex),
                _ => Err("regex needs a string".to_owned()),
            },
            Operator::Contains => scalar(value).map(Test::Contains),
        }
    }

    /// Whether the test holds for what was found. [`Test::Exists`] holds for whatever is there;
    /// the caller looks at what it wanted.
    pub(super) fn holds(&self, found: Found<'_>) -> bool {
        let length;
        let value = match found {
            Found::Value(value) => value,
            Found::Length(n) => {
                length = Value::from(n);
                &length
            }
        };
        match self {
            Test::Equal { one_of, negated } => {
                is_scalar(value) && one_of.iter().any(|s| s.equals(value)) != *negated
            }
            Test::Order { than, holds } => Number::of(value)
                .and_then(|number| number.compare(*than))
                .is_some_and(holds),
            Test::Exists(_) => true,
            Test::Regex(regex) => value.as_str().is_some_and(|text| regex.is_match(text)),
            Test::Contains(part) => match value {
                Value::String(text) => text.contains(&part.text),
                Value::Array(elements) => elements.iter().any(|e| part.equals(e)),
                _ => false,
            },
        }
    }
}

const fn is_scalar(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_))
}

impl Scalar {
    fn of(value: &Value) -> Option<Scalar> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            _ => return None,
        };
        Some(Scalar {
            text,
            number: Number::of(value),
        })
    }

    fn equals(&self, value: &Value) -> bool {
        if let (Some(mine), Some(other)) = (self.number, Number::of(value)) {
            return mine.compare(other) == Some(Ordering::Equal);
        }
        match value {
            Value::String(text) => *text == self.text,
            Value::Bool(truth) => self.text == if *truth { "true" } else { "false" },
            // A number that is compared with a text that is none.
            _ => false,
        }
    }
}

impl Number {
    /// The number of a JSON number, or of a string that is one: sign, digits, fraction, exponent.
    pub(super) fn of(value: &Value) -> Option<Number> {
        match value {
            Value::Number(number) => number
                .as_i128()
                .map(Number::Whole)
                .or_else(|| number.as_f64().and_then(Number::float)),
            Value::String(text) => Number::parse(text),
            _ => None,
        }
    }

    fn parse(text: &str) -> Option<Number> {
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        // Words that the standard library also reads, such as `inf`, are no numbers here.
        if text.len() > 64 || !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return None;
        }
        match text.parse::<i128>() {
            Ok(whole) => Some(Number::Whole(whole)),
            Err(_) => text.parse::<f64>().ok().and_then(Number::float),
        }
    }

    fn float(number: f64) -> Option<Number> {
        number.is_finite().then_some(Number::Float(number))
    }

    pub(super) fn as_f64(self) -> f64 {
        match self {
            #[expect(
                clippy::cast_precision_loss,
                reason = "only for sums and mixed comparison"
            )]
            Number::Whole(whole) => whole as f64,
            Number::Float(float) => float,
        }
    }

    fn compare(self, other: Number) -> Option<Ordering> {
        match (self, other) {
            (Number::Whole(one), Number::Whole(two)) => Some(one.cmp(&two)),
            _ => self.as_f64().partial_cmp(&other.as_f64()),
        }
    }
}
