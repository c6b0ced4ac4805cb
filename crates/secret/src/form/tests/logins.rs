//! Passwords in statements of SQL, in files that programs read logins from, and among a command's arguments.

use super::{check, spared};

#[test]
fn passwords_in_statements_of_sql() {
    for (head, tail) in [
        ("CREATE ROLE app LOGIN PASSWORD '", "';"),
        ("ALTER USER app WITH ENCRYPTED PASSWORD '", "' VALID UNTIL 'infinity';"),
        ("create user app\n  with password\n  E'", "'"),
        ("psql -c \"ALTER ROLE app PASSWORD '", "'\""),
        ("CREATE USER MAPPING FOR u SERVER s OPTIONS (user 'u', password '", "');"),
        ("CREATE LOGIN app WITH PASSWORD = N'", "', CHECK_POLICY = ON"),
        ("SET PASSWORD FOR 'app'@'%' = '", "';"),
        ("SET PASSWORD = PASSWORD('", "');"),
        ("CREATE USER 'app'@'%' IDENTIFIED BY '", "';"),
        ("create user app identified by \"", "\";"),
        ("alter user app identified with mysql_native_password by '", "';"),
        ("GRANT ALL ON d.* TO 'app'@'%' IDENTIFIED BY '", "' WITH GRANT OPTION"),
        ("ALTER USER app IDENTIFIED WITH mysql_native_password BY '", "'"),
        ("CREATE OR REPLACE USER app IDENTIFIED VIA ed25519 USING PASSWORD('", "')"),
        ("CREATE DATABASE LINK l CONNECT TO app IDENTIFIED BY \"", "\" USING 'x'"),
    ] {
        for value in ["kq7Vw2xT", "Sommer", "So''mmer", "So mm/er!"] {
            check(&format!("{head}{value}{tail}"), &format!("{head}<sql-password>{tail}"));
        }
    }
    check(
        "$db->exec('ALTER ROLE app PASSWORD \\'Sommer\\'');",
        "$db->exec('ALTER ROLE app PASSWORD \\'<sql-password>\\'');",
    );
    check(
        "CREATE USER app IDENTIFIED BY kq7Vw2xT;",
        "CREATE USER app IDENTIFIED BY <sql-password>;",
    );
    check(
        "CREATE ROLE a PASSWORD 'md5a3556571e93b0d20722ba62be61e8c2d';",
        "CREATE ROLE a PASSWORD '<sql-password>';",
    );
}

#[test]
fn statements_without_a_password_are_spared() {
    spared(&[
        "ALTER ROLE app PASSWORD '';",
        "ALTER ROLE app PASSWORD NULL;",
        "ALTER ROLE app PASSWORD '<password>';",
        "ALTER ROLE app PASSWORD '$PASSWORD';",
        "ALTER ROLE app PASSWORD '${app_password}';",
        "ALTER ROLE app PASSWORD '{{ password }}';",
        "ALTER ROLE app PASSWORD 'changeme';",
        "ALTER ROLE app PASSWORD 'xxx';",
        "ALTER ROLE app PASSWORD 'secret';",
        "ALTER ROLE app PASSWORD '********';",
        "ALTER ROLE app PASSWORD :'password'",
        "ALTER ROLE app PASSWORD ':password'",
        "ALTER ROLE app PASSWORD '%(password)s'",
        "\"ALTER ROLE app PASSWORD '\" + quote(words) + \"'\"",
        "'ALTER ROLE app PASSWORD ' || quote_literal(words)",
        "\"ALTER ROLE app PASSWORD '#{words}'\"",
        "\"ALTER ROLE app PASSWORD '\\(words)'\"",
        "format('ALTER ROLE app PASSWORD %L', words)",
        "ALTER ROLE app PASSWORD 'not closed\nSELECT 'x'",
        "SELECT 'x'; enter the password 'Sommer' here",
        "create an account for a user with password 'Sommer' first",
        "the password 'Sommer' is too short",
        "CREATE USER app IDENTIFIED BY '';",
        "CREATE USER app IDENTIFIED BY 'changeme';",
        "CREATE USER app IDENTIFIED BY PASSWORD '*',",
        "CREATE USER app IDENTIFIED BY $PASSWORD;",
        "CREATE USER app IDENTIFIED BY tiger;",
        "CREATE USER app IDENTIFIED EXTERNALLY;",
        "CREATE USER app IDENTIFIED WITH auth_socket;",
        "CREATE USER app IDENTIFIED WITH sha256_hash BY '0123456789abcdef0123456789abcdef'",
        "each node is identified by 'Sommer' here",
        "A NODE IDENTIFIED BY node2x OF THE MAP",
    ]);
}

#[test]
fn entries_of_netrc() {
    for head in [
        "machine h.example login app password ",
        "machine h.example\n  login app\n  password ",
        "default login app password ",
        "machine h.example account a login app password\t",
        "+machine h.example\n+  login app\n+  password ",
        "echo \"machine h.example login app password ",
        "printf 'machine h.example\\nlogin app\\npassword ",
    ] {
        for value in ["kq7Vw2xT", "Sommer", "p4/w!d,x9"] {
            check(&format!("{head}{value}\n"), &format!("{head}<password-file>\n"));
        }
    }
    check(
        "machine h login app password \"So%m\" # x",
        "machine h login app password \"<password-file>\" # x",
    );
    check("machine h password kq7Vw2xT login a", "machine h password <password-file> login a");
    spared(&[
        "machine h login app password",
        "machine h login app password <password>",
        "machine h login app password $PASSWORD",
        "machine h login app password ${PASSWORD}",
        "machine h login app password changeme",
        "machine h login app password xxx",
        "machine h login app password \"\"",
        "machine name login name password string",
        "the machine asks for a login and a password twice",
        "machine learning password manager",
        "the default password Sommer",
        "login app password Sommer",
        "machine h.example login app password sommer",
        "default login anonymous password Sommer",
        "machine h login sommer password sommer",
    ]);
}

#[test]
fn lines_of_pgpass() {
    for head in [
        "db.example.com:5432:app:app:",
        "*:*:*:app:",
        "10.0.0.7:6432:*:app:",
        "/var/run/postgresql:5432:app:app.ref-1:",
        "\\:\\:1:5432:app:app:",
        "# old\naws-0.pooler.example:6543:postgres:postgres.ref:",
        "echo '*:*:*:app:",
        "echo \"h:5432:*:*:",
    ] {
        for value in ["kq7Vw2xT", "Sommer", "k\\:q7V:w2"] {
            check(&format!("{head}{value}\n"), &format!("{head}<password-file>\n"));
        }
    }
    spared(&[
        "h:5432:app:app:",
        "h:5432:app:app:<password>",
        "h:5432:app:app:$PASSWORD",
        "h:5432:app:app:changeme",
        "h:5432:app:app:xxx",
        "h:5432:app:app:***",
        "hostname:5432:database:username:password",
        "127.0.0.1:5432:5432",
        "10.0.0.1:5432:10.0.0.2:6000:words",
        "2001:db8:5432:a:b:cd12ef34",
        "at db:5432:error:conn:refused by it",
        "root:*:*:*:*:*:*:*:*",
        "12:5432:7:9:kq7Vw2xT",
    ]);
}

#[test]
fn logins_in_the_config_of_docker() {
    for (head, tail) in [
        ("{\"auths\": {\"r\": {\"auth\": \"", "\"}}}"),
        ("{\"auths\":{\"r\":{\"auth\":\"", "\"}}}"),
        ("'{\\\"auths\\\":{\\\"r\\\":{\\\"auth\\\":\\\"", "\\\"}}}'"),
    ] {
        let login = data_encoding::BASE64.encode(b"app:Sommer");
        check(&format!("{head}{login}{tail}"), &format!("{head}<docker-login>{tail}"));
    }
    let encoded = |login: &str| {
        format!("{{\"auth\": \"{}\"}}", data_encoding::BASE64.encode(login.as_bytes()))
    };
    spared(&[
        "{\"auth\": \"\"}",
        "{\"auth\": \"none\"}",
        "{\"auth\": \"basic\"}",
        "{\"auth\": \"<base64>\"}",
        "{\"auth\": \"$DOCKER_AUTH\"}",
        &encoded("app:"),
        &encoded("app:<password>"),
        &encoded("app:changeme"),
        &encoded("username:password"),
        &encoded("words alone"),
    ]);
}

#[test]
fn keys_of_azure() {
    let key = data_encoding::BASE64.encode(&[b"CANARY".as_slice(), &KEY].concat());
    for (head, tail) in [
        ("AccountName=a;AccountKey=", ";EndpointSuffix=core.windows.net"),
        ("AZURE_STORAGE_KEY=", ""),
        ("export AZURE_STORAGE_ACCOUNT_KEY='", "'"),
        ("\"accountKey\": \"", "\","),
        ("account_key: ", ""),
    ] {
        check(&format!("{head}{key}{tail}"), &format!("{head}<azure-key>{tail}"));
    }
    spared(&[
        "AccountKey=;EndpointSuffix=core.windows.net",
        "AccountKey=<key>;",
        "AccountKey=${KEY};",
        "AZURE_STORAGE_KEY=your-storage-key",
        &format!("AccountKey={}==", "x".repeat(86)),
        &format!("AccountKey={}", &key[..84]),
        "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;",
    ]);
}

#[test]
fn signatures_in_urls_of_azure() {
    let signature = data_encoding::BASE64.encode(&KEY[..32]);
    let in_url = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let flow = data_encoding::BASE64URL_NOPAD.encode(&KEY[..32]);
    let head = "https://a.blob.core.windows.net/c/f?sv=2022-11-02&se=2026-01-01T00%3A00Z&sp=r";
    for (head, value, tail) in [
        (&*format!("{head}&sig="), &in_url, " "),
        (&format!("{head}&sig="), &in_url, "&comp=list"),
        (&format!("<a href=\"{}&amp;sig=", head.replace('&', "&amp;")), &in_url, "\">"),
        (&format!("\"{}\\u0026sig=", head.replace('&', "\\u0026")), &in_url, "\""),
        ("https://h.azure.com/run?api-version=2016-10-01&sp=%2Frun&sv=1.0&sig=", &flow, "\n"),
        ("SharedAccessSignature sr=h.test%2Fq&sig=", &in_url, "&se=1767225600&skn=send"),
        ("SAS_TOKEN='sv=2022-11-02&ss=b&sig=", &signature, "'"),
    ] {
        check(&format!("{head}{value}{tail}"), &format!("{head}<azure-key>{tail}"));
    }
    spared(&[
        &format!("{head}&sig=<signature>"),
        &format!("{head}&sig=***"),
        &format!("{head}&sig=${{SIGNATURE}}"),
        &format!("{head}&sig={}", "x".repeat(43)),
        &format!("{head}&sig={}", &in_url[..30]),
        &format!("https://h.test/f?id=1&sig={in_url}"),
    ]);
}

/// Bytes without any order that one sees.
const KEY: [u8; 58] = {
    let mut key = [0; 58];
    let mut at = 0;
    while at < key.len() {
        #[expect(clippy::cast_possible_truncation, reason = "the lower byte is meant")]
        let byte = (at * at * 151 + at * 67 + 41) as u8;
        key[at] = byte;
        at += 1;
    }
    key
};

#[test]
fn passwords_among_arguments() {
    for (head, tail) in [
        ("mysql -u mysql -u root -p", " db"),
        ("mysql -u root -p", " db"),
        ("mysql -h h -uroot -p'", "' db"),
        ("mysql -p", ""),
        ("docker exec -i db mysql --user=root \\\n  -p\"", "\""),
        ("mysqldump -u root -p", " db > d.sql"),
        ("mysqldump db -p", " | gzip"),
        ("mysqladmin -u root -p", " ping"),
        ("mariadb -uroot -p", "\n"),
        ("redis-cli -a ", " ping"),
        ("redis-cli -h h -p 6379 -a '", "' ping"),
        ("redis-cli -u x --pass ", " ping"),
        ("\"redis-cli -a ", " ping\""),
        ("sshpass -p ", " ssh h"),
        ("sshpass -p'", "' ssh h"),
        ("sshpass -p \\\"", "\\\" ssh h"),
        ("sqlcmd -S h -U sa -P ", " -Q 'SELECT 1'"),
        ("/opt/mssql-tools18/bin/sqlcmd -C -U sa -P'", "' -i a.sql"),
        ("openssl rsa -in a.pem -passin pass:", " -out b.pem"),
        ("openssl pkcs12 -export -passout pass:'", "'"),
        ("smbclient -L h -U bob%", ""),
        ("smbclient //h/s -U 'DOMAIN\\bob%", "' -c ls"),
    ] {
        for value in ["kq7Vw2xT", "Sommer", "p4/w!d.x9"] {
            check(&format!("{head}{value}{tail}"), &format!("{head}<command-login>{tail}"));
        }
    }
    check("mysql --password=kq7Vw2xT", "mysql --password=<assigned-password>");
    spared(&[
        "mysql -u root -p",
        "mysql -u root -p db",
        "docker run --name mysql -p3306:3306 -d mysql:8",
        "docker run --name mysql -p127.0.0.1:3306:3306/tcp mysql",
        "docker run --name mariadb -d -p33060-33070:3306 mariadb",
        "mysql -h h -port 3306",
        "mysqldump db > d.sql && tar -pczf d.tgz d.sql",
        "find / -name mysql -user mysql -print",
        "apt remove mysql -purge",
        "mysql -u root < d.sql && ssh -p2222 h",
        "redis-cli ping && docker run -a stdout redis",
        "mysql -u root -p$PASSWORD db",
        "mysql -u root -p\"$PASSWORD\" db",
        "mysql -u root -p${PASSWORD} db",
        "mysql -u root -p<password>",
        "mysql -u root -p[password]",
        "mysql -u root -ppassword",
        "mysql -u root -pchangeme",
        "mysql -u root -pxxx",
        "mysql -u root -p'' db",
        "mysql -u root -protocol=tcp",
        "mysql -u root; mkdir -pv x",
        "mysql -u root db | ssh -pSommer h",
        "mysql -u root\nmkdir -pv0775 Sommer",
        "redis-cli -h h -p 6379 ping",
        "redis-cli -a \"$REDIS_PASSWORD\" ping",
        "redis-cli -a <password> ping",
        "redis-cli -a password",
        "sshpass -p \"$PASSWORD\" ssh h",
        "sshpass -p password ssh h",
        "sshpass -e ssh h",
        "sqlcmd -S h -U sa -P \"$SA_PASSWORD\" -Q 'SELECT 1'",
        "sqlcmd -S h -U sa -P $$SA_PASSWORD",
        "sqlcmd -S h -U <user> -P <password>",
        "sqlcmd -S h -U sa -P YourStrong!Passw0rd",
        "sqlcmd -S h -U sa -P\nSELECT",
        "sqlcmd -S h -E; ssh -P Sommer",
        "openssl rsa -in a.pem -passin pass: -noout",
        "openssl rsa -in a.pem -passin pass:\"%P12_PASSWORD%\"",
        "openssl rsa -in a.pem -passin pass:YOUR PASS PHRASE",
        "openssl rsa -in a.pem -passin pass:12345",
        "openssl genpkey -aes-128-cbc -passout pass:hello",
        "openssl pkeyutl -pkeyopt_passin pass:env:MYPASS",
        "node ./server -passout pass:sample",
        "openssl pkcs12 -in key.p12 -nodes -passin pass:notasecret",
        "openssl rsa -in a.pem -passin env:PASSWORD",
        "format!(\"-passin pass:{words}\")",
        "smbclient -L h -U ''",
        "smbclient -L h -U '%'",
        "smbclient -U bob //h/100%Sommer",
        "smbclient -U $USER%$PASS",
        "smbclient -U \"${USER}%${PASS}\"",
        "smbclient -U user%password",
        "smbclient -U \"%USERNAME%\"",
    ]);
}

#[test]
fn passwords_in_variables_of_clients() {
    check("REDISCLI_AUTH=Sommer redis-cli", "REDISCLI_AUTH=<assigned-password> redis-cli");
    check("export REDISCLI_AUTH=\"kq7V/2xT\"", "export REDISCLI_AUTH=\"<assigned-password>\"");
    check("REDISCLI_AUTH: Sommer", "REDISCLI_AUTH: <assigned-password>");
    check("MYSQL_PWD=kq7Vw2xT mysql", "MYSQL_PWD=<assigned-password> mysql");
    for (head, tail) in [
        ("PGPASSWORD=", " psql"),
        ("export PGPASSWORD='", "'"),
        ("$env:PGPASSWORD = \"", "\""),
        ("docker exec -e MYSQL_PWD=", " db mysql"),
        ("  - MYSQL_PWD=", "\n"),
        ("{\"PGPASSWORD\": \"", "\"}"),
        ("{PGPASSWORD:'", "'}"),
    ] {
        check(&format!("{head}Sommer{tail}"), &format!("{head}<assigned-password>{tail}"));
    }
    spared(&[
        "REDISCLI_AUTH=",
        "REDISCLI_AUTH=$REDIS_PASSWORD redis-cli",
        "REDISCLI_AUTH=<password>",
        "REDISCLI_AUTH=changeme",
        "unset REDISCLI_AUTH",
        "PGPASSWORD=postgres psql",
        "PGPASSWORD=$DB_PASS psql",
        "PGPASSWORD=\"${PGPASSWORD:-Sommer}\"",
        "PGPASSWORD=$(pass show db) psql",
        "PGPASSWORD=`pass show db` psql",
        "PGPASSWORD=<password>",
        "PGPASSWORD=%DBPASS%",
        "PGPASSWORD=mysecretpassword",
        "MYSQL_PWD='database-password' mysql",
        "MYSQL_PWD=#{words} mysql",
        "PGPASSWORD: the password of the role",
        "PGPASSWORD=unquote(words.password or '')",
        "env[\"PGPASSWORD\"] = wordsOfConfig",
        "{ PGPASSWORD: wordsOfConfig }",
        "\"PGPASSWORD='\" + words + \"' psql\"",
        "'PGPASSWORD=\"'.$this->words.'\"'",
        "[ \"$PGPASSWORD\" = \"Sommer\" ]",
    ]);
}
