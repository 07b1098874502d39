//! Recovery by mail.

use super::house::{House, block_on, client};
use account_core::Error;

#[test]
fn a_mailed_token_resets_once_in_time_and_for_its_own_address_alone() {
    let house = House::new();
    house.register("john");
    let (john, mary) = (super::house::email("john@example.com"), super::house::email("mary@example.com"));
    let from = client("192.0.2.1");
    let request = |email: &_| block_on(house.accounts.recovery().request(email, &from));
    request(&john).unwrap();
    request(&mary).unwrap();
    let mails = house.mails();
    assert_eq!(mails.len(), 1, "nobody is mary");
    let token = super::house::token_in(&mails[0].2);
    let reset = |token: &str, email: &_, new: &str| {
        let new =
            account_core::password::NewPassword::parse(new, &house.accounts.policy().passwords, &[]).unwrap();
        block_on(house.accounts.recovery().reset(token, email, &new, &from))
    };
    assert!(matches!(reset(&token, &mary, "another long password"), Err(Error::WrongMailToken)));
    let session = reset(&token, &john, "another long password").unwrap().session.expect("no second factor");
    assert!(house.session(session.token.expose()).is_ok());
    assert!(matches!(reset(&token, &john, "a third long password"), Err(Error::WrongMailToken)), "spent");
    assert!(house.sign_in("john", "another long password", "192.0.2.2").is_ok());
    house.later(61);
    request(&john).unwrap();
    let token = super::house::token_in(&house.mails().pop().unwrap().2);
    house.later(3600);
    assert!(matches!(reset(&token, &john, "a third long password"), Err(Error::WrongMailToken)), "expired");
}

#[test]
fn sec_16_a_reset_token_dies_with_any_change_and_a_second_mail_within_a_minute_is_not_sent() {
    for by_email in [true, false] {
        let house = House::new();
        let account = house.register("john");
        let (who, _) = house.by_session(&account);
        let (john, from) = (super::house::email("john@example.com"), client("192.0.2.1"));
        for _ in 0..2 {
            block_on(house.accounts.recovery().request(&john, &from)).unwrap();
        }
        let mails = house.mails();
        assert_eq!(mails.len(), 1);
        let token = super::house::token_in(&mails[0].2);
        if by_email {
            house.change_email(&who, "new@example.com").unwrap();
        } else {
            house.change_password(&who, "another long password").unwrap();
        }
        let new =
            account_core::password::NewPassword::parse("a third long password", &Default::default(), &[])
                .unwrap();
        for email in [&john, &super::house::email("new@example.com")] {
            let refused = block_on(house.accounts.recovery().reset(&token, email, &new, &from));
            assert!(matches!(refused, Err(Error::WrongMailToken)));
        }
    }
}

#[test]
fn rel_13_what_was_made_while_the_clock_ran_ahead_does_not_live_for_years() {
    let house = House::new();
    let account = house.register("john");
    let now = house.accounts.now();
    house.later(365 * 86_400);
    let (_, session) = house.by_session(&account);
    block_on(
        house.accounts.recovery().request(&super::house::email("john@example.com"), &client("192.0.2.1")),
    )
    .unwrap();
    let token = super::house::token_in(&house.mails().pop().unwrap().2);
    house.clock.set(now);
    assert!(matches!(house.session(&session), Err(Error::Unauthenticated)));
    let new = account_core::password::NewPassword::parse("another long password", &Default::default(), &[])
        .unwrap();
    let email = super::house::email("john@example.com");
    let refused = block_on(house.accounts.recovery().reset(&token, &email, &new, &client("192.0.2.1")));
    assert!(matches!(refused, Err(Error::WrongMailToken)));
    assert!(house.sign_in("john", super::house::PASSWORD, "192.0.2.1").is_ok(), "throttles heal");
}

/// Refuses the first recipient, so that others can show that they are not held up.
struct Choosy(super::house::Postman);

#[async_trait::async_trait]
impl account_core::ports::mailer::Mailer for Choosy {
    async fn deliver(
        &self,
        message: &account_core::mail::Message,
    ) -> Result<(), account_core::ports::mailer::MailerError> {
        if message.to.starts_with("john") {
            return Err(account_core::ports::mailer::MailerError::NotNow("not now".into()));
        }
        self.0.deliver(message).await
    }
}

#[test]
fn a_mail_that_cannot_be_handed_on_waits_holds_up_nobody_and_comes_later() {
    let house = House::new();
    for name in ["john", "mary"] {
        let account = house.register(name);
        house.by_session(&account);
        let (who, _) = house.by_session(&account);
        house.change_password(&who, "another long password").unwrap();
    }
    let choosy = Choosy(super::house::Postman::default());
    let delivery = block_on(house.accounts.deliver_mail(&choosy)).unwrap();
    assert_eq!((delivery.done, delivery.postponed), (1, 1));
    assert!(house.mails().is_empty(), "it waits");
    house.later(3601);
    assert_eq!(house.mails().len(), 1);
    assert!(house.mails().is_empty(), "once it came, it is gone");
}
