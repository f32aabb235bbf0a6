//! Paging through a live registry, without the network: which address comes next, and when to stop.
//! The crawler fetches; this says what.

use super::server::Entry;
use super::{Wanted, read_page, reading};
use crate::targets::document::{Document, Syntax};
use crate::targets::reading::{InputError, Reading, endpoint};
use std::collections::HashSet;
use url::Url;

/// No registry has more pages than this (at 100 servers a page).
pub const MAX_PAGES: usize = 1_000;

/// No registry has more servers than this.
pub const MAX_SERVERS: usize = 100_000;

/// How many servers are asked for at a time: what the official registry allows at most.
pub const PAGE: usize = 100;

/// Why paging ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The registry said that there is no more.
    Complete,
    /// It gave a cursor that it had given before.
    CursorLoop,
    /// [`MAX_PAGES`] or [`MAX_SERVERS`] were reached.
    Cap,
    /// A page could not be fetched or read; what came before it stands.
    Broken,
}

/// Walks over the pages of one registry.
pub struct Pager {
    base: Url,
    next: Option<Url>,
    since: Option<String>,
    cursors: HashSet<String>,
    pages: usize,
    entries: Vec<Entry>,
    end: Option<End>,
    older: bool,
}

impl std::fmt::Debug for Pager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Pager({} pages, {} servers)",
            self.pages,
            self.entries.len()
        )
    }
}

impl Pager {
    /// Starts at the registry's address: its root, a version of its API, or its list of servers.
    /// `since` is the moment as the user wrote it (RFC 3339).
    pub fn new(address: &str, since: Option<&str>) -> Result<Pager, InputError> {
        let base = endpoint(address).map_err(|problem| InputError::Unreadable {
            file: "the registry's address".to_owned(),
            problem,
        })?;
        let mut pager = Pager {
            base,
            next: None,
            since: since.map(str::to_owned),
            cursors: HashSet::new(),
            pages: 0,
            entries: Vec::new(),
            end: None,
            older: false,
        };
        pager.next = Some(pager.address(None));
        Ok(pager)
    }

    /// The address to fetch next; `None` when it is over.
    pub fn next(&self) -> Option<&Url> {
        self.next.as_ref()
    }

    /// The list was not found (404) where the newest API has it: tries the older place, once, and
    /// only before the first page. `false` when there is nothing else to try.
    pub fn try_older(&mut self) -> bool {
        let plain = !self.base.path().contains("/v0");
        if self.older || self.pages > 0 || !plain {
            return false;
        }
        self.older = true;
        self.next = Some(self.address(None));
        true
    }

    /// Takes the body of the answer at [`Pager::next`].
    pub fn take(&mut self, body: &str) -> Result<(), InputError> {
        let Some(address) = self.next.take() else {
            return Ok(());
        };
        let file = address.to_string();
        let read = Document::parse(&file, body, Syntax::Json).and_then(|document| {
            Ok((
                read_page(&document, self.entries.len() + 1)?,
                cursor(&document),
            ))
        });
        let (entries, cursor) = match read {
            Ok(read) => read,
            Err(error) => {
                self.end = Some(End::Broken);
                return Err(error);
            }
        };
        self.pages += 1;
        let empty = entries.is_empty();
        self.entries.extend(entries);
        let Some(cursor) = cursor.filter(|_| !empty) else {
            self.end = Some(End::Complete);
            return Ok(());
        };
        if !self.cursors.insert(cursor.clone()) {
            self.end = Some(End::CursorLoop);
        } else if self.pages >= MAX_PAGES || self.entries.len() >= MAX_SERVERS {
            self.end = Some(End::Cap);
        } else {
            self.next = Some(self.address(Some(&cursor)));
        }
        Ok(())
    }

    /// A page could not be fetched: it is over, and what came before stands.
    pub fn fail(&mut self) {
        self.next = None;
        self.end = Some(End::Broken);
    }

    /// How many pages and servers were read.
    pub fn read(&self) -> (usize, usize) {
        (self.pages, self.entries.len())
    }

    /// What the registry listed, and how the walk ended.
    pub fn finish(self, wanted: &Wanted) -> (Reading, End) {
        let end = self.end.unwrap_or(End::Broken);
        let mut reading = reading(self.entries, wanted);
        let note = match end {
            End::Complete => None,
            End::CursorLoop => Some("the registry gave the same cursor twice"),
            End::Cap => Some("the registry has more servers than are read in one run"),
            End::Broken => Some("the registry could not be read to its end"),
        };
        if let Some(note) = note {
            let pages = self.pages;
            reading.notes.push(format!(
                "{note}: {} servers of {pages} pages were read",
                reading.entries
            ));
        }
        (reading, end)
    }

    fn address(&self, cursor: Option<&str>) -> Url {
        let mut url = self.base.clone();
        let path = url.path().trim_end_matches('/').to_owned();
        let path = if path.ends_with("/servers") {
            path
        } else if path
            .rsplit('/')
            .next()
            .is_some_and(|last| last.starts_with("v0"))
        {
            format!("{path}/servers")
        } else {
            let version = if self.older { "v0" } else { "v0.1" };
            format!("{path}/{version}/servers")
        };
        url.set_path(&path);
        url.set_fragment(None);
        let given: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(key, _)| key != "cursor")
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        let has = |name: &str| given.iter().any(|(key, _)| key == name);
        let limit = PAGE.to_string();
        {
            let mut query = url.query_pairs_mut();
            query.clear().extend_pairs(&given);
            if !has("limit") {
                query.append_pair("limit", &limit);
            }
            if !has("version") {
                query.append_pair("version", "latest");
            }
            if let Some(since) = self.since.as_deref().filter(|_| !has("updated_since")) {
                query.append_pair("updated_since", since);
            }
            if let Some(cursor) = cursor {
                query.append_pair("cursor", cursor);
            }
        }
        url
    }
}

/// The cursor of the next page: absent, null and empty all mean that there is none.
fn cursor(document: &Document<'_>) -> Option<String> {
    let metadata = document.root.get("metadata")?;
    let cursor = metadata.any(&["nextCursor", "next_cursor"])?.text()?;
    (!cursor.is_empty()).then(|| cursor.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(names: &[&str], cursor: &str) -> String {
        let servers: Vec<String> = names
        .iter()
        .map(|name| format!(r#"{{"server": {{"name": "{name}", "packages": [{{"registryType": "npm", "identifier": "{name}"}}]}}}}"#))
        .collect();
        format!(
            r#"{{"servers": [{}], "metadata": {{"nextCursor": {cursor}, "count": {}}}}}"#,
            servers.join(","),
            names.len()
        )
    }

    #[test]
    fn pages_are_walked_to_the_end() {
        let mut pager = Pager::new("https://r.example", Some("2026-01-01T00:00:00Z")).unwrap();
        let first = "https://r.example/v0.1/servers?limit=100&version=latest&updated_since=2026-01-01T00%3A00%3A00Z";
        assert_eq!(pager.next().unwrap().as_str(), first);
        pager.take(&page(&["a", "b"], "\"c &1\"")).unwrap();
        assert_eq!(
            pager.next().unwrap().as_str(),
            format!("{first}&cursor=c+%261")
        );
        pager.take(&page(&["c"], "\"\"")).unwrap();
        assert_eq!(pager.next(), None);
        let (reading, end) = pager.finish(&Wanted::default());
        assert_eq!((reading.targets.len(), end), (3, End::Complete));
        assert!(reading.notes.is_empty());
    }

    #[test]
    fn addresses_of_registries() {
        for (address, expected) in [
            (
                "https://r.example/",
                "https://r.example/v0.1/servers?limit=100&version=latest",
            ),
            (
                "https://r.example/v0",
                "https://r.example/v0/servers?limit=100&version=latest",
            ),
            (
                "https://r.example/x/v0.1/",
                "https://r.example/x/v0.1/servers?limit=100&version=latest",
            ),
            (
                "http://127.0.0.1:1/my/servers?search=a&limit=5&cursor=z",
                "http://127.0.0.1:1/my/servers?search=a&limit=5&version=latest",
            ),
        ] {
            assert_eq!(
                Pager::new(address, None).unwrap().next().unwrap().as_str(),
                expected
            );
        }
        let mut pager = Pager::new("https://r.example", None).unwrap();
        assert!(pager.try_older() && !pager.try_older());
        assert!(pager.next().unwrap().path() == "/v0/servers");
        for address in [
            "r.example",
            "ftp://r.example",
            "https://u:hunter2@r.example",
        ] {
            let told = Pager::new(address, None).unwrap_err().to_string();
            assert!(!told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn loops_caps_and_broken_pages_end_the_walk() {
        let mut pager = Pager::new("https://r.example", None).unwrap();
        for cursor in ["\"a\"", "\"b\"", "\"a\""] {
            assert!(pager.next().is_some());
            pager.take(&page(&["x"], cursor)).unwrap();
        }
        assert_eq!(pager.next(), None);
        let (reading, end) = pager.finish(&Wanted::default());
        assert_eq!(end, End::CursorLoop);
        assert_eq!((reading.entries, reading.targets.len()), (3, 1));
        assert!(
            reading.notes[0].contains("same cursor twice: 3 servers of 3 pages"),
            "{:?}",
            reading.notes
        );

        let mut pager = Pager::new("https://r.example", None).unwrap();
        let mut fetched = 0;
        while pager.next().is_some() {
            pager
                .take(&page(&["x"], &format!("\"{fetched}\"")))
                .unwrap();
            fetched += 1;
        }
        assert_eq!(
            (fetched, pager.finish(&Wanted::default()).1),
            (MAX_PAGES, End::Cap)
        );

        for body in [
            "",
            "<html>",
            "{}",
            "[]",
            "{\"servers\": {}}",
            "{\"servers\": [{\"server\"",
        ] {
            let mut pager = Pager::new("https://r.example", None).unwrap();
            pager.take(&page(&["x"], "\"a\"")).unwrap();
            assert!(pager.take(body).is_err(), "{body}");
            assert_eq!(pager.next(), None);
            let (reading, end) = pager.finish(&Wanted::default());
            assert_eq!((reading.targets.len(), end), (1, End::Broken));
            assert!(!reading.notes.is_empty());
        }
        // A page without servers ends it, whatever cursor it has.
        let mut pager = Pager::new("https://r.example", None).unwrap();
        pager.take(&page(&[], "\"a\"")).unwrap();
        assert_eq!(pager.finish(&Wanted::default()).1, End::Complete);
    }
}
