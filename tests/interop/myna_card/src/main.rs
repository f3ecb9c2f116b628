// SPDX-License-Identifier: Apache-2.0
//! myna-card, a library for My Number Cards that nobody here wrote, at the element: what it reads, how it signs, what a
//! wrong PIN costs, how a PIN is changed. Usage: myna-card-client phone|card; prints TAP.

use myna_card::ap::jpki::{JpkiAp, SignatureScheme};
use myna_card::transport::pcsc::{self, Sharing};
use myna_card::{Error, Pin, Transmit};

struct Tap {
    count: u32,
    broken: u32,
}

impl Tap {
    fn check(&mut self, name: &str, good: bool) {
        self.count += 1;
        if !good {
            self.broken += 1;
        }
        println!("{}ok {} - {}", if good { "" } else { "not " }, self.count, name);
    }

    /// What has to succeed, and says why it did not.
    fn done<T>(&mut self, name: &str, result: Result<T, Error>) -> Option<T> {
        if let Err(error) = &result {
            println!("# {error}");
        }
        self.check(name, result.is_ok());
        result.ok()
    }
}

const SCHEMES: [(SignatureScheme, &str); 6] = [
    (SignatureScheme::Verbatim, "as it is"),
    (SignatureScheme::Sha256Bare, "bare hash made on the card"),
    (SignatureScheme::PreHashedDigestInfo, "DigestInfo of a hash"),
    (SignatureScheme::Sha256DigestInfo, "DigestInfo made on the card"),
    (SignatureScheme::PreHashedPss, "PSS of a hash"),
    (SignatureScheme::Sha256Pss, "PSS made on the card"),
];

fn files<T: Transmit>(tap: &mut Tap, ap: &mut JpkiAp<T>, card: bool) {
    if let Some(kind) = tap.done("the token's type is read", ap.read_token_type()) {
        let name = if card { "JPKIAPICCTOKEN2" } else { "JPKIAPGPSETOKEN" };
        println!("# {}", kind.name());
        tap.check("it is what is played", kind.name() == name && kind.is_physical_card() == card);
    }
    tap.done("the whole token information is well-formed", ap.read_token_info());
    match ap.read_certificate_availability() {
        Ok(there) => tap.check(
            "the card says that it has both certificates",
            card && there.has_auth_certificate() && there.has_sign_certificate(),
        ),
        Err(_) => tap.check("a phone does not say which certificates it has", !card),
    }
    tap.done("the CA of user verification is read and parsed", ap.read_auth_ca_certificate());
    tap.done("the CA of signing is read and parsed", ap.read_sign_ca_certificate());
    let free = ap.read_auth_certificate().is_ok();
    tap.check("the user-verification certificate is free on a card, and only there", free == card);
    tap.check("the signing certificate is not", ap.read_sign_certificate().is_err());
}

fn tries<T: Transmit>(ap: &mut JpkiAp<T>) -> (String, String) {
    let text = |r: Result<myna_card::Retries, Error>| r.map_or("none".to_owned(), |r| format!("{r:?}"));
    (text(ap.auth_pin_retries()), text(ap.sign_pin_retries()))
}

fn are(pin: &str, password: &str) -> (String, String) {
    (format!("Remaining({pin})"), format!("Remaining({password})"))
}

fn signatures<T: Transmit>(tap: &mut Tap, ap: &mut JpkiAp<T>, password: &Pin, pin: &Pin) {
    let data: [u8; 32] = core::array::from_fn(|i| i as u8);
    tap.check("nothing is signed without a PIN", ap.sign_with_auth_key(SignatureScheme::Sha256DigestInfo, &data).is_err());
    tap.done("the PIN is verified", ap.verify_auth_pin(pin));
    for (scheme, name) in SCHEMES {
        tap.done(&format!("user verification: {name}"), ap.sign_with_auth_key_checked(scheme, &data));
    }
    tap.check(
        "the signing key is not open with it",
        ap.sign_with_sign_key(SignatureScheme::Sha256DigestInfo, &data).is_err(),
    );
    tap.done("the password is verified", ap.verify_sign_pin(password));
    for (scheme, name) in SCHEMES {
        tap.done(&format!("signing: {name}"), ap.sign_with_sign_key_checked(scheme, &data));
    }
}

fn secrets<T: Transmit>(tap: &mut Tap, ap: &mut JpkiAp<T>, pin: &Pin) -> Result<(), Error> {
    let (other, wrong) = (Pin::numeric("5678")?, Pin::numeric("0000")?);
    tap.check("3 and 5 tries are left", tries(ap) == are("3", "5"));
    tap.check(
        "a wrong PIN leaves two",
        matches!(ap.verify_auth_pin(&wrong), Err(Error::PinIncorrect { retries: Some(2) })),
    );
    tap.check("the card says so", tries(ap) == are("2", "5"));
    tap.done("the PIN is changed", ap.change_auth_pin(pin, &other));
    tap.check("that gives the tries back", tries(ap) == are("3", "5"));
    tap.check("the former one is wrong", ap.verify_auth_pin(pin).is_err());
    tap.done("and changed again", ap.change_auth_pin(&other, pin));
    let (password, new) = (Pin::new("PASSWORD1")?, Pin::new("SECRET99")?);
    tap.done("the password is changed", ap.change_sign_pin(&password, &new));
    tap.done("and changed again", ap.change_sign_pin(&new, &password));
    tap.check("a password of digits alone is refused", ap.change_sign_pin(&password, &Pin::new("12345678")?).is_err());
    tap.check(
        "so is a PIN of three",
        ap.change_auth_pin(pin, &Pin::numeric("123")?).is_err(),
    );
    tap.done("the old one is still right", ap.verify_auth_pin(pin));
    tap.check("five and three tries are left", tries(ap) == are("3", "5"));
    Ok(())
}

fn locked<T: Transmit>(tap: &mut Tap, ap: &mut JpkiAp<T>, pin: &Pin) -> Result<(), Error> {
    let wrong = Pin::numeric("0000")?;
    for _ in 0..2 {
        let _ = ap.verify_auth_pin(&wrong);
    }
    tap.check("the third wrong PIN locks", ap.verify_auth_pin(&wrong).is_err());
    tap.check("the card says so", ap.auth_pin_retries().is_ok_and(|r| format!("{r:?}") == "Blocked"));
    tap.check("the right PIN is refused", ap.verify_auth_pin(pin).is_err());
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let card = std::env::args().nth(1).as_deref() == Some("card");
    let mut tap = Tap { count: 0, broken: 0 };
    let mut connection = pcsc::connect_any(Sharing::Shared)?;
    let (pin, password) = (Pin::numeric("1234")?, Pin::new("PASSWORD1")?);
    let mut ap = JpkiAp::select(&mut connection)?;
    files(&mut tap, &mut ap, card);
    signatures(&mut tap, &mut ap, &password, &pin);
    secrets(&mut tap, &mut ap, &pin)?;
    locked(&mut tap, &mut ap, &pin)?;
    println!("1..{}", tap.count);
    std::process::exit(i32::from(tap.broken > 0));
}
