//! Messages over standard input and output.
//!
//! Framing is read here and not by `lsp_server`, whose reader allocates what a header claims and
//! ends at the first message that is not JSON.

use std::io::{self, BufRead, Read, Write};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use lsp_server::{Connection, ErrorCode, Message};
use serde_json::{Value, json};

/// Bytes that one message may have: a program of the largest size with every byte escaped.
const LONGEST_MESSAGE: usize = 112 << 20;

/// Bytes that one line of a header may have.
const LONGEST_HEADER: u64 = 4_096;

/// Lines that a header may have.
const HEADER_LINES: usize = 64;

/// Messages that may wait to be looked at; the client's writing waits beyond.
const WAITING: usize = 4_096;

/// The threads behind a connection over standard input and output.
#[derive(Debug)]
pub struct Threads {
    writer: JoinHandle<io::Result<()>>,
    fault: Receiver<String>,
}

impl Threads {
    /// Waits until every answer is written, and says what was wrong with the input, if anything.
    /// The connection must have been dropped.
    pub fn finish(self) -> Option<String> {
        // A client that has gone away reads no answers.
        let _ = self.writer.join();
        self.fault.try_recv().ok()
    }
}

/// A connection over standard input and output.
///
/// # Errors
/// When no thread can be started.
pub fn stdio() -> io::Result<(Connection, Threads)> {
    let (to_server, receiver) = bounded(WAITING);
    let (sender, to_client) = unbounded::<Message>();
    let (faults, fault) = bounded(1);
    std::thread::Builder::new()
        .name("lsp-reader".into())
        .spawn(move || {
            if let Err(error) = read_all(&mut io::stdin().lock(), &to_server) {
                let _ = faults.try_send(error.to_string());
            }
        })?;
    let writer = std::thread::Builder::new()
        .name("lsp-writer".into())
        .spawn(move || {
            for message in to_client {
                let message = match serde_json::to_value(&message) {
                    Ok(message) => message,
                    Err(error) => return Err(io::Error::other(error)),
                };
                write(&mut io::stdout().lock(), message)?;
            }
            Ok(())
        })?;
    Ok((Connection { sender, receiver }, Threads { writer, fault }))
}

/// Reads messages until the input ends, the server has gone, or the framing is lost. A message
/// that cannot be understood is answered at once.
fn read_all(input: &mut impl BufRead, to_server: &Sender<Message>) -> io::Result<()> {
    while let Some(bytes) = read(input)? {
        let message = serde_json::from_slice::<Value>(&bytes)
            .map_err(|error| (ErrorCode::ParseError, error))
            .and_then(|value| {
                serde_json::from_value::<Message>(value)
                    .map_err(|error| (ErrorCode::InvalidRequest, error))
            });
        match message {
            Ok(message) => {
                let last = matches!(&message, Message::Notification(it) if it.method == "exit");
                if to_server.send(message).is_err() || last {
                    return Ok(());
                }
            }
            Err((code, error)) => {
                let text = format!("the message is not understood: {error}");
                let answer = json!({"id": null, "error": {"code": code as i32, "message": text}});
                write(&mut io::stdout().lock(), answer)?;
            }
        }
    }
    Ok(())
}

fn invalid(why: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.into())
}

/// The bytes of the next message; `None` where the input ends.
fn read(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut length = None;
    for line_number in 0.. {
        if line_number == HEADER_LINES {
            return Err(invalid("a header does not end"));
        }
        let mut line = Vec::new();
        input
            .by_ref()
            .take(LONGEST_HEADER)
            .read_until(b'\n', &mut line)?;
        if line.is_empty() && line_number == 0 {
            return Ok(None);
        }
        let Some(line) = line.strip_suffix(b"\n") else {
            return Err(invalid("a header's line does not end"));
        };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        let line = String::from_utf8_lossy(line);
        let Some((name, value)) = line.split_once(':') else {
            return Err(invalid(format!("`{line}` is no header")));
        };
        if name.trim().eq_ignore_ascii_case("Content-Length") {
            let value = value.trim().parse::<usize>();
            length = Some(value.map_err(|_| invalid(format!("`{line}` gives no length")))?);
        }
    }
    let length = length.ok_or_else(|| invalid("a header has no Content-Length"))?;
    if length > LONGEST_MESSAGE {
        return Err(invalid(format!("a message of {length} bytes is too long")));
    }
    // What is there is read, not what is claimed.
    let mut bytes = Vec::new();
    input.by_ref().take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() < length {
        return Err(invalid("the input ends within a message"));
    }
    Ok(Some(bytes))
}

/// Writes one message.
fn write(output: &mut impl Write, mut message: Value) -> io::Result<()> {
    message["jsonrpc"] = "2.0".into();
    let text = message.to_string();
    write!(output, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut input: &[u8]) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        while let Some(bytes) = read(&mut input).map_err(|error| error.to_string())? {
            found.push(String::from_utf8(bytes).expect("text"));
        }
        Ok(found)
    }

    #[test]
    fn reads_messages_one_after_another() {
        let input = b"Content-Length: 2\r\n\r\n{}content-length:3\r\nX: y\r\n\r\n[1]";
        assert_eq!(all(input), Ok(vec!["{}".into(), "[1]".into()]));
        assert_eq!(all(b"Content-Length: 2\n\n{}"), Ok(vec!["{}".into()]));
    }

    #[test]
    fn refuses_headers_that_cannot_be_right() {
        for input in [
            &b"hello\r\n\r\n"[..],
            b"Content-Length: many\r\n\r\n",
            b"Content-Length: -1\r\n\r\n",
            b"Content-Length: 99999999999999\r\n\r\n{}",
            b"Content-Length: 100\r\n\r\n{}",
            b"Content-Type: x\r\n\r\n{}",
            b"Content-Length: 2",
        ] {
            assert!(all(input).is_err(), "{}", String::from_utf8_lossy(input));
        }
        let endless = vec![b'a'; 1 << 20];
        assert!(all(&endless).is_err());
        assert!(all(&b"A: b\r\n".repeat(1_000)).is_err());
    }
}
