//! Pages of one kind are alike but for their texts, so each kind is rendered once for every shape
//! that it takes and poured many times.
//!
//! A template engine looks at every value of every page; most of what it writes is the same on
//! thousands of them. Here the engine renders a view with a mark in the place of every text
//! ([`ink`]), which gives a mould: the page with holes. Whatever a template may look at, such as a
//! category or whether there is a description, is part of the view's [`shape`], and every shape has
//! a mould of its own. The next view of that shape is only taken apart, and its escaped texts are
//! poured between the fixed parts.
//!
//! This gives the same bytes as rendering each page as long as templates only write what is marked,
//! which holds for the embedded ones, and a test compares both. Where somebody has replaced one of
//! the templates that make a page, every page is rendered for itself.

pub mod ink;
mod shape;

use super::engine::{Engine, TemplateError};
use foldhash::fast::RandomState;
use ink::{CLOSE, Markup, OPEN};
use serde::Serialize;
use shape::Shape;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use tera::Context;

/// The most moulds that are kept in one place; after that it begins anew.
const MOST: usize = 1_000;

/// A row or an item of a list that has a template of its own.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The template.
    pub template: &'static str,
    /// What the template calls the view.
    pub name: &'static str,
}

/// A rendered page with holes.
struct Mould {
    text: String,
    /// Where in the text which hole is.
    holes: Vec<(usize, usize)>,
}

impl Mould {
    /// Takes the marks out of a page that was rendered with them.
    fn of(marked: &str) -> Mould {
        let mut text = String::with_capacity(marked.len());
        let mut holes = Vec::new();
        let mut rest = marked;
        while let Some((before, after)) = rest.split_once(OPEN) {
            text.push_str(before);
            let mark = after
                .split_once(CLOSE)
                .and_then(|(number, after)| Some((number.parse().ok()?, after)));
            rest = match mark {
                Some((hole, after)) => {
                    holes.push((text.len(), hole));
                    after
                }
                None => after,
            };
        }
        text.push_str(rest);
        Mould { text, holes }
    }

    fn pour(&self, shape: &Shape, out: &mut String) {
        out.reserve(self.text.len() + shape.length());
        let mut from = 0;
        for (at, hole) in &self.holes {
            out.push_str(&self.text[from..*at]);
            out.push_str(shape.text(*hole));
            from = *at;
        }
        out.push_str(&self.text[from..]);
    }
}

/// Makes pages, and keeps the moulds that it made.
pub struct Caster<'a> {
    engine: &'a Engine,
    /// The way to the site's root from every page that it makes, as `root` in rows.
    root: &'static str,
    moulds: HashMap<Vec<u8>, Mould, RandomState>,
    /// Lists that many pages have in common.
    lists: HashMap<u64, Markup>,
    shape: Shape,
    /// Where lists are put together.
    list: String,
}

impl<'a> Caster<'a> {
    fn new(engine: &'a Engine, root: &'static str) -> Caster<'a> {
        Caster {
            engine,
            root,
            moulds: HashMap::default(),
            lists: HashMap::new(),
            shape: Shape::default(),
            list: String::new(),
        }
    }

    /// Appends a page; the fields of the view are what its template sees.
    pub fn page<T: Serialize>(
        &mut self,
        template: &str,
        view: &T,
        out: &mut String,
    ) -> Result<(), TemplateError> {
        self.cast(template, view, out, &|view| {
            Context::from_serialize(view).map_err(|error| TemplateError::Wrong(error.to_string()))
        })
    }

    /// Makes rows of a list.
    pub fn rows<T: Serialize>(
        &mut self,
        row: Row,
        views: impl IntoIterator<Item = T>,
    ) -> Result<Markup, TemplateError> {
        let mut out = std::mem::take(&mut self.list);
        out.clear();
        let root = self.root;
        for view in views {
            self.cast(row.template, &view, &mut out, &|view| {
                let mut context = Context::new();
                context.insert("root", root);
                context.insert(row.name, view);
                Ok(context)
            })?;
        }
        let rows = Markup::made(&out);
        self.list = out;
        Ok(rows)
    }

    /// Makes the rows of a list that is known by a number, unless they were made before.
    pub fn once<T: Serialize>(
        &mut self,
        list: u64,
        row: Row,
        views: impl IntoIterator<Item = T>,
    ) -> Result<Markup, TemplateError> {
        if let Some(rows) = self.lists.get(&list) {
            return Ok(rows.clone());
        }
        let rows = self.rows(row, views)?;
        if self.lists.len() >= MOST {
            self.lists.clear();
        }
        self.lists.insert(list, rows.clone());
        Ok(rows)
    }

    fn cast<T: Serialize>(
        &mut self,
        template: &str,
        view: &T,
        out: &mut String,
        context: &dyn Fn(&T) -> Result<Context, TemplateError>,
    ) -> Result<(), TemplateError> {
        if !self.engine.pours() {
            let page = self.engine.render(template, &context(view)?)?;
            out.push_str(&page);
            return Ok(());
        }
        self.shape
            .take(template, view)
            .map_err(|odd| TemplateError::Wrong(format!("{template}: {odd}")))?;
        if let Some(mould) = self.moulds.get(&self.shape.key) {
            mould.pour(&self.shape, out);
            return Ok(());
        }
        let marked = ink::marked(|| context(view))?;
        let mould = Mould::of(&self.engine.render(template, &marked)?);
        mould.pour(&self.shape, out);
        if self.moulds.len() >= MOST {
            self.moulds.clear();
        }
        self.moulds.insert(self.shape.key.clone(), mould);
        Ok(())
    }
}

/// Casters for any number of threads: as many as work at a time.
pub struct Casters<'a> {
    engine: &'a Engine,
    root: &'static str,
    idle: Mutex<Vec<Caster<'a>>>,
}

impl<'a> Casters<'a> {
    /// For pages from which `root` leads to the root of the site.
    pub fn new(engine: &'a Engine, root: &'static str) -> Casters<'a> {
        Casters {
            engine,
            root,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Lends a caster.
    pub fn lend<T>(&self, work: impl FnOnce(&mut Caster<'a>) -> T) -> T {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let idler = idle().pop();
        let mut caster = idler.unwrap_or_else(|| Caster::new(self.engine, self.root));
        let out = work(&mut caster);
        idle().push(caster);
        out
    }
}
