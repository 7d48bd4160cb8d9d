//! Codes, tokens and cookies.

use crate::support::page::{Page, TOKEN};
use crate::support::program::{fonds, told};

const ROOT: &str = "/inspect/migration/";
const SIGN_IN: &str = "/inspect/migration/sign-in";
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

#[test]
fn the_printed_link_works_once_and_leaves_no_code_in_the_address() {
    let page = Page::start(&[]);
    let path = page.sign_in_path().to_owned();
    assert_eq!(page.request("HEAD", &path, &[], b"").status, 401, "a look does not use it up");
    let answer = page.get(&path, &[]);
    assert_eq!((answer.status, answer.header("location")), (303, Some(ROOT)));
    let cookie = answer.header("set-cookie").expect("a cookie").to_owned();
    for part in ["; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain") && cookie.len() > 64, "{cookie}");
    let pair = cookie.split(';').next().expect("a pair");
    assert_eq!(page.get(ROOT, &[("Cookie", pair)]).status, 200);
    let again = page.get(&path, &[]);
    assert_eq!(again.status, 401, "used twice");
    assert!(again.header("set-cookie").is_none());
    // Who is signed in already only loses the code.
    assert_eq!(page.get(&path, &[("Cookie", pair)]).status, 303);
}

#[test]
fn wrong_codes_are_refused() {
    let page = Page::start(&[]);
    let right = page.sign_in_path().split_once("code=").expect("a code").1.to_owned();
    let nearly = format!("{}{}", &right[..right.len() - 1], if right.ends_with('0') { '1' } else { '0' });
    for code in ["", "x", &nearly, &right.to_uppercase(), &format!("{right}0"), "%00", "null"] {
        assert_eq!(page.get(&format!("{ROOT}?code={code}"), &[]).status, 401, "{code}");
        let origin = format!("http://{}", page.address);
        let sent = page.post(SIGN_IN, &[FORM, ("Origin", &origin)], format!("code={code}").as_bytes());
        assert_eq!(sent.status, if code.is_empty() || code != right { 401 } else { 303 }, "{code}");
    }
    assert_eq!(page.get(&format!("{ROOT}?code={right}"), &[]).status, 303, "the right one still works");
}

#[test]
fn the_form_takes_the_token_from_our_own_page_only() {
    let page = Page::start(&[]);
    let body = format!("code={TOKEN}");
    for origin in [None, Some("https://evil.example"), Some("null")] {
        let mut headers = vec![FORM];
        headers.extend(origin.map(|origin| ("Origin", origin)));
        let answer = page.post(SIGN_IN, &headers, body.as_bytes());
        assert_eq!(answer.status, 403, "{origin:?}");
        assert!(answer.header("set-cookie").is_none());
    }
    let origin = format!("http://{}", page.address);
    let answer = page.post(SIGN_IN, &[FORM, ("Origin", &origin)], body.as_bytes());
    assert_eq!(answer.status, 303);
    assert!(answer.header("set-cookie").is_some());
}

#[test]
fn behind_a_proxy_that_speaks_tls_the_cookie_is_for_tls_only() {
    let page = Page::start(&["--behind-proxy", "--allow-host", "dam.example"]);
    let headers = [("Host", "dam.example"), ("X-Forwarded-Proto", "https")];
    let answer = page.get(page.sign_in_path(), &headers);
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.starts_with("__Host-") && cookie.contains("; Secure"), "{cookie}");
    let pair = ("Cookie", cookie.split(';').next().expect("a pair"));
    let change = [headers[0], headers[1], pair, FORM];
    let change =
        |origin| page.post("/inspect/migration/sign-out", &[&change[..], &[("Origin", origin)]].concat(), b"a=b");
    assert_eq!(change("https://evil.example").status, 403);
    assert_eq!(change("https://dam.example").status, 303);
}

#[test]
fn nothing_listens_where_others_could_come_in_unasked() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let token = dir.path().join("token");
    std::fs::write(&token, TOKEN).expect("a file");
    let short = dir.path().join("short");
    std::fs::write(&short, "0123456789abcde").expect("a file");
    let (token, short) = (token.to_str().expect("a path"), short.to_str().expect("a path"));
    let cases: [(&[&str], &str); 6] = [
        (&["--listen", "0.0.0.0:0"], "and a token is missing"),
        (&["--listen", "[::]:0"], "and a token is missing"),
        (&["--listen", "0.0.0.0:0", "--behind-proxy"], "and a token is missing"),
        (&["--listen", "0.0.0.0:0", "--token-file", token], "TLS, or a proxy that speaks it, is missing"),
        (&["--listen", "127.0.0.1:0", "--token-file", short], "the token has 15 signs"),
        (&["--listen", "127.0.0.1:0", "--allow-host", "a/b"], "a/b is no name of a host"),
    ];
    for (flags, expected) in cases {
        let output = fonds(&dir.path().join("a.redb")).arg("serve").args(flags).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {}", told(&output));
        assert!(told(&output).contains(expected), "{flags:?}: {}", told(&output));
    }
}
