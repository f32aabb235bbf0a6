//! An HTML5 parser as a judge: whether a page is well-formed, and what elements it has.

use html5ever::interface::QuirksMode;
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::{ElementFlags, NodeOrText, TreeSink};
use html5ever::{Attribute, ParseOpts, QualName, parse_document};
use std::borrow::Cow;
use std::cell::RefCell;

/// A parsed page, flat: every element in the order of its start, with its attributes and its text.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) errors: Vec<String>,
    pub(crate) elements: Vec<Element>,
}

#[derive(Debug, Default, Clone)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Element {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Parses a page.
pub(crate) fn parse(html: &str) -> Page {
    let sink = Sink::default();
    let mut options = ParseOpts::default();
    options.tokenizer.exact_errors = true;
    options.tree_builder.exact_errors = true;
    parse_document(sink, options).one(StrTendril::from(html))
}

#[derive(Default)]
struct Sink {
    names: RefCell<Vec<QualName>>,
    page: RefCell<Page>,
    depth: RefCell<Vec<Option<usize>>>,
}

/// Handles are places in `names`; 0 is the document.
impl TreeSink for Sink {
    type Handle = usize;
    type Output = Page;
    type ElemName<'a> = NameOf;

    fn finish(self) -> Page {
        self.page.into_inner()
    }
    fn parse_error(&self, message: Cow<'static, str>) {
        self.page.borrow_mut().errors.push(message.into_owned());
    }
    fn get_document(&self) -> usize {
        0
    }
    fn elem_name<'a>(&'a self, target: &'a usize) -> NameOf {
        NameOf(self.names.borrow()[*target - 1].clone())
    }
    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, _: ElementFlags) -> usize {
        let element = Element {
            name: name.local.to_string(),
            attributes: attrs
                .iter()
                .map(|a| (a.name.local.to_string(), a.value.to_string()))
                .collect(),
            text: String::new(),
        };
        let mut page = self.page.borrow_mut();
        page.elements.push(element);
        self.depth.borrow_mut().push(Some(page.elements.len() - 1));
        self.names.borrow_mut().push(name);
        self.names.borrow().len()
    }
    fn create_comment(&self, text: StrTendril) -> usize {
        // A comment would be an element too many: pages have none.
        self.page.borrow_mut().elements.push(Element {
            name: "#comment".to_owned(),
            text: text.to_string(),
            ..Element::default()
        });
        self.depth.borrow_mut().push(None);
        self.names.borrow_mut().push(QualName::new(
            None,
            html5ever::ns!(html),
            html5ever::local_name!(""),
        ));
        self.names.borrow().len()
    }
    fn create_pi(&self, _: StrTendril, data: StrTendril) -> usize {
        self.create_comment(data)
    }
    fn append(&self, parent: &usize, child: NodeOrText<usize>) {
        if let NodeOrText::AppendText(text) = child {
            let place = parent
                .checked_sub(1)
                .and_then(|at| self.depth.borrow().get(at).copied().flatten());
            if let Some(place) = place {
                self.page.borrow_mut().elements[place].text.push_str(&text);
            }
        }
    }
    fn append_based_on_parent_node(&self, parent: &usize, _: &usize, child: NodeOrText<usize>) {
        self.append(parent, child);
    }
    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}
    fn get_template_contents(&self, target: &usize) -> usize {
        *target
    }
    fn same_node(&self, one: &usize, other: &usize) -> bool {
        one == other
    }
    fn set_quirks_mode(&self, mode: QuirksMode) {
        if mode != QuirksMode::NoQuirks {
            self.page.borrow_mut().errors.push(format!("{mode:?}"));
        }
    }
    fn append_before_sibling(&self, _: &usize, _: NodeOrText<usize>) {
        let mut page = self.page.borrow_mut();
        page.errors
            .push("something stands outside its place".to_owned());
    }
    fn add_attrs_if_missing(&self, _: &usize, _: Vec<Attribute>) {
        let mut page = self.page.borrow_mut();
        page.errors.push("html or body twice".to_owned());
    }
    fn remove_from_parent(&self, _: &usize) {}
    fn reparent_children(&self, _: &usize, _: &usize) {}
}

#[derive(Debug)]
struct NameOf(QualName);

impl html5ever::interface::ElemName for NameOf {
    fn ns(&self) -> &html5ever::Namespace {
        &self.0.ns
    }
    fn local_name(&self) -> &html5ever::LocalName {
        &self.0.local
    }
}
