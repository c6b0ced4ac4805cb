//! Other people's verifiers on what we wrote: openssl, securesystemslib, in-toto-attestation, pymerkle, cosign, witness.

use testbed::Bed;

use crate::ops::{is_there, signed};
use crate::{open, tool};

/// A sealed, signed bundle with one run labelled `one`.
fn bundle(bed: &Bed) -> String {
    let bundle = open(bed);
    let run = ["run", "--into", &bundle, "--label", "one", "--", "sh", "-c", "echo hello; exit 42"];
    assert_eq!(tool(bed).args(run).run().code(), 42);
    assert_eq!(tool(bed).args(["seal", &bundle]).run().code(), 0);
    bundle
}

const PYTHON_HEAD: &str = r"
import base64, json, sys, hashlib
bundle, public = sys.argv[1:3]
raw = base64.b64decode(open(public).read().split()[1])[-32:]
envelope = json.load(open(bundle + '/001-one.intoto.json'))
payload = base64.b64decode(envelope['payload'])
";

fn python(bed: &Bed, script: &str, bundle: &str) -> testbed::Output {
    let script = format!("{PYTHON_HEAD}{script}");
    bed.command("python3").args(["-c", &script, bundle, "home/key.pub"]).unguarded().run()
}

fn has_module(bed: &Bed, module: &str) -> bool {
    is_there("python3")
        && bed.command("python3").args(["-c", &format!("import {module}")]).unguarded().run().code()
            == 0
}

#[test]
fn openssl_verifies_the_envelope() {
    let test = "openssl_verifies_the_envelope";
    let Some(bed) = signed(test) else { return };
    if !is_there("openssl") || !is_there("python3") {
        testbed::not_run(test, "openssl or python3 is not installed");
        return;
    }
    let bundle = bundle(&bed);
    let parts = python(
        &bed,
        r"
kind = envelope['payloadType'].encode()
open('pae', 'wb').write(b'DSSEv1 %d %s %d ' % (len(kind), kind, len(payload)) + payload)
open('sig', 'wb').write(base64.b64decode(envelope['signatures'][0]['sig']))
pem = '-----BEGIN PUBLIC KEY-----\n' + base64.b64encode(bytes.fromhex('302a300506032b6570032100') + raw).decode() + '\n-----END PUBLIC KEY-----\n'
open('pem', 'w').write(pem)
assert envelope['signatures'][0]['keyid'] == hashlib.sha256(pem.encode()).hexdigest()
",
        &bundle,
    );
    assert_eq!(parts.code(), 0, "{parts}");
    let verify = [
        "pkeyutl", "-verify", "-pubin", "-inkey", "pem", "-rawin", "-in", "pae", "-sigfile", "sig",
    ];
    let verified = bed.command("openssl").args(verify).run();
    assert_eq!(verified.code(), 0, "{verified}");
    bed.write("pae", bed.read("pae").replace("hello", "hallo").replace("one", "two"));
    assert_ne!(
        bed.command("openssl").args(verify).run().code(),
        0,
        "a changed statement must not verify"
    );
}

#[test]
fn securesystemslib_verifies_the_envelope() {
    let test = "securesystemslib_verifies_the_envelope";
    let Some(bed) = signed(test) else { return };
    if !has_module(&bed, "securesystemslib.dsse, cryptography") {
        testbed::not_run(test, "securesystemslib and cryptography are not installed for python3");
        return;
    }
    let bundle = bundle(&bed);
    let verified = python(
        &bed,
        r"
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
found = Envelope.from_dict(json.loads(json.dumps(envelope)))
keyid = envelope['signatures'][0]['keyid']
key = SSlibKey(keyid, 'ed25519', 'ed25519', {'public': raw.hex()})
assert list(found.verify([key], 1)) == [keyid]
found.payload += b' '
try:
    found.verify([key], 1)
except Exception as refused:
    print(type(refused).__name__)
",
        &bundle,
    );
    assert_eq!((verified.code(), verified.stdout().trim()), (0, "VerificationError"), "{verified}");
}

#[test]
fn in_toto_attestation_reads_the_statement() {
    let test = "in_toto_attestation_reads_the_statement";
    let Some(bed) = signed(test) else { return };
    if !has_module(&bed, "in_toto_attestation.v1.statement") {
        testbed::not_run(test, "in-toto-attestation is not installed for python3");
        return;
    }
    let bundle = bundle(&bed);
    let read = python(
        &bed,
        r"
from google.protobuf.json_format import Parse, ParseDict
import in_toto_attestation.v1.statement_pb2 as statement_pb
import in_toto_attestation.predicates.link.v0.link_pb2 as link_pb
from in_toto_attestation.v1.statement import Statement
parsed = Parse(payload, statement_pb.Statement())
checked = Statement.copy_from_pb(parsed)
checked.validate()
link = ParseDict(json.loads(payload)['predicate'], link_pb.Link())
for subject in json.loads(payload)['subject']:
    body = open(bundle + '/' + subject['name'], 'rb').read()
    assert subject['digest']['sha256'] == hashlib.sha256(body).hexdigest()
print(link.name, list(link.command), int(link.byproducts['return-value']))
",
        &bundle,
    );
    assert_eq!(read.code(), 0, "{read}");
    assert_eq!(read.stdout().trim(), "one ['sh', '-c', 'echo hello; exit 42'] 42");
}

#[test]
fn pymerkle_computes_the_same_root_for_the_origin_log() {
    let test = "pymerkle_computes_the_same_root_for_the_origin_log";
    let Some(bed) = signed(test) else { return };
    if !has_module(&bed, "pymerkle") {
        testbed::not_run(test, "pymerkle is not installed for python3");
        return;
    }
    let bundle = bundle(&bed);
    for _ in 0..4 {
        let _ = open(&bed);
    }
    let root = python(
        &bed,
        r"
import glob
from pymerkle import InmemoryTree
tree = InmemoryTree(algorithm='sha256')
log = glob.glob('artifacts/.log/*')[0]
for line in open(log + '/log.jsonl', 'rb').read().split(b'\n')[:-1]:
    tree.append_entry(line)
origin, size, root = open(log + '/checkpoint').read().split('\n')[:3]
assert origin == log.split('/')[-1] and int(size) == 6, size
assert base64.b64decode(root) == tree.get_state()
",
        &bundle,
    );
    assert_eq!(root.code(), 0, "{root}");
}

#[test]
fn cosign_verifies_a_file_by_the_envelope() {
    let test = "cosign_verifies_a_file_by_the_envelope";
    let Some(bed) = signed(test) else { return };
    if !is_there("cosign") {
        testbed::not_run(test, "cosign is not installed");
        return;
    }
    let bundle = bundle(&bed);
    let export = ["export", &bundle, "--as", "witness", "-o", "w"];
    assert_eq!(tool(&bed).args(export).run().code(), 0);
    let (envelope, file) =
        (format!("{bundle}/001-one.intoto.json"), format!("{bundle}/001-one.out"));
    let verify = || {
        let words = "verify-blob-attestation --key w/key.pem --type https://in-toto.io/attestation/link/v0.3 \
            --insecure-ignore-tlog=true --new-bundle-format=false --signature";
        let words = words.split_whitespace().chain([envelope.as_str(), &file]);
        bed.command("cosign").args(words).unguarded().run()
    };
    let verified = verify();
    assert_eq!(verified.code(), 0, "{verified}");
    bed.write(&file, "jello\n");
    assert_ne!(verify().code(), 0, "a changed file must not verify");
}

/// Signed by the operator's key, a run named `one` with the command and the products that witness knows.
const POLICY: &str = r"
import base64, hashlib, json
pem = open('w/key.pem', 'rb').read()
key = hashlib.sha256(pem).hexdigest()
kinds = ['command-run', 'product']
attestations = [{'type': f'https://witness.dev/attestations/{kind}/v0.1', 'regopolicies': []} for kind in kinds]
step = {'name': 'one', 'attestations': attestations, 'functionaries': [{'type': 'publickey', 'publickeyid': key}]}
keys = {key: {'keyid': key, 'key': base64.b64encode(pem).decode()}}
policy = {'expires': '2099-01-01T00:00:00Z', 'steps': {'one': step}, 'publickeys': keys}
json.dump(policy, open('policy.json', 'w'))
";

#[test]
fn witness_verifies_a_file_by_the_collection() {
    let test = "witness_verifies_a_file_by_the_collection";
    let Some(bed) = signed(test) else { return };
    if !["witness", "openssl", "python3"].into_iter().all(is_there) {
        testbed::not_run(test, "witness, openssl or python3 is not installed");
        return;
    }
    let bundle = bundle(&bed);
    let export = ["export", &bundle, "--as", "witness", "-o", "w"];
    assert_eq!(tool(&bed).args(export).run().code(), 0);
    bed.write("policy.py", POLICY);
    let script = "python3 policy.py && openssl genpkey -algorithm ed25519 -out policy.key \
        && openssl pkey -in policy.key -pubout -out policy.pem && witness sign -f policy.json -o policy.signed -k policy.key";
    let made = bed.command("sh").args(["-c", script]).unguarded().run();
    assert_eq!(made.code(), 0, "{made}");
    let file = format!("{bundle}/001-one.out");
    let verify = || {
        let words = "verify -p policy.signed -k policy.pem -a w/001-one.witness.json -f";
        bed.command("witness").args(words.split(' ').chain([file.as_str()])).unguarded().run()
    };
    let verified = verify();
    assert_eq!(verified.code(), 0, "{verified}");
    bed.write(&file, "jello\n");
    assert_ne!(verify().code(), 0, "a changed file must not verify");
}
