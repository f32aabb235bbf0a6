//! JSON with comments and trailing commas, by `jsonc-parser`. What other leniencies that parser
//! knows is switched off: no client reads such files.

use super::{Fault, Key, MAX_DEPTH, MAX_NODES, Node, Value};
use jsonc_parser::ast::Value as Ast;
use jsonc_parser::common::Ranged as _;
use jsonc_parser::{CollectOptions, ParseOptions};

/// Reads a text, or a part of one that begins at `base`.
pub(super) fn parse(text: &str, base: usize) -> Result<Node, Fault> {
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = jsonc_parser::parse_to_ast(text, &CollectOptions::default(), &options)
        .map_err(|error| Fault::new(base + error.range().start, error.kind().to_string()))?;
    let Some(root) = parsed.value else {
        return Err(Fault::new(base, "the file is empty"));
    };
    let mut nodes = 0;
    node(root, base, 0, &mut nodes)
}

fn node(ast: Ast<'_>, base: usize, depth: usize, nodes: &mut usize) -> Result<Node, Fault> {
    let at = base + ast.range().start;
    *nodes += 1;
    if depth > MAX_DEPTH {
        return Err(Fault::deep(at));
    }
    if *nodes > MAX_NODES {
        return Err(Fault::many(at));
    }
    let value = match ast {
        Ast::NullKeyword(_) => Value::Null,
        Ast::BooleanLit(literal) => Value::Bool(literal.value),
        Ast::NumberLit(literal) => Value::Number(literal.value.to_owned()),
        Ast::StringLit(literal) => Value::Text(literal.value.into_owned()),
        Ast::Array(array) => Value::List(
            array
                .elements
                .into_iter()
                .map(|element| node(element, base, depth + 1, nodes))
                .collect::<Result<_, _>>()?,
        ),
        Ast::Object(object) => {
            let mut entries = Vec::with_capacity(object.properties.len());
            for property in object.properties {
                let key = Key {
                    at: base + property.range.start,
                    name: property.name.into_string(),
                };
                entries.push((key, node(property.value, base, depth + 1, nodes)?));
            }
            Value::Table(entries)
        }
    };
    Ok(Node { at, value })
}
