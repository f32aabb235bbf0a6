//! Query text: statements that only read.
//!
//! A pattern is no parser: it lets through what begins like a reading statement and holds none of
//! the words that change something. It denies more than it must (a word in a quoted text).

use super::schema::Property;
use super::{Maker, Wanted};

/// Names of properties that hold query text.
const WORDS: [&str; 8] = [
    "query",
    "sql",
    "statement",
    "statements",
    "queries",
    "cypher",
    "graphql",
    "sparql",
];

/// How a SQL statement that reads begins.
const SQL_BEGINS: &str = r"(?i)^[\s(]*(?:select|with|show|explain|describe|desc|values|table)\b";
/// Words and functions of SQL that change something, and a second statement.
const SQL_CHANGES: &str = r"(?i)\b(?:insert|update|delete|drop|alter|create|truncate|grant|revoke|merge|upsert|exec|execute|attach|detach|vacuum|reindex|into|xp_cmdshell|pg_read_file|pg_read_binary_file|pg_ls_dir|pg_sleep|pg_terminate_backend|pg_cancel_backend|lo_import|lo_export|load_file|load_extension|readfile|writefile|dblink|dblink_exec|setval|nextval|set_config)\b|;\s*[^\s;]";
/// Words of GraphQL that change something.
const GRAPHQL_CHANGES: &str = r"\b(?:mutation|subscription)\b";
/// Words of Cypher that change something.
const CYPHER_CHANGES: &str =
    r"(?i)\b(?:create|merge|delete|detach|set|remove|drop|foreach|load\s+csv|call|grant|revoke)\b";
/// Words of SPARQL that change something.
const SPARQL_CHANGES: &str =
    r"(?i)\b(?:insert|delete|load|clear|create|drop|copy|move|add|with)\b|\bservice\s*<";

/// Every pattern of this file.
pub(super) const PATTERNS: [&str; 5] = [
    SQL_BEGINS,
    SQL_CHANGES,
    GRAPHQL_CHANGES,
    CYPHER_CHANGES,
    SPARQL_CHANGES,
];

pub(super) fn add(maker: &mut Maker<'_>, property: &Property) {
    if !property.is_free_text() || !property.ends_with(&WORDS) {
        return;
    }
    let signal = maker.signal(property, "Accepts freeform code/query input");
    let sql = maker
        .verdict
        .signals
        .iter()
        .find(|s| s.title.contains("SQL") && s.title.starts_with("Runs"));
    let said = |word: &str| {
        property.has_word(&[word])
            || property.description.contains(word)
            || maker.verdict.name.to_lowercase().contains(word)
    };
    let (language, begins, changes) = if said("cypher") {
        ("Cypher", None, CYPHER_CHANGES)
    } else if said("graphql") || said("gql") {
        ("GraphQL", None, GRAPHQL_CHANGES)
    } else if said("sparql") {
        ("SPARQL", None, SPARQL_CHANGES)
    } else if said("sql") || sql.is_some() {
        ("SQL", Some(SQL_BEGINS), SQL_CHANGES)
    } else {
        return;
    };
    let because = signal
        .or_else(|| sql.map(|s| s.title.to_string()))
        .unwrap_or_else(|| format!("the name or description says {language}"));
    let does = format!("only {language} that reads");
    if let (Some(begins), true) = (begins, property.must_be_given()) {
        maker.require(property, &because, &does, Wanted::regex(begins));
    }
    maker.deny(property, &because, &does, Wanted::regex(changes));
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    fn reads(sql: &str) -> bool {
        let fits = |pattern| Regex::new(pattern).unwrap().is_match(sql);
        fits(SQL_BEGINS) && !fits(SQL_CHANGES)
    }

    #[test]
    fn sql() {
        for sql in [
            "select * from t",
            "  SELECT count(*) FROM t WHERE updated_at > 5;",
            "(select 1) union (select 2)",
            "with a as (select 1) select * from a",
            "EXPLAIN select deleted, created_by from t",
            "show tables",
            "select replace(a, 'x', 'y') from t;\n",
        ] {
            assert!(reads(sql), "{sql}");
        }
        for sql in [
            "drop table t",
            "select 1; drop table t",
            "select 1;select 2",
            "with d as (delete from t returning *) select * from d",
            "explain analyze update t set a = 1",
            "select * into outfile '/tmp/x' from t",
            "select pg_read_file('/etc/passwd')",
            "-- x\ndelete from t",
            "DeLeTe from t",
            "set role admin",
            "call f()",
            "",
        ] {
            assert!(!reads(sql), "{sql}");
        }
    }

    #[test]
    fn other_languages() {
        let changes = |pattern: &str, text: &str| Regex::new(pattern).unwrap().is_match(text);
        assert!(changes(GRAPHQL_CHANGES, "query A {a} mutation B {b}"));
        assert!(!changes(GRAPHQL_CHANGES, "query { mutations { id } }"));
        assert!(changes(CYPHER_CHANGES, "MATCH (n) DETACH DELETE n"));
        assert!(!changes(
            CYPHER_CHANGES,
            "MATCH (n) RETURN n.offset, n.created"
        ));
        assert!(changes(SPARQL_CHANGES, "INSERT DATA { <a> <b> <c> }"));
        assert!(!changes(SPARQL_CHANGES, "SELECT ?s WHERE { ?s ?p ?o }"));
    }
}
