//! Every message of the contract, tested word by word.
//!
//! In: `testdata/contracts/*.toml`, each a broken contract whose last lines, beginning with `#> `, are what onefunnel
//! says about it. Out: nothing; a new message needs one new file, and no code.

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use crate::contract::Contract;

    #[test]
    fn every_broken_contract_says_exactly_what_is_wrong() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/contracts");
        let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
        files.sort();
        assert!(files.len() >= 60, "only {} fixtures in {}", files.len(), folder.display());
        let mut wrong = Vec::new();
        for path in files {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
            let expected: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("#> ")).collect();
            assert!(!expected.is_empty(), "{name} does not say what is expected");
            let said = match Contract::load(&path, &name) {
                Ok(_) => "no problem".to_owned(),
                Err(issues) => issues.to_string(),
            };
            if said != expected.join("\n") {
                wrong.push(format!("{name} says\n{said}\ninstead of\n{}", expected.join("\n")));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    }
}
