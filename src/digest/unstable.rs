//! Definitions without the spots that do not hold still.

use crate::model::ToolEntry;
use crate::model::json::pointer_part;
use serde_json::Value;

/// The tools without what is at these spots, for a digest that stays the same. A spot is a JSON
/// pointer that starts with the tool's name: `/get_time/description`, or `/get_time` for a tool
/// that comes and goes.
pub fn without(tools: &[ToolEntry], spots: &[String]) -> Vec<ToolEntry> {
    if spots.is_empty() {
        return tools.to_vec();
    }
    tools
        .iter()
        .filter_map(|entry| settled(entry, spots))
        .collect()
}

/// One entry without what is at these spots; `None` when it is itself such a spot.
fn settled(entry: &ToolEntry, spots: &[String]) -> Option<ToolEntry> {
    let ToolEntry::Listed(raw) = entry else {
        return Some(entry.clone());
    };
    let mut value: Value = serde_json::from_str(raw.get()).unwrap_or_default();
    let name = value.get("name").and_then(Value::as_str);
    let place = format!("/{}", pointer_part(name.unwrap_or_default()));
    if spots.contains(&place) {
        return None;
    }
    let inner = format!("{place}/");
    let mut moved = false;
    for pointer in spots.iter().filter(|spot| spot.starts_with(&inner)) {
        if let Some(spot) = value.pointer_mut(&pointer[place.len()..]) {
            *spot = Value::Null;
            moved = true;
        }
    }
    if !moved {
        return Some(entry.clone());
    }
    let raw = serde_json::value::to_raw_value(&value);
    Some(raw.map_or_else(|_| entry.clone(), ToolEntry::Listed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_at_a_spot_does_not_count() {
        let list = |text: &str| -> Vec<ToolEntry> { serde_json::from_str(text).unwrap() };
        let spots = ["/a/description".to_owned(), "/b".to_owned()];
        let text = |tools: &[ToolEntry]| serde_json::to_string(tools).unwrap();
        let one = without(
            &list(
                r#"[{"name":"a","description":"1"},{"name":"b"},{"name":"c","description":"1"}]"#,
            ),
            &spots,
        );
        let other = without(
            &list(r#"[{"name":"a","description":"2"},{"name":"c","description":"1"}]"#),
            &spots,
        );
        assert_eq!(text(&one), text(&other));
        assert!(text(&one).contains(r#"{"name":"c","description":"1"}"#));
    }
}
