//! Rules, templates and lists are embedded: a change of one is a change of the program.

fn main() {
    for folder in ["rules", "templates", "catalogue", "examples/servers"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
