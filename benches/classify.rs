//! Speed of the classifier: `cargo bench --bench classify`.
//!
//! With the real corpus at hand (`TOOLRISK_CORPUS=corpus.jsonl`, lines of `{"server","tools"}`)
//! it measures that; otherwise a made-up, diverse one.

use divan::{Bencher, counter::ItemsCount};
use toolrisk::classify::{Classifier, Options, ServerContext};
use toolrisk::model::Tool;
use toolrisk::rules::RuleSet;

fn main() {
    divan::main();
}

const VERBS: [&str; 12] = [
    "get", "list", "create", "delete", "run", "send", "update", "search", "restart", "pay",
    "export", "check",
];
const NOUNS: [&str; 11] = [
    "invoice", "cluster", "note", "page", "shelf", "user", "report", "queue", "image", "branch",
    "room",
];

/// Servers with their raw tools.
fn corpus() -> Vec<(String, Vec<serde_json::Value>)> {
    let read =
        std::env::var_os("TOOLRISK_CORPUS").and_then(|file| std::fs::read_to_string(file).ok());
    if let Some(text) = read {
        return text
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter_map(|mut line| {
                let server = line["server"].as_str()?.to_owned();
                let tools = line["tools"].take();
                Some((server, tools.as_array()?.clone()))
            })
            .collect();
    }
    (0..300)
        .map(|server| {
            let tools = (0..10)
                .map(|n| {
                    let (verb, noun) = (VERBS[(server * 7 + n) % 12], NOUNS[(server + n * 3) % 11]);
                    serde_json::json!({
                        "name": format!("{verb}_{noun}"),
                        "description": format!("This tool can {verb} one {noun} of the account number {server}. Returns the {noun} with its fields, or an error when there is none. Use it when the {noun} is known."),
                        "inputSchema": {"type": "object", "properties": {
                            format!("{noun}_id"): {"type": "string", "description": "Which one"},
                            "limit": {"type": "integer"}, "filter": {"type": "string"}
                        }}
                    })
                })
                .collect();
            (format!("server-{server}"), tools)
        })
        .collect()
}

/// Measures the verdicts on the corpus, read before.
fn judge_corpus(bencher: Bencher<'_, '_>, classifier: &Classifier) {
    let servers: Vec<(String, Vec<Tool>)> = corpus()
        .into_iter()
        .map(|(name, tools)| (name, tools.into_iter().map(Tool::from_value).collect()))
        .collect();
    let count: usize = servers.iter().map(|(_, tools)| tools.len()).sum();
    bencher.counter(ItemsCount::new(count)).bench_local(|| {
        for (name, tools) in &servers {
            let server = ServerContext {
                name: Some(name),
                tools,
                instructions: None,
            };
            divan::black_box(classifier.server(&server, &Options::default()));
        }
    });
}

#[divan::bench(sample_count = 20)]
fn parsed_tools_to_verdicts(bencher: Bencher<'_, '_>) {
    let Ok(Ok(classifier)) = RuleSet::embedded().map(|set| Classifier::new(&set)) else {
        return;
    };
    judge_corpus(bencher, &classifier);
}

#[divan::bench(sample_count = 10)]
fn json_text_to_jsonl(bencher: Bencher<'_, '_>) {
    let Ok(Ok(classifier)) = RuleSet::embedded().map(|set| Classifier::new(&set)) else {
        return;
    };
    let lines: Vec<(String, Vec<String>)> = corpus()
        .into_iter()
        .map(|(name, tools)| (name, tools.iter().map(ToString::to_string).collect()))
        .collect();
    let count: usize = lines.iter().map(|(_, tools)| tools.len()).sum();
    // One buffer for all lines, as the program writes them.
    let mut line = Vec::new();
    bencher.counter(ItemsCount::new(count)).bench_local(|| {
        for (name, texts) in &lines {
            let tools: Vec<Tool> = texts.iter().map(|text| Tool::parse(text)).collect();
            let server = ServerContext {
                name: Some(name),
                tools: &tools,
                instructions: None,
            };
            for verdict in classifier.server(&server, &Options::default()) {
                line.clear();
                divan::black_box(serde_json::to_writer(&mut line, &verdict).ok());
            }
        }
    });
}

#[divan::bench(args = [16, 64, 256, 1024], sample_count = 10)]
fn long_description(bencher: Bencher<'_, '_>, kibibytes: usize) {
    let Ok(Ok(classifier)) = RuleSet::embedded().map(|set| Classifier::new(&set)) else {
        return;
    };
    let tools = [Tool::from_value(serde_json::json!({
        "name": "read_page", "description": "word delete them all. ".repeat(kibibytes * 1024 / 22)
    }))];
    let server = ServerContext {
        name: None,
        tools: &tools,
        instructions: None,
    };
    bencher.bench_local(|| divan::black_box(classifier.server(&server, &Options::default())));
}

/// What more rules cost: the built-in ones, and made-up ones of verbs and nouns beside them, so many
/// times as many in all.
#[divan::bench(args = [1, 2], sample_count = 10)]
fn number_of_rules(bencher: Bencher<'_, '_>, times: usize) {
    // Where the rules cannot be read the bench says that nothing was measured.
    let Some(classifier) = with_rules(times) else {
        return;
    };
    judge_corpus(bencher, &classifier);
}

fn with_rules(times: usize) -> Option<Classifier> {
    const OTHER: [&str; 24] = [
        "account", "board", "channel", "device", "event", "file", "graph", "host", "item", "job",
        "key", "label", "model", "node", "order", "pipeline", "query", "record", "session", "task",
        "value", "window", "text", "list",
    ];
    let folder = tempfile::tempdir().ok()?;
    let built_in = RuleSet::embedded().ok()?;
    if times == 1 {
        return Classifier::new(&built_in).ok();
    }
    for at in 0..built_in.rules().count() * (times - 1) {
        let (verb, noun) = (VERBS[at % 12], OTHER[at / 12 % 24]);
        let rule = format!(
            "id = \"more-{at}\"\nkind = \"category\"\ntitle = \"More\"\ncategory = \"Write\"\nweight = 1\nsince = \"0.1.0\"\nrationale = \"For measuring.\"\nreferences = []\n\n[match]\nany = [{{ in = [\"name\", \"description\"], words = \"{verb} ..{} {noun}\" }}]\n\n[examples]\nyes = []\nno = []\n",
            at % 5 + 1
        );
        std::fs::write(folder.path().join(format!("more-{at}.toml")), rule).ok()?;
    }
    let set = RuleSet::with_overrides(folder.path()).ok()?;
    Classifier::new(&set).ok()
}
