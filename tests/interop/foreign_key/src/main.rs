// SPDX-License-Identifier: Apache-2.0
//! A security key that nobody here wrote, to be evaluated: the FIDO application of Nitrokey 3 and Solo 2 (crate
//! fido-authenticator) on its own simulated platform (trussed, "virt"), which forgets everything when it ends.
//! This program is only its USB: CTAPHID reports as datagrams on 127.0.0.1, as `mitome authenticator --hid udp:PORT`
//! has them. A touch is always there, since nobody can touch it: --no-touch takes it away.
//!
//! usage: foreign-key PORT [--no-touch]

use ctaphid_app::{App, Command, Error};
use fido_authenticator::{Authenticator, Config, Conforming, FirmwareVersion};
use heapless_bytes::{Bytes, BytesView};
use std::{env, net::UdpSocket, process::exit, time::Duration};
use trussed::{
    backend::BackendId,
    platform::{Platform as _, UserInterface},
    types::ui::Status,
    virt::{self, StoreConfig},
};
use trussed_core::types::{consent::Level, reboot::To};
use trussed_staging::virt::{BackendIds, Dispatcher};

const REPORT: usize = 64;
const MESSAGE_MAX: usize = 7609;
const BROADCAST: u32 = 0xffff_ffff;

// CTAP 2.1, 11.2.9
const PING: u8 = 0x81;
const MSG: u8 = 0x83;
const INIT: u8 = 0x86;
const CBOR: u8 = 0x90;
const CANCEL: u8 = 0x91;
const ERROR: u8 = 0xbf;
const ERR_INVALID_CMD: u8 = 0x01;
const ERR_INVALID_LEN: u8 = 0x03;
const ERR_INVALID_SEQ: u8 = 0x04;
const ERR_CHANNEL_BUSY: u8 = 0x06;
const ERR_INVALID_CHANNEL: u8 = 0x0b;
const ERR_OTHER: u8 = 0x7f;

struct Person {
    touches: bool,
}

impl UserInterface for Person {
    fn check_user_presence(&mut self) -> Level {
        if self.touches {
            Level::Strong
        } else {
            Level::None
        }
    }
    fn set_status(&mut self, _status: Status) {}
    fn refresh(&mut self) {}
    fn uptime(&mut self) -> Duration {
        Duration::ZERO // the platform has its own clock
    }
    fn reboot(&mut self, _to: To) -> ! {
        exit(0)
    }
    fn wink(&mut self, _duration: Duration) {}
}

/// What has come of a message so far.
struct Partial {
    channel: u32,
    command: u8,
    wanted: usize,
    next: u8,
    bytes: Vec<u8>,
}

struct Port {
    socket: UdpSocket,
    host: std::net::SocketAddr,
    channels: u32,
    partial: Option<Partial>,
}

impl Port {
    fn send(&self, channel: u32, command: u8, payload: &[u8]) {
        let mut head = channel.to_be_bytes().to_vec();
        head.push(command);
        head.extend((payload.len() as u16).to_be_bytes());
        let first = payload.len().min(REPORT - 7);
        head.extend(&payload[..first]);
        self.send_report(head);
        for (number, part) in payload[first..].chunks(REPORT - 5).enumerate() {
            let mut report = channel.to_be_bytes().to_vec();
            report.push(number as u8);
            report.extend(part);
            self.send_report(report);
        }
    }

    fn send_report(&self, mut report: Vec<u8>) {
        report.resize(REPORT, 0);
        let _ = self.socket.send_to(&report, self.host); // a host that has gone reads nothing
    }

    fn refuse(&mut self, channel: u32, code: u8) {
        self.partial = None;
        self.send(channel, ERROR, &[code]);
    }

    /// A report of the host; a whole message when it was the last one.
    fn take(&mut self, report: &[u8]) -> Option<Partial> {
        let channel = u32::from_be_bytes(report[..4].try_into().unwrap());
        if report[4] & 0x80 == 0 {
            self.take_rest(channel, report);
        } else {
            self.take_first(channel, report);
        }
        match &self.partial {
            Some(partial) if partial.bytes.len() == partial.wanted => self.partial.take(),
            _ => None,
        }
    }

    fn take_first(&mut self, channel: u32, report: &[u8]) {
        let (command, wanted) = (
            report[4],
            usize::from(u16::from_be_bytes([report[5], report[6]])),
        );
        if command == CANCEL {
            return; // it answers at once: there is nothing to cancel
        }
        if let Some(partial) = &self.partial {
            if partial.channel != channel && command != INIT {
                return self.send(channel, ERROR, &[ERR_CHANNEL_BUSY]);
            }
        }
        let known =
            (1..=self.channels).contains(&channel) || (channel == BROADCAST && command == INIT);
        if !known {
            return self.refuse(channel, ERR_INVALID_CHANNEL);
        }
        if wanted > MESSAGE_MAX {
            return self.refuse(channel, ERR_INVALID_LEN);
        }
        let bytes = report[7..7 + wanted.min(REPORT - 7)].to_vec();
        self.partial = Some(Partial {
            channel,
            command,
            wanted,
            next: 0,
            bytes,
        });
    }

    fn take_rest(&mut self, channel: u32, report: &[u8]) {
        let Some(partial) = self
            .partial
            .as_mut()
            .filter(|partial| partial.channel == channel)
        else {
            return; // of a message that was given up
        };
        if partial.next != report[4] {
            return self.refuse(channel, ERR_INVALID_SEQ);
        }
        let more = (partial.wanted - partial.bytes.len()).min(REPORT - 5);
        partial.bytes.extend(&report[5..5 + more]);
        partial.next += 1;
    }

    fn open_channel(&mut self, message: &Partial) {
        const CAPABILITIES: u8 = 0x04; // CBOR; U2F messages go, too
        if message.bytes.len() != 8 {
            return self.refuse(message.channel, ERR_INVALID_LEN);
        }
        let mut channel = message.channel;
        if channel == BROADCAST {
            self.channels += 1;
            channel = self.channels;
        }
        let mut answer = message.bytes.clone();
        answer.extend(channel.to_be_bytes());
        answer.extend([2, 0, 0, 0, CAPABILITIES]);
        self.send(message.channel, INIT, &answer);
    }
}

fn answer(key: &mut dyn App<'static>, port: &mut Port, message: Partial) {
    let command = match message.command {
        INIT => return port.open_channel(&message),
        PING => return port.send(message.channel, PING, &message.bytes),
        CBOR => Command::Cbor,
        MSG => Command::Msg,
        _ => return port.refuse(message.channel, ERR_INVALID_CMD),
    };
    let mut bytes = Bytes::<MESSAGE_MAX>::new();
    let response: &mut BytesView = &mut bytes;
    match key.call(command, &message.bytes, response) {
        Ok(()) => port.send(message.channel, message.command, &bytes),
        Err(Error::InvalidLength) => port.refuse(message.channel, ERR_INVALID_LEN),
        Err(Error::InvalidCommand) => port.refuse(message.channel, ERR_INVALID_CMD),
        Err(_) => port.refuse(message.channel, ERR_OTHER),
    }
}

fn serve(key: &mut dyn App<'static>, socket: UdpSocket) {
    let mut port = Port {
        host: socket.local_addr().unwrap(),
        socket,
        channels: 0,
        partial: None,
    };
    let mut report = [0; REPORT + 1];
    loop {
        let Ok((size, host)) = port.socket.recv_from(&mut report) else {
            continue;
        };
        if size != REPORT {
            continue;
        }
        port.host = host;
        if let Some(message) = port.take(&report[..REPORT]) {
            answer(key, &mut port, message);
        }
    }
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let port = arguments.first().and_then(|text| text.parse::<u16>().ok());
    let touches = match arguments.get(1).map(String::as_str) {
        None => true,
        Some("--no-touch") => false,
        Some(_) => return usage(),
    };
    let Some(port) = port else { return usage() };
    let socket = UdpSocket::bind(("127.0.0.1", port)).unwrap_or_else(|error| {
        eprintln!("foreign-key: port {port}: {error}");
        exit(2)
    });
    virt::with_platform(StoreConfig::ram(), |mut platform| {
        platform
            .user_interface()
            .set_inner(Box::new(Person { touches }));
        platform.run_client_with_backends(
            "fido",
            Dispatcher::default(),
            &[
                BackendId::Custom(BackendIds::StagingBackend),
                BackendId::Core,
            ],
            |client| {
                let config = Config {
                    max_msg_size: MESSAGE_MAX,
                    skip_up_timeout: None,
                    max_resident_credential_count: Some(10),
                    large_blobs: None,
                    nfc_transport: false,
                    ccid_transport: false,
                    firmware_version: Some(FirmwareVersion::new(0)),
                    credential_id_version: None,
                    long_touch_for_reset: false,
                    fido2_up_timeout: Some(100),
                };
                println!("foreign-key: udp:{port}");
                serve(
                    &mut Authenticator::new(client, Conforming {}, config),
                    socket,
                )
            },
        )
    })
}

fn usage() {
    eprintln!("usage: foreign-key PORT [--no-touch]");
    exit(2)
}
