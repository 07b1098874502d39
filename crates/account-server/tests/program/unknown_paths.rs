//! What leads nowhere is answered in JSON, whoever asks and whatever he accepts (F-33).

use crate::http::ask;
use crate::program::Place;

#[test]
fn f_33_a_path_that_leads_nowhere_is_a_json_404() {
    let place = Place::new();
    let server = place.serve(&[]);
    for path in
        ["/", "/nope", "/auth", "/auth/nope", "/auth/login/nope", "/api", "/api/client/nope", "/health"]
    {
        for method in ["GET", "POST", "DELETE"] {
            let answer = ask(server.address, method, path, "", "");
            assert_eq!(answer.status, 404, "{method} {path}");
            assert!(
                answer.head.to_ascii_lowercase().contains("content-type: application/json"),
                "{}",
                answer.head
            );
            let error = answer.json()["errors"][0].clone();
            assert_eq!((&error["code"], &error["status"]), (&"NotFoundHttpException".into(), &"404".into()));
        }
    }
}
