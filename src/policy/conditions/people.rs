//! What only a person knows: who may be written to, and how much may be paid.

use super::super::placeholder::placeholder;
use super::schema::Property;
use super::{Maker, Wanted, rule};
use crate::model::Category;
use crate::model::policy::{Condition, Limit, Operator, Scope, Window};

/// Names, as words, of properties that say to whom something goes.
const RECIPIENTS: [&str; 30] = [
    "to",
    "cc",
    "bcc",
    "recipient",
    "recipients",
    "recipient email",
    "recipient emails",
    "recipient id",
    "recipient address",
    "to email",
    "to emails",
    "email to",
    "to address",
    "to addresses",
    "to number",
    "to phone",
    "to user",
    "email",
    "emails",
    "email address",
    "email addresses",
    "phone",
    "phone number",
    "phone numbers",
    "chat id",
    "channel",
    "channel id",
    "channels",
    "destination address",
    "to recipients",
];

/// Last words of names of amounts of money.
const AMOUNTS: [&str; 7] = [
    "amount", "amounts", "total", "price", "cents", "value", "lamports",
];

pub(super) fn add(maker: &mut Maker<'_>, property: &Property) {
    recipients(maker, property);
    amounts(maker, property);
}

fn recipients(maker: &mut Maker<'_>, property: &Property) {
    let sends = maker.verdict.traits.external_egress
        && matches!(
            maker.verdict.category,
            Category::Write | Category::Execute | Category::Financial
        );
    if !sends
        || !property.is_free_text()
        || !RECIPIENTS.contains(&property.words.join(" ").as_str())
    {
        return;
    }
    let because = "a recipient of a tool that can carry data out";
    let value = placeholder("a recipient that is allowed");
    maker.only(
        property,
        because,
        "only recipients that a person listed",
        vec![value.into()],
    );
}

fn amounts(maker: &mut Maker<'_>, property: &Property) {
    let counts = property.is_number || (property.is_text && property.values.is_none());
    if maker.verdict.category != Category::Financial
        || !counts
        || property.is_list
        || !property.ends_with(&AMOUNTS)
    {
        return;
    }
    let because = "an amount of a tool that moves money";
    let does = placeholder("the most that one call may move, here 0");
    if !property.must_be_given() {
        let value = 0.into();
        let op = Operator::Gt;
        maker.deny(property, because, &does, Wanted { op, value });
        return;
    }
    let mut between = rule(
        &property.path,
        &does,
        Wanted {
            op: Operator::Gte,
            value: 0.into(),
        },
    );
    between.conditions.push(Condition {
        path: property.path.clone(),
        op: Operator::Lte,
        value: 0.into(),
    });
    maker.require_rule(property, because, &does, between);
    let counter = format!("{}_{}_per_day", maker.verdict.name, property.label);
    let limit = Limit {
        counter: (maker.counter)(&counter),
        window: Window::Day,
        max: 0,
        scope: Scope::Grant,
        increment_from: Some(property.path.clone()),
    };
    let does = placeholder("the most that one day may move, here 0");
    maker.limit(property, because, &does, limit);
}
