//! What the templates are given: one typed context for each kind of page.
//!
//! docs/templates.md describes them for whoever changes a template.

pub mod changes;
pub mod facts;
pub mod history;
pub mod lists;
pub mod policy;
pub mod rows;
pub mod server;
pub mod tool;

use crate::publish::mould::ink::Text;
use serde::Serialize;

/// What every page has, as `page`.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    /// The way to the site's root: `""`, `../`, `../../`.
    pub root: String,
    /// The page's title, without the site's.
    pub title: Text<'static>,
    /// One or two sentences for search engines and previews.
    pub description: Text<'static>,
    /// The page's address; empty without a base URL.
    pub canonical: Text<'static>,
    /// Which entry of the navigation is current; empty for none.
    pub nav: &'static str,
    /// The same as JSON, from the root; empty where there is none.
    pub json: Text<'static>,
    /// Kind for previews: `website` or `article`.
    pub og: &'static str,
}

impl Page {
    /// A page at `path`, from the root.
    pub fn at(path: &str, base: Option<&url::Url>, title: String, description: String) -> Page {
        Page {
            root: "../".repeat(path.matches('/').count()),
            title: title.into(),
            description: description.into(),
            canonical: base
                .map(|base| address(base, path))
                .unwrap_or_default()
                .into(),
            nav: "",
            json: Text::default(),
            og: "website",
        }
    }

    /// Marks an entry of the navigation as current.
    #[must_use]
    pub fn nav(mut self, nav: &'static str) -> Page {
        self.nav = nav;
        self
    }

    /// Says where the same stands as JSON.
    #[must_use]
    pub fn json(mut self, path: String) -> Page {
        self.json = path.into();
        self
    }
}

/// The address of the page at `path`. Paths are made of slugs and fixed names, so that nothing in
/// them has to be encoded.
fn address(base: &url::Url, path: &str) -> String {
    let base = base.as_str();
    let folder = base.rfind('/').map_or(base, |end| &base[..=end]);
    format!(
        "{folder}{}",
        path.strip_suffix("index.html").unwrap_or(path)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_its_way_to_the_root() {
        let base = url::Url::parse("https://example.org/x/").unwrap();
        let page = Page::at(
            "tools/a/index.html",
            Some(&base),
            String::new(),
            String::new(),
        );
        assert_eq!(page.root, "../../");
        assert_eq!(&*page.canonical, "https://example.org/x/tools/a/");
        assert_eq!(
            Page::at("a.html", None, String::new(), String::new()).root,
            ""
        );
    }
}
