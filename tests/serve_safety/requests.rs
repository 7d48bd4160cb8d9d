//! Every rule of who may ask for what, as a table.

use crate::support::page::{Page, TOKEN};

const ROOT: &str = "/inspect/migration/";
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
/// What changes something, and can be asked for at any time.
const CHANGE: &str = "/inspect/migration/sign-out";

#[test]
fn only_names_of_ours_are_answered() {
    let page = Page::start(&["--allow-host", "dam.museum.example", "--allow-host", "b.example:8443"]);
    let bearer = ("Authorization", &*format!("Bearer {TOKEN}"));
    let port = page.address.port();
    let right = [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("LOCALHOST:{port}"),
        format!("[::1]:{port}"),
        "dam.museum.example".to_owned(),
        "dam.museum.example:444".to_owned(),
        "b.example:8443".to_owned(),
    ];
    for host in right {
        assert_eq!(page.get(ROOT, &[("Host", &host), bearer]).status, 200, "{host}");
    }
    let wrong = [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        format!("localhost.evil.example:{port}"),
        format!("localhost:{}", port ^ 1),
        "localhost".to_owned(),
        format!("localhost.:{port}"),
        format!("evil@localhost:{port}"),
        format!("127.1:{port}"),
        format!("0.0.0.0:{port}"),
        "b.example".to_owned(),
        "b.example:8444".to_owned(),
        "xdam.museum.example".to_owned(),
        "dam.museum.example:".to_owned(),
    ];
    for host in wrong {
        assert_eq!(page.get(ROOT, &[("Host", &host), bearer]).status, 421, "{host}");
    }
    let twice =
        format!("GET {ROOT} HTTP/1.1\r\nHost: localhost:{port}\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    assert!(matches!(page.raw(twice.as_bytes()).status, 400 | 421));
    let none = format!("GET {ROOT} HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert!(matches!(page.raw(none.as_bytes()).status, 400 | 421));
    let absolute =
        format!("GET http://evil.example{ROOT} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
    assert!(matches!(page.raw(absolute.as_bytes()).status, 400 | 421));
}

#[test]
fn what_changes_something_comes_from_a_page_of_ours_or_has_the_token() {
    let page = Page::start(&[]);
    let cookie = page.cookie();
    let cookie = ("Cookie", cookie.as_str());
    let bearer = ("Authorization", &*format!("Bearer {TOKEN}"));
    let own = format!("http://{}", page.address);
    let own = ("Origin", own.as_str());
    let other_port = format!("http://127.0.0.1:{}", page.address.port() ^ 1);
    let other_scheme = format!("https://{}", page.address);
    let refused: &[(&str, &[(&str, &str)])] = &[
        ("no cookie", &[own, FORM]),
        ("a cookie of somebody", &[own, FORM, ("Cookie", "fonds=1")]),
        ("no origin at all", &[cookie, FORM]),
        ("a foreign origin", &[cookie, FORM, ("Origin", "https://evil.example")]),
        ("a foreign origin with the token", &[bearer, FORM, ("Origin", "https://evil.example")]),
        ("no page at all as origin", &[cookie, FORM, ("Origin", "null")]),
        ("another port", &[cookie, FORM, ("Origin", &other_port)]),
        ("another scheme", &[cookie, FORM, ("Origin", &other_scheme)]),
        ("two origins", &[cookie, FORM, own, ("Origin", "https://evil.example")]),
        ("another site", &[cookie, FORM, own, ("Sec-Fetch-Site", "cross-site")]),
        ("a neighbour", &[cookie, FORM, own, ("Sec-Fetch-Site", "same-site")]),
        ("another site with the token", &[bearer, FORM, ("Sec-Fetch-Site", "cross-site")]),
        ("a simple text", &[cookie, own, ("Content-Type", "text/plain")]),
        ("a simple upload", &[cookie, own, ("Content-Type", "multipart/form-data; boundary=x")]),
        ("no type", &[cookie, own]),
        ("a wrong token", &[("Authorization", "Bearer 0123456789abcdef0124"), FORM]),
        ("two tokens", &[bearer, bearer, FORM]),
        ("the token elsewhere", &[("X-Authorization", bearer.1), FORM]),
    ];
    for (what, headers) in refused {
        let answer = page.post(CHANGE, headers, b"a=b");
        assert!(matches!(answer.status, 401 | 403 | 415), "{what}: {} {}", answer.status, answer.text);
        // Still signed in: nothing was done.
        assert_eq!(page.get(ROOT, &[cookie]).status, 200, "{what}");
    }
    assert_eq!(page.post(CHANGE, &[bearer, FORM], b"a=b").status, 303, "the token");
    assert_eq!(page.get(ROOT, &[cookie]).status, 200, "which has no session to end");
    assert_eq!(page.post(CHANGE, &[cookie, own, FORM, ("Sec-Fetch-Site", "same-origin")], b"a=b").status, 303);
    assert_eq!(page.get(ROOT, &[cookie]).status, 401, "signed out");
}

#[test]
fn what_only_looks_is_not_read_by_other_pages() {
    let page = Page::start(&[]);
    let cookie = page.cookie();
    let cookie = ("Cookie", cookie.as_str());
    let cases: &[(u16, &[(&str, &str)])] = &[
        (200, &[cookie]),
        (200, &[cookie, ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors")]),
        (200, &[cookie, ("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "navigate")]),
        (
            200,
            &[cookie, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")],
        ),
        (403, &[cookie, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "script")]),
        (
            403,
            &[cookie, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe")],
        ),
        (403, &[cookie, ("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "cors")]),
        (401, &[]),
        (401, &[("Cookie", "fonds=x; fonds-1=y")]),
        (401, &[("Authorization", "Basic cm9vdDphZG1pbg==")]),
    ];
    for (expected, headers) in cases {
        assert_eq!(page.get(ROOT, headers).status, *expected, "{headers:?}");
    }
    for path in ["/inspect/migration/runs/", "/inspect/migration/museum/", "/inspect/migration/nothing", "/", "/x"] {
        assert_eq!(page.get(path, &[]).status, 401, "{path}");
    }
}

#[test]
fn only_get_head_and_post_are_understood_and_no_preflight_is_granted() {
    let page = Page::start(&[]);
    let bearer = ("Authorization", &*format!("Bearer {TOKEN}"));
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"] {
        let answer = page.request(method, ROOT, &[bearer, ("Access-Control-Request-Method", "POST")], b"");
        assert!(matches!(answer.status, 400 | 405 | 421), "{method}: {}", answer.status);
        assert!(!answer.headers.iter().any(|(name, _)| name.starts_with("access-control")), "{method}");
    }
    let overridden = page.post(ROOT, &[bearer, FORM, ("X-HTTP-Method-Override", "DELETE")], b"_method=delete");
    assert_eq!(overridden.status, 405);
    assert_eq!(page.get(CHANGE, &[bearer]).status, 405, "nothing is changed by looking");
    assert_eq!(page.request("HEAD", ROOT, &[bearer], b"").status, 200);
}

#[test]
fn paths_that_could_mean_another_one_are_refused() {
    let page = Page::start(&[]);
    let bearer = ("Authorization", &*format!("Bearer {TOKEN}"));
    let paths = [
        "/inspect/migration/../../etc/passwd",
        "/inspect/migration/%2e%2e/%2e%2e/etc/passwd",
        "/inspect/migration/..%2f..%2fetc%2fpasswd",
        "/inspect/migration/..%5c..%5cwindows",
        "/inspect/migration/assets/../runs/",
        "/inspect/migration/assets/%2e%2e/runs/",
        "/inspect/migration//runs/",
        "//inspect/migration/",
        "/inspect/migration/./runs/",
        "/inspect/migration/runs/%00",
        "/inspect/migration/runs/%0d%0aX-Evil:1",
        "/inspect/migration/runs/%ff",
        "/inspect/migration/runs/%",
    ];
    for path in paths {
        for headers in [&[][..], &[bearer][..]] {
            let answer = page.get(path, headers);
            assert_eq!(answer.status, 400, "{path}");
            assert!(answer.header("x-evil").is_none());
        }
    }
    for path in ["/inspect/migration/assets/style.css", "/inspect/migration/runs/1x/", "/inspect/migration/runs/-1/"] {
        assert_eq!(page.get(path, &[bearer]).status, 404, "{path}");
    }
}

#[test]
fn every_answer_says_what_the_browser_must_not_do() {
    let page = Page::start(&[]);
    let bearer = ("Authorization", &*format!("Bearer {TOKEN}"));
    let style = {
        let text = page.get(ROOT, &[bearer]).text;
        let begin = text.find("/inspect/migration/assets/style").expect("a style");
        text[begin..].split('"').next().expect("its path").to_owned()
    };
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                  form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    let answers = [
        page.get(ROOT, &[bearer]),
        page.get(ROOT, &[bearer, ("Accept", "application/json")]),
        page.get(ROOT, &[]),
        page.get("/nothing", &[bearer]),
        page.get("/inspect/migration/runs/", &[bearer]),
        page.get("/inspect/migration/runs/9/", &[bearer]),
        page.get(ROOT, &[("Host", "evil.example")]),
        page.get("/a/../b", &[]),
        page.request("DELETE", ROOT, &[bearer], b""),
        page.post(CHANGE, &[FORM], b"a=b"),
        page.post(CHANGE, &[bearer, FORM], b"a=b"),
        page.get(page.sign_in_path(), &[]),
        page.get(page.sign_in_path(), &[]),
        page.get(&style, &[]),
    ];
    for answer in &answers {
        let header = |name: &str| answer.header(name).unwrap_or_default();
        assert!(answer.status >= 200, "{answer:?}");
        assert_eq!(header("content-security-policy"), policy, "{answer:?}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{answer:?}");
        assert_eq!(header("x-frame-options"), "DENY", "{answer:?}");
        assert_eq!(header("referrer-policy"), "same-origin", "{answer:?}");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{answer:?}");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{answer:?}");
        assert!(!answer.headers.iter().any(|(name, _)| name.starts_with("access-control")), "{answer:?}");
        assert!(answer.header("server").is_none(), "{answer:?}");
    }
    let (style, rest) = answers.split_last().expect("answers");
    assert_eq!((style.status, style.header("content-type")), (200, Some("text/css; charset=utf-8")));
    assert!(style.header("cache-control").expect("a rule").contains("immutable"));
    assert!(rest.iter().all(|answer| answer.header("cache-control") == Some("no-store")), "{rest:?}");
    // No script and no style stands in a page.
    for answer in rest {
        assert!(
            !answer.text.contains("<style") && !answer.text.contains(" style=") && !answer.text.contains(" onclick")
        );
        assert!(answer.text.matches("<script").count() == answer.text.matches("<script src=\"/inspect/").count());
        assert!(!answer.text.contains(TOKEN));
    }
}
