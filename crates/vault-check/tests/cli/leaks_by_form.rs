//! `leaks`: credentials that lie in no vault and are known by their form, and what only looks like one.

use data_encoding::BASE64;

use crate::leaks::{bed, leaks, places};

#[test]
fn logins_in_statements_files_and_commands_are_found() {
    let bed = bed();
    bed.write(
        "leaked/a.sql",
        "ALTER ROLE app PASSWORD 'CANARY-p4ss';\nCREATE USER app IDENTIFIED BY 'CANARY-p4ss';\n",
    );
    bed.write("leaked/netrc", "machine h.test\n  login app\n  password CANARY-p4ss\n");
    bed.write("leaked/pgpass", "db.test:5432:app:app:CANARY-p4ss\n*:*:*:app:CANARY-p4ss\n");
    let login = BASE64.encode(b"app:CANARY-p4ss");
    bed.write(
        "leaked/q.json",
        format!("{{\"auths\": {{\"r.test\": {{\"auth\": \"{login}\"}}}}}}\n"),
    );
    let key: Vec<u8> = (0..64_u8).map(|at| b"CANARY"[usize::from(at % 6)] ^ (at * 3)).collect();
    let key = BASE64.encode(&key);
    bed.write("leaked/r.conf", format!("DefaultEndpointsProtocol=https;AccountKey={key};\n"));
    bed.write(
        "leaked/s.sh",
        "REDISCLI_AUTH=CANARY-pass redis-cli\nmysql -u root -pCANARY-pass db\nredis-cli -h h -a CANARY-pass\nsshpass -p CANARY-pass ssh h\n",
    );
    let output = leaks(&bed, &[]);
    let expected = [
        "leaked/a.sql:1:26 sql-password",
        "leaked/a.sql:2:32 sql-password",
        "leaked/netrc:3:12 password-file",
        "leaked/pgpass:1:22 password-file",
        "leaked/pgpass:2:11 password-file",
        "leaked/q.json:1:32 docker-login",
        "leaked/r.conf:1:43 azure-key",
        "leaked/s.sh:1:15 assigned-password",
        "leaked/s.sh:2:17 command-login",
        "leaked/s.sh:3:19 command-login",
        "leaked/s.sh:4:12 command-login",
    ];
    assert_eq!(places(&output), expected, "{output}");
    assert_eq!(output.code(), 1);
}

#[test]
fn placeholders_of_logins_are_not_found() {
    let bed = bed();
    let text: String =
        ["<password>", "$PASSWORD", "${PASSWORD}", "changeme", "xxx", "password", ""]
            .iter()
            .flat_map(|value| {
                let login = BASE64.encode(format!("app:{value}").as_bytes());
                [
                    format!("ALTER ROLE app PASSWORD '{value}';\n"),
                    format!("CREATE USER app IDENTIFIED BY '{value}';\n"),
                    format!("machine h.test login app password {value}\n"),
                    format!("db.test:5432:app:app:{value}\n"),
                    format!("{{\"auth\": \"{login}\"}}\n"),
                    format!("AccountKey={value};\n"),
                    format!("REDISCLI_AUTH={value}\n"),
                    format!("mysql -u root -p{value} db\n"),
                    format!("redis-cli -a {value}\n"),
                    format!("sshpass -p '{value}' ssh h\n"),
                ]
            })
            .collect();
    bed.write("leaked/readme", text);
    let output = leaks(&bed, &[]);
    assert_eq!((places(&output), output.code()), (vec![], 0), "{output}");
}

/// As a changelog of Dovecot and a compiled Python file once were found.
#[test]
fn names_of_algorithms_and_choices_of_words_are_not_found() {
    let bed = bed();
    bed.write("leaked/changelog", "    password-scheme-sodium: ARGON2I - print errno\n");
    bed.write("leaked/a.pyc", b"\xa7\r\r\n\0|Parent|PasswordChar|PictureMargin2|Picture)\0\xda");
    let output = leaks(&bed, &[]);
    assert_eq!((places(&output), output.code()), (vec![], 0), "{output}");
}
