//! How a command ends: the exit codes, and errors for people.

use super::output;
use crate::catalogue::CatalogueError;
use crate::model::Shown;
use miette::Diagnostic;
use std::path::Path;
use std::process::ExitCode;

/// The exit codes of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, whatever was found.
    Done = 0,
    /// The program itself failed, for example for want of disk.
    Failed = 1,
    /// Something at or above the asked threshold was found.
    Findings = 2,
    /// Bad input or configuration; nothing was written.
    BadInput = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why a command could not do its work, with the exit code.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    report: miette::Report,
}

impl Failure {
    /// Bad input or configuration: exit 3.
    pub fn input(error: impl Diagnostic + Send + Sync + 'static) -> Self {
        Failure {
            exit: Exit::BadInput,
            report: miette::Report::new(error),
        }
    }

    /// The program failed: exit 1.
    pub fn program(error: impl Diagnostic + Send + Sync + 'static) -> Self {
        Failure {
            exit: Exit::Failed,
            report: miette::Report::new(error),
        }
    }

    /// Bad input that needs no type of its own: the message names the thing and the place, `help`
    /// the next step.
    pub fn bad_input(message: impl Into<String>, help: impl Into<String>) -> Self {
        Failure::input(Message {
            message: message.into(),
            help: Some(help.into()),
        })
    }

    /// A catalogue, or a record of one, that cannot be used.
    pub fn catalogue(error: &CatalogueError) -> Self {
        Failure::bad_input(
            error.to_string(),
            "name the folder that `toolrisk scan -C` wrote",
        )
    }

    /// A catalogue without a record.
    pub fn no_records(folder: &Path) -> Self {
        Failure::bad_input(
            format!("{} has no records", Shown(&folder.to_string_lossy())),
            "fill it with `toolrisk scan`",
        )
    }

    /// A failure that needs no type of its own.
    pub fn failed(message: impl Into<String>) -> Self {
        Failure::program(Message {
            message: message.into(),
            help: None,
        })
    }

    /// Prints the error on standard error and gives the exit code. A reader of standard output
    /// that went away is no error.
    pub(super) fn report(self) -> ExitCode {
        if let Some(Message { message, .. }) = self.report.downcast_ref::<Message>()
            && message == CLOSED
        {
            return Exit::Done.into();
        }
        output::error(&format!("{:?}", self.report));
        self.exit.into()
    }
}

/// Marks that whoever read standard output closed it.
const CLOSED: &str = "standard output was closed";

impl From<std::io::Error> for Failure {
    /// For writing results to standard output; other errors name their file instead.
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Failure::failed(CLOSED)
        } else {
            Failure::failed(format!("cannot write to standard output: {error}"))
        }
    }
}

/// An error that is only a message and a next step.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
struct Message {
    message: String,
    #[help]
    help: Option<String>,
}

/// Prints a usage error, or help and version when they were asked for.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    let asked = !error.use_stderr();
    // Nothing is left to tell anyone if even this cannot be written.
    let _ = error.print();
    if asked {
        Exit::Done.into()
    } else {
        Exit::BadInput.into()
    }
}
