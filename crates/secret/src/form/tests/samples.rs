//! What manuals, installed packages and built code show that looks like a credential, and is none.

use super::{check, spared};

#[test]
fn samples_that_manuals_print_are_spared() {
    spared(&[
        ";;   dbname= host= port= user= password= auth_user=",
        "DATABASE_URL=\"postgresql://johndoe:randompassword@localhost:5432/mydb?schema=public\"",
        "sqla+postgresql://scott:tiger@localhost/mydatabase",
        "redis://:foobared@localhost",
        "dotenv://:key_1234@dotenv.org/vault/.env.vault?environment=production",
        "new URL('http://abc:xyz@example.com')",
    ]);
}

/// The keys that every `supabase start` prints, and the one that is made to be seen.
#[test]
fn keys_of_supabase_that_are_public_are_spared() {
    spared(&[
        "SERVICE_ROLE_KEY=eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdXBhYmFzZS1kZW1vIiwicm9sZSI6InNlcnZpY2Vfcm9sZSIsImV4cCI6MTk4MzgxMjk5Nn0.EGIM96RAZx35lJzdJsyH-qQwv8Hdp7fsn3W0YpN81IU",
        // {"iss":"supabase","ref":"abcdefghijklmnopqrst","role":"anon"}
        "const key = 'eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJzdXBhYmFzZSIsInJlZiI6ImFiY2RlZmdoaWprbG1ub3BxcnN0Iiwicm9sZSI6ImFub24ifQ.CANARYq7Vw2xTzPaB3dE5fG7hJ9kL1mN3pQ5rS7tU9v';",
    ]);
    check(
        // {"iss":"supabase","ref":"abcdefghijklmnopqrst","role":"service_role"}
        "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJzdXBhYmFzZSIsInJlZiI6ImFiY2RlZmdoaWprbG1ub3BxcnN0Iiwicm9sZSI6InNlcnZpY2Vfcm9sZSJ9.CANARYq7Vw2xTzPaB3dE5fG7hJ9kL1mN3pQ5rS7tU9v",
        "<jwt>",
    );
}

#[test]
fn addresses_and_pages_are_no_tokens() {
    spared(&[
        "secret_arn = \"arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db/password-AbC1d2\"",
        "\"ARN\": \"arn:aws:secretsmanager:us-west-2:123456789012:secret:MyTestDatabaseSecret-a1b2c3\"",
        "\"NextToken\": \"AQICAHjOiFofVZCZ0aEN1VnF1m9jqxxpTY7MyPexz72BHuAk\"",
        "Next page token: eav1OzQB0OM8rLdGXOEsyQWSG",
        "{\"nextPageToken\":\"CAUQAA8xYz9QzW1a2B3c\"}",
        "\"NextContinuationToken\": \"1w41l63U0xa8q7smH50vCxyTQqdxo69O3EmK28Bi5PcROI4wI\"",
        "clientRequestToken: 1d2129a1-3d38-460a-9756-e5b91fddb951",
    ]);
    spared(&[
        "{\"ChangeToken\": \"abcd12f2-46da-4fdb-b8d5-fbd4c466928f\"}",
        "\"ClientToken\": \"4752b573-40a6-4eac-a8a4-a72058761219\",",
        "\"NextLockToken\":\"0bc01e21-03c9-4b98-9433-6229cbf1ef1c\"",
    ]);
    check(
        "\"client_token\": \"CANARYkq7Vw2xTzPaB3dE5fG7\"",
        "\"client_token\": \"<assigned-token>\"",
    );
    check(
        "\"exchange_token\": \"CANARYkq7Vw2xTzPaB3dE5fG7\"",
        "\"exchange_token\": \"<assigned-token>\"",
    );
    check("PAGE_TOKEN=CANARYkq7Vw2xTzPaB3dE5fG7", "PAGE_TOKEN=<assigned-token>");
    check("a:12:secret:CANARYkq7Vw2xTzPaB3dE5fG7", "a:12:secret:<assigned-token>");
}

#[test]
fn names_of_variables_are_no_tokens() {
    spared(&[
        "self.enable_k8s_tokens_via_dns = enable_k8s_tokens_via_dns",
        "'enableK8sTokensViaDns': flags.AddEnableK8sTokensViaDnsFlag,",
        "P11_KIT_URI_FOR_OBJECT_ON_TOKEN | P11_KIT_URI_FOR_MODULE",
    ]);
    check("k8s_token = CANARYkq7Vw2xTzPaB3dE5fG7", "k8s_token = <assigned-token>");
    check("TOKEN=CANARY_7Q2K9X4M1Z8W5Y3V", "TOKEN=<assigned-token>");
}

/// As in a pattern of words that a compiled Python file has in one line.
#[test]
fn a_choice_of_words_is_no_password() {
    spared(&[
        "(Partition|PasswordChar|PictureMargin2|PicturePosition|Point)",
        "GRPASSWD|5.005000|5.005000|Vn",
        "|Password_field|p2|p3_of_words|",
    ]);
    check("| Password | SYNTHpass1 |", "| Password | <assigned-password> |");
    check("|Password|SYNTHpass1", "|Password|<assigned-password>");
}

#[test]
fn built_code_has_labels_without_values() {
    spared(&[
        "{month:!0,number:!0,password:!0,range:!0,search:!0,tel:!0}",
        "readonly STENCIL_PASS_DEPTH_PASS: 0x0B96;",
        "set password(value1){this[Internal].url.password=value1}get username(){",
        "e.SP=e.HTAB=e.TOKEN=e.HEX=e.URL_CHAR=e.USERINFO_CHARS=e.MARK=e.ALPHANUM=e.DIGIT",
        "export type MqttPassword = Buffer|Uint8Array|Blob|string;",
        "\"set-cookie\"===n?(r.push(i(a)),t[n]=1===r.length?r[0]:r):t[n]=a;function(e){try{x=String(new/**/URL(e))}}",
    ]);
    check("spring.datasource.password=kq7Vw2xT", "spring.datasource.password=<assigned-password>");
    check("{a=b, db.password=kq7Vw2xT}", "{a=b, db.password=<assigned-password>");
    check("db.password=kq7}Vw2xT", "db.password=<assigned-password>");
    check("{Cookie=sid=CANARYq7Vw2xTzPaB3dE5}", "{Cookie=sid=<cookie>");
}
