//! Passwords in URLs and among the parameters of connection strings.

use super::{check, spared};

#[test]
fn a_password_among_parameters_may_be_letters_alone() {
    check("postgres://u@h/d?password=sommer", "postgres://u@h/d?password=<connection-string>");
    check(
        "postgresql:///d?host=h&password=Sommer&x=1",
        "postgresql:///d?host=h&password=<connection-string>&x=1",
    );
    check(
        "jdbc:postgresql://h/d?user=u&sslpassword=Sommer\"",
        "jdbc:postgresql://h/d?user=u&sslpassword=<connection-string>\"",
    );
    check("host=h password=Sommer dbname=d", "host=h password=<connection-string> dbname=d");
    check("\"password=Sommer user=u\"", "\"password=<connection-string> user=u\"");
    check("\"host=h  password=Sommer\"", "\"host=h  password=<connection-string>\"");
    check("user=u password='So mm\\'er' port=1", "user=u password='<connection-string>' port=1");
    check(
        "Server=h;Port=5432;User Id=u;Password=Sommer;x=1",
        "Server=h;Port=5432;User Id=u;Password=<connection-string>;x=1",
    );
    check("Password=Sommer;Data Source=h", "Password=<connection-string>;Data Source=h");
    check(
        "jdbc:sqlserver://h;user=u;password=Sommer",
        "jdbc:sqlserver://h;user=u;password=<connection-string>",
    );
    for head in [
        "ConnectionString: ",
        "Connecting to ",
        "<add connectionString=\"",
        "{\"dsn\":\"",
        "x('",
        "DSN=",
    ] {
        check(
            &format!("{head}Server=h;Password=Sommer;"),
            &format!("{head}Server=h;Password=<connection-string>;"),
        );
    }
    for head in ["{\"dsn\":\"", "12\t", "dsn: ", "DSN='"] {
        check(
            &format!("{head}host=h password=Sommer"),
            &format!("{head}host=h password=<connection-string>"),
        );
    }
    check("Server=h;Password='So mmer';", "Server=h;Password='<connection-string>';");
    check("host=h password = Sommer dbname=d", "host=h password = <connection-string> dbname=d");
    check("user=u password = 'Sommer'", "user=u password = '<connection-string>'");
    for label in ["Pwd", "PWD", "pwd"] {
        check(
            &format!("Server=h;Uid=u;{label}=Xk29vQ7mZp41;"),
            &format!("Server=h;Uid=u;{label}=<connection-string>;"),
        );
    }
    check(
        "Driver={ODBC Driver 18};Server=h;UID=sa;PWD=Winter;",
        "Driver={ODBC Driver 18};Server=h;UID=sa;PWD=<connection-string>;",
    );
    check(
        "Driver={ODBC Driver 18};PWD=Winter;",
        "Driver={ODBC Driver 18};PWD=<connection-string>;",
    );
    spared(&[
        "f(server=a; password=words)",
        "f(host=h password=words)",
        "f(host=h password=words user",
        "var server=a;password=words;",
        "failed for user=u; password=wrong; again",
        "myserver=a;password=words;",
        "x-host=a password=words",
        "\"Server=\" + h + \";Password='\" + words + \"';\"",
        "cd /tmp;PWD=/tmp;ls",
        "x=1;pwd=words;y=2",
        "Server=h;Pwd=${PW};",
        "Server=h;Pwd=;Uid=u",
        "user = u; password = words; x = 1",
        "the password = sommer and user = winter",
        "https://h/forgot?password=required&x=1",
        "https://h/forgot?password=lost",
        "postgres://u@h/d?password=$PW",
        "postgres://u@h/d?password=",
        "connect(host=host, password=words, user=user)",
        "connect(user=user, password=words)",
        "host=h password={words} user=u",
        "host=h password=... user=u",
        "host=h\npassword=sommer",
        "password=sommer",
        "the password=sommer and user=winter",
        "password='not closed user=u",
        "Server=h;Password=;User Id=u",
    ]);
}

#[test]
fn connection_strings() {
    check("postgres://u:kq7Vw2xT@h:5432/d?x=1", "postgres://u:<connection-string>@h:5432/d?x=1");
    check("jdbc:postgresql://u:kq7@Vw/2xT@h/d", "jdbc:postgresql://u:<connection-string>@h/d");
    check("rediss://:kq7Vw2xT@h", "rediss://:<connection-string>@h");
    check(
        "https://me:kq7Vw2xT@git.example.com/r?q=a@b",
        "https://me:<connection-string>@git.example.com/r?q=a@b",
    );
    check("\"mongodb+srv://u:kq%2F7@h\"", "\"mongodb+srv://u:<connection-string>@h\"");
    spared(&[
        "postgres://u@h/d",
        "postgres://u:<password>@h/d",
        "postgres://u:[YOUR-PASSWORD]@h/d",
        "postgres://u:$PW@h/d",
        "postgres://u:${PW}@h/d",
        "postgres://u:***@h/d",
        "postgres://u:[REDACTED:URL]@h/d",
        "postgres://user:PASS@h/d",
        "postgresql://[user[:words]@][netloc][:port][/dbname]",
        "[protocol://][user[:words]@]proxyhost[:port]",
        "ftp://[[user][:words]@]host[:port]/",
        "postgres://postgres:postgres@localhost/d",
        "http://localhost:3000/a@b",
        "https://h/a:b@c",
        "see https://h: me@x",
        "std::io://x",
        "redis://h:6379/0",
    ]);
}
