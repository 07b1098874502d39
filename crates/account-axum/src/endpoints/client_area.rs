//! The root of the client area: a list of what an embedding application would offer its users, empty
//! here. Clients ask for it to see whether a key works.

use account_core::policy::Operation;
use serde::Serialize;

use crate::endpoint::{Answer, Asked, Endpoint, Verb};
use crate::envelope::{List, ok};
use crate::list_query::ListQuery;

/// GET: nothing, in pages.
pub(crate) struct Show;

#[derive(Serialize)]
enum Nothing {}

impl Endpoint for Show {
    const VERB: Verb = Verb::Get;
    const PATH: &'static str = "/api/client";
    const OPERATION: Operation = Operation::Other;

    async fn answer(asked: Asked<'_>) -> Answer {
        let query = ListQuery::parse("")?;
        let address = asked.edge.address_of(asked.parts);
        Ok(ok(&List::<Nothing>::new("server", []).paginated(query.pagination(0, 0, &address))))
    }
}
