//! Records of a sealed bundle that somebody changed and linked anew, with a manifest of their own: each link and each
//! digest holds, and what the records say of each other does not.

use super::*;
use crate::key::Signer;

/// What is found then, but for the signature, which is gone.
fn found(change: impl FnOnce(&mut Vec<Record>)) -> String {
    let (_root, folder) = sealed();
    let (path, listed) = (folder.join(RECORDS), folder.join(MANIFEST));
    let mut records = Chain::read(&std::fs::read(&path).unwrap()).records;
    change(&mut records);
    let text = linked(records);
    let mut entries = manifest::read(&std::fs::read(&listed).unwrap()).unwrap();
    let entry = entries.iter_mut().find(|entry| entry.path == RECORDS).unwrap();
    entry.digest = Digest::of(&text);
    std::fs::write(path, text).unwrap();
    std::fs::write(listed, manifest::write(&mut entries)).unwrap();
    std::fs::remove_file(folder.join(SIGNATURE)).unwrap();
    let said = problems(&folder).into_iter().filter(|problem| problem.rule != Rule::Unsigned);
    said.map(|problem| problem.to_string()).collect::<Vec<_>>().join("\n")
}

fn end(record: &mut Record) -> &mut End {
    let Body::End(end) = &mut record.body else { panic!("it is another record") };
    end
}

#[test]
fn links_that_hold_are_no_fault() {
    assert_eq!(found(|_| {}), "");
}

#[test]
fn a_record_behind_the_seal_is_found() {
    insta::assert_snapshot!(found(|records| records.push(records[0].clone())), @"
    added evidence.jsonl:7: a record of kind open stands after the seal
    added evidence.jsonl: it was opened more than once
    cut evidence.jsonl: there is a manifest, and the records end without a seal
    ");
}

#[test]
fn a_second_beginning_or_end_is_found() {
    insta::assert_snapshot!(found(|records| records.insert(1, records[0].clone())), @"added evidence.jsonl: it was opened more than once");
    insta::assert_snapshot!(found(|records| records.insert(3, records[2].clone())), @"added evidence.jsonl: run 1 has more than one end");
}

#[test]
fn a_run_that_was_taken_out_is_missed() {
    insta::assert_snapshot!(found(|records| drop(records.drain(3..5))), @"
    missing evidence.jsonl: the seal counts 2 runs, and 1 are here
    added 002-two.intoto.json: the manifest lists it, and no record has its digest
    added 002-two.out: the manifest lists it, and no record has its digest
    ");
}

#[test]
fn a_size_or_a_number_of_files_that_is_another_is_found() {
    insta::assert_snapshot!(found(|records| end(&mut records[2]).files[0].bytes += 1), @"
    altered 001-one.out: it is not what record 2 has the digest of
    envelope 001-one.intoto.json: it says something else of the command, of where it ran, or of how it ended, than the records
    ");
    insta::assert_snapshot!(found(|records| {
        let Some(Body::Seal(seal)) = records.last_mut().map(|record| &mut record.body) else { panic!("the last is no seal") };
        seal.files += 1;
    }), @"altered manifest.sha256: the seal counts 6 files, and it lists 5");
}

#[test]
fn a_run_that_ended_before_it_began_is_told() {
    let earlier = time::record_time(now() - chrono::TimeDelta::seconds(1));
    insta::assert_snapshot!(found(|records| end(&mut records[2]).ended = earlier), @"
    clock evidence.jsonl:3: run 1 ended before it began, by the wall clock
    envelope 001-one.intoto.json: it says something else of the command, of where it ran, or of how it ended, than the records
    ");
}

#[test]
fn records_whose_times_run_backwards_are_told() {
    let earlier = |by| found(|records| records[3].time -= chrono::TimeDelta::milliseconds(by));
    assert_eq!(earlier(1000), "", "two who write at the same moment");
    insta::assert_snapshot!(earlier(1001), @"clock evidence.jsonl:4: the clock ran backwards; the order of the records counts");
}

#[test]
fn a_signature_of_another_key_than_the_seal_names_is_found() {
    let (_root, folder) = sealed();
    let other = KeyFile::from_seed(&[8; 32]);
    let signature = other.sign_manifest(&std::fs::read(folder.join(MANIFEST)).unwrap()).unwrap();
    std::fs::write(folder.join(SIGNATURE), signature).unwrap();
    let line = |key: &KeyFile| format!("ops@example.org {}\n", key.public_key().to_openssh());
    let both = [line(&KeyFile::from_seed(&SEED)), line(&other)].concat();
    let signers = AllowedSigners::read(&both);
    let trust = Trust { signers: Some(&signers), ..Trust::default() };
    let found = verify(&folder, &trust).unwrap();
    assert_eq!(found.problems[0].rule, Rule::BadSignature, "{:?}", found.problems);
    assert!(found.problems[0].message.ends_with("and the seal names another key"));
}

#[test]
fn a_key_must_be_valid_when_the_bundle_is_sealed() {
    let (_root, folder) = unsealed();
    let key = KeyFile::from_seed(&SEED);
    crate::seal(&folder, now() + chrono::TimeDelta::days(1), Some(&key), None).unwrap();
    let public = key.public_key().to_openssh();
    let until = |day: &str| {
        let line = format!("ops@example.org valid-before=\"{day}\" {public}\n");
        let signers = AllowedSigners::read(&line);
        let trust = Trust { signers: Some(&signers), ..Trust::default() };
        verify(&folder, &trust).unwrap().verdict()
    };
    assert_eq!(until("20261123"), Some(Weight::Error), "it was valid when the bundle was opened");
    assert_eq!(until("20261123170000Z"), Some(Weight::Error), "it ended in that moment");
    assert_eq!(until("20261123170001Z"), None);
}

#[test]
fn a_statement_of_other_files_or_of_an_unknown_key_is_found() {
    let (_root, folder) = unsealed();
    forge(&folder, |end| drop(end.files.remove(0)));
    insta::assert_snapshot!(shown(&folder), @"
    unsealed: the bundle was never sealed
    added 001-one.out: no record has its digest
    envelope 001-one.intoto.json: its subjects are not the files of the run
    ");
    let (_root, folder) = unsealed();
    let path = folder.join("001-one.intoto.json");
    let payload = Envelope::read(&std::fs::read(&path).unwrap()).unwrap().payload().unwrap();
    let other = Envelope::seal(&payload, Some(&KeyFile::from_seed(&[9; 32]))).0.to_bytes();
    std::fs::write(&path, &other).unwrap();
    forge(&folder, |end| {
        let file = &mut end.files[1];
        (file.bytes, file.sha256) = (other.len() as u64, Digest::of(&other));
    });
    insta::assert_snapshot!(shown(&folder), @"
    unsealed: the bundle was never sealed
    bad-signature 001-one.intoto.json: no known key made its signature
    ");
}

#[test]
fn what_is_not_as_it_was_recorded_is_not_sealed() {
    for (content, says) in
        [(Some("forged\n"), "is not what record 2 has"), (None, "is gone; record 2 has it")]
    {
        let (_root, folder) = unsealed();
        std::fs::remove_file(folder.join("001-one.out")).unwrap();
        if let Some(content) = content {
            std::fs::write(folder.join("001-one.out"), content).unwrap();
        }
        let refused = crate::seal(&folder, now(), None, None).unwrap_err().to_string();
        assert!(refused.contains(says), "{refused}");
        assert!(!folder.join(MANIFEST).exists());
    }
}

#[test]
fn a_manifest_that_was_put_in_before_the_seal_is_taken_away() {
    let (_root, folder) = unsealed();
    for name in [MANIFEST, SIGNATURE] {
        std::fs::write(folder.join(name), "another's\n").unwrap();
    }
    std::fs::write(folder.join(format!(".{MANIFEST}.a1B2c3.tmp")), "cut short").unwrap();
    assert!(crate::seal(&folder, now(), Some(&KeyFile::from_seed(&SEED)), None).unwrap().signed);
    assert_eq!(shown(&folder), "");
}
