//! An example server on standard input and output.

use super::{Answer, Example, Session};
use serde_json::Value;
use std::io::{self, BufRead, Write};

/// Answers each line of `input` on `output` until the input ends. Lines that are no JSON are
/// passed over, as a tolerant server does.
///
/// # Errors
/// When reading or writing fails.
pub fn serve(example: &Example, input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut session = Session::default();
    for line in input.lines() {
        let Ok(message) = serde_json::from_str::<Value>(&line?) else {
            continue;
        };
        if let Answer::Reply(reply) = example.answer(&message, &mut session) {
            writeln!(output, "{reply}")?;
            output.flush()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::example;

    #[test]
    fn one_line_in_one_line_out() {
        let input = concat!(
            r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#,
            "\n",
            "noise\n",
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            "\n",
            r#"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#,
            "\n",
        );
        let mut output = Vec::new();
        serve(
            &example("notebook").unwrap().unwrap(),
            input.as_bytes(),
            &mut output,
        )
        .unwrap();
        let lines: Vec<Value> = String::from_utf8(output)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1]["result"]["tools"].as_array().unwrap().len(), 8);
    }
}
