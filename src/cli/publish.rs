//! `toolrisk publish`

use super::{Exit, Failure, output};
use crate::publish::{self, Options, PublishError, ToolPages};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  toolrisk publish -C catalogue --out site
  toolrisk publish -C catalogue --out site --base-url https://example.org/risk/ --tool-pages top:5";

/// Arguments of `toolrisk publish`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The catalogue folder
    #[arg(short = 'C', long, value_name = "DIR", default_value = "catalogue")]
    catalogue: PathBuf,
    /// Where the site goes; a site that is there is replaced in one step
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Where the site will stand, for canonical links, sitemaps and feeds
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// The site's name
    #[arg(long, value_name = "TEXT", default_value = "Toolrisk")]
    title: String,
    /// One line for the foot of every page
    #[arg(long, value_name = "TEXT")]
    footer: Option<String>,
    /// Templates that replace the embedded ones of the same name
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    /// Which tools get a page of their own: all, none, or top:N of each server
    #[arg(long, value_name = "WHICH", default_value = "all")]
    tool_pages: ToolPages,
}

/// Runs the command.
pub(super) fn run(args: Args) -> Result<Exit, Failure> {
    let base_url = args.base_url.as_deref().map(base_url).transpose()?;
    let options = Options {
        base_url,
        title: args.title,
        footer: args.footer,
        templates: args.templates,
        tool_pages: args.tool_pages,
        ..Options::default()
    };
    let report =
        publish::publish(&args.catalogue, &args.out, &options).map_err(|error| failure(&error))?;
    output::note(&format!(
        "{} servers and {} tools: {} files in {}, {} of them new or changed",
        report.totals.servers,
        report.totals.tools,
        report.tally.files,
        args.out.display(),
        report.tally.written,
    ));
    Ok(Exit::Done)
}

/// An absolute http or https URL that ends in `/`.
fn base_url(text: &str) -> Result<url::Url, Failure> {
    let with_slash = if text.ends_with('/') {
        text.to_owned()
    } else {
        format!("{text}/")
    };
    url::Url::parse(&with_slash)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none())
        .ok_or_else(|| {
            Failure::bad_input(
                format!("--base-url {text} is no http or https address"),
                "give the whole address, such as https://example.org/risk/",
            )
        })
}

fn failure(error: &PublishError) -> Failure {
    let message = error.to_string();
    match error {
        PublishError::Source(_) => Failure::bad_input(
            message,
            "give the folder that `toolrisk scan -C` wrote to, with -C",
        ),
        PublishError::Template(_) => Failure::bad_input(
            message,
            "mend the template; docs/templates.md has what each is given",
        ),
        PublishError::Write(publish::write::WriteError::NotASite(_)) => {
            Failure::bad_input(message, "give an empty or new folder with --out")
        }
        PublishError::Write(_) => {
            Failure::bad_input(message, "give a folder that can be written with --out")
        }
        PublishError::Rules(_) => Failure::failed(message),
    }
}
