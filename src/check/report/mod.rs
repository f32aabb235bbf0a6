//! The result of a check in the formats that people and programs read. Pure: text in, text out.

mod junit;
mod markdown;
mod result;
mod sarif;
mod text;

pub use junit::junit;
pub use markdown::{escaped_markdown, markdown};
pub use result::{REPORT_VERSION, Report, ServerRow};
pub use sarif::sarif;
pub use text::text;
