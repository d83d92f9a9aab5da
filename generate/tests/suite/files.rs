//! Writing files.

use std::fs;

use chronicle_generate::{Error, Generated, Options, from_openapi};

fn notes() -> Generated {
    let document = r#"{"definitions": {"notes": {"properties": {
        "id": {"format": "uuid", "description": "<pk/>"}
    }}}, "paths": {}}"#;
    from_openapi(document, &Options::new()).unwrap()
}

#[test]
fn its_own_files_are_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entity/notes.rs");
    notes().write_to(folder.path()).unwrap();
    let text = fs::read_to_string(&path).unwrap();

    let (marker, _) = text.split_once('\n').unwrap();
    fs::write(&path, format!("{marker}\n\nstruct Old;\n")).unwrap();
    notes().write_to(folder.path()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn files_of_others_stay_and_nothing_is_written() {
    for content in ["struct Mine;\n".as_bytes(), "".as_bytes(), &[0xff, 0xfe]] {
        let folder = tempfile::tempdir().unwrap();
        let module = folder.path().join("entity.rs");
        fs::write(&module, content).unwrap();
        let error = notes().write_to(folder.path()).unwrap_err();
        assert!(matches!(error, Error::Foreign(path) if path == module));
        assert_eq!(fs::read(&module).unwrap(), content);
        assert!(!folder.path().join("entity").exists());
    }
}
