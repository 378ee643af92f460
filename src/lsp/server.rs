//! The loop: take in, answer, check, go on.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::path::Path;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, TryRecvError};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{LogMessage, Notification as _, Progress, PublishDiagnostics};
use lsp_types::{LogMessageParams, MessageType};
use serde_json::{Value, json};

use super::capabilities::{Client, Settings, offer};
use super::convert;
use super::diagnostics::Told;
use super::dispatch;
use super::loader::read;
use super::state::{Checked, State};
use super::workspace::Walk;

/// How long to wait for a message before looking whether the client is still there.
const PATIENCE: Duration = Duration::from_secs(5);

/// Messages that are taken in before something is done again.
const TAKEN_IN: usize = 20_000;

/// Requests that may wait for their answers; the client's writing waits beyond.
const MOST_PENDING: usize = 10_000;

/// The token of the progress that is shown while folders are checked.
const TOKEN: &str = "nnc/check";

/// How the service ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The client said `shutdown`, then `exit`.
    AsAsked,
    /// The client said `exit` without `shutdown`, or went away.
    Abruptly,
}

/// Serves the client behind `connection` until it says `exit` or goes away.
pub fn run(connection: &Connection) -> Ended {
    let mut server = Server::new(connection);
    loop {
        if let Err(ended) = server.take_in() {
            return ended;
        }
        server.work();
    }
}

/// How far the conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Before `initialize`.
    New,
    /// Between `initialize` and `shutdown`.
    Running,
    /// After `shutdown`.
    ShutDown,
}

/// What an answer of the client is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked {
    /// The section `nnc` of its settings.
    Settings,
    /// Whether progress may be shown.
    Progress,
    /// Whether it asks again for what it shows of open texts.
    Refresh,
    /// Something of which no answer is needed.
    Nothing,
}

pub(super) struct Server<'c> {
    connection: &'c Connection,
    pub(super) state: State,
    phase: Phase,
    /// Requests that are not answered yet.
    pending: VecDeque<Request>,
    /// Open texts that are to be checked.
    pub(super) stale: VecDeque<String>,
    pub(super) told: Told,
    pub(super) walk: Walk,
    asked: HashMap<RequestId, Asked>,
    next_id: i32,
    /// Whether what the client shows has changed since it was asked to ask for it again.
    refresh_again: bool,
    /// Whether the client shows the progress of the walk.
    progress: bool,
    /// The client's process, where it can be looked for.
    parent: Option<String>,
}

impl<'c> Server<'c> {
    fn new(connection: &'c Connection) -> Server<'c> {
        Server {
            connection,
            state: State::default(),
            phase: Phase::New,
            pending: VecDeque::new(),
            stale: VecDeque::new(),
            told: Told::default(),
            walk: Walk::default(),
            asked: HashMap::new(),
            next_id: 0,
            refresh_again: false,
            progress: false,
            parent: None,
        }
    }

    /// Takes in all that the client has sent. Waits for it where nothing is to be done.
    fn take_in(&mut self) -> Result<(), Ended> {
        let busy = !self.pending.is_empty() || !self.stale.is_empty() || !self.walk.is_done();
        if !busy {
            match self.connection.receiver.recv_timeout(PATIENCE) {
                Ok(message) => self.message(message)?,
                Err(RecvTimeoutError::Timeout) if self.is_alone() => return Err(self.ended()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended()),
            }
        }
        for _ in 0..TAKEN_IN {
            if self.pending.len() >= MOST_PENDING {
                break;
            }
            match self.connection.receiver.try_recv() {
                Ok(message) => self.message(message)?,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    // Whoever closes its end may still read what it has asked for.
                    self.answer_all();
                    while let Some(name) = self.stale.pop_front() {
                        self.check(&name);
                    }
                    return Err(self.ended());
                }
            }
        }
        Ok(())
    }

    /// Does the most urgent thing that is to be done.
    fn work(&mut self) {
        if let Some(request) = self.pending.pop_front() {
            self.answer(request);
        } else if let Some(name) = self.stale.pop_front() {
            self.check(&name);
        } else if !self.walk.is_done() {
            self.walk_on();
        }
        for text in self.state.log.take() {
            self.log(MessageType::ERROR, text);
        }
    }

    fn ended(&self) -> Ended {
        match self.phase {
            Phase::ShutDown => Ended::AsAsked,
            _ => Ended::Abruptly,
        }
    }

    /// Whether the client's process has gone.
    fn is_alone(&self) -> bool {
        let parent = self.parent.as_ref();
        parent.is_some_and(|place| !Path::new(place).exists())
    }

    fn message(&mut self, message: Message) -> Result<(), Ended> {
        match message {
            Message::Request(mut request) => {
                convert::repair(&mut request.params);
                self.request(request);
            }
            Message::Response(response) => self.response(response),
            Message::Notification(notice) if notice.method == "exit" => return Err(self.ended()),
            Message::Notification(notice) if notice.method == "$/cancelRequest" => {
                self.cancel(&notice.params);
            }
            Message::Notification(mut notice) if self.phase == Phase::Running => {
                convert::repair(&mut notice.params);
                self.notice(notice);
            }
            Message::Notification(_) => {}
        }
        Ok(())
    }

    fn request(&mut self, request: Request) {
        let refuse = |code: ErrorCode, why: &str| {
            Response::new_err(request.id.clone(), code as i32, why.into())
        };
        let refused = match (self.phase, request.method.as_str()) {
            (Phase::New, "initialize") => {
                let response = self.initialize(request);
                return self.send(response);
            }
            (Phase::New, _) => refuse(
                ErrorCode::ServerNotInitialized,
                "the first request is `initialize`",
            ),
            (Phase::Running, "initialize") => {
                refuse(ErrorCode::InvalidRequest, "`initialize` comes once")
            }
            (Phase::Running, "shutdown") => {
                self.answer_all();
                self.phase = Phase::ShutDown;
                self.stale.clear();
                self.walk = Walk::default();
                Response::new_ok(request.id, Value::Null)
            }
            (Phase::Running, _) => return self.pending.push_back(request),
            (Phase::ShutDown, _) => refuse(ErrorCode::InvalidRequest, "the server is shut down"),
        };
        self.send(refused);
    }

    fn cancel(&mut self, params: &Value) {
        let Some(id) = params
            .get("id")
            .and_then(|id| serde_json::from_value::<RequestId>(id.clone()).ok())
        else {
            return;
        };
        let Some(at) = self.pending.iter().position(|request| request.id == id) else {
            return;
        };
        self.pending.remove(at);
        let code = ErrorCode::RequestCanceled as i32;
        self.send(Response::new_err(id, code, "cancelled".into()));
    }

    fn answer(&mut self, request: Request) {
        let response = dispatch::answer(&self.state, request);
        self.send(response);
    }

    fn answer_all(&mut self) {
        while let Some(request) = self.pending.pop_front() {
            self.answer(request);
        }
    }

    fn response(&mut self, response: Response) {
        let asked = self.asked.remove(&response.id);
        match (asked, response.response_result) {
            (Some(Asked::Settings), Ok(value)) => {
                let section = value.get(0).cloned().unwrap_or_default();
                self.set(&section);
            }
            (Some(Asked::Progress), Ok(_)) if !self.walk.is_done() => {
                self.progress = true;
                let value = json!({
                    "kind": "begin", "title": "nnc: checking", "cancellable": false, "percentage": 0,
                });
                self.report(value);
            }
            (Some(Asked::Refresh), _) if self.refresh_again && !self.is_refreshing() => {
                self.refresh();
            }
            _ => {}
        }
    }

    fn initialize(&mut self, request: Request) -> Response {
        let params = request.params;
        if !params.is_object() {
            let why = "the parameters of initialize are no object".into();
            return Response::new_err(request.id, ErrorCode::InvalidParams as i32, why);
        }
        self.state.client = Client::new(&params);
        if let Some(options) = params.get("initializationOptions") {
            self.state.settings = Settings::new(options);
        }
        let folders = params.get("workspaceFolders").and_then(Value::as_array);
        let folders = folders.into_iter().flatten();
        let mut addresses: Vec<&Value> = folders.filter_map(|it| it.get("uri")).collect();
        if addresses.is_empty() {
            addresses.extend(params.get("rootUri"));
        }
        for address in addresses {
            let address = address.as_str().and_then(|text| text.parse().ok());
            self.state
                .folders
                .extend(address.and_then(|uri| convert::path(&uri)));
        }
        if let Some(process) = params.get("processId").and_then(Value::as_u64) {
            // Where there is no such folder, or the client counts its processes otherwise, the end
            // of the input has to do.
            let place = format!("/proc/{process}");
            self.parent = Some(place).filter(|place| Path::new(place).exists());
        }
        self.phase = Phase::Running;
        Response::new_ok(request.id, offer(&self.state.client))
    }

    /// Takes the settings in `section`, and has the client ask again for what depends on them.
    pub(super) fn set(&mut self, section: &Value) {
        let settings = Settings::new(section);
        if settings != self.state.settings {
            self.state.settings = settings;
            self.refresh();
        }
    }

    /// Has the client ask again for all that it shows of open texts: once more when it has done
    /// so, where it is about to.
    pub(super) fn refresh(&mut self) {
        self.refresh_again = self.is_refreshing();
        if self.refresh_again {
            return;
        }
        for (capability, method) in [
            ("inlayHint", "workspace/inlayHint/refresh"),
            ("codeLens", "workspace/codeLens/refresh"),
            ("semanticTokens", "workspace/semanticTokens/refresh"),
        ] {
            let pointer = format!("/workspace/{capability}/refreshSupport");
            if self.state.client.has(&pointer) {
                self.ask(method, Value::Null, Asked::Refresh);
            }
        }
    }

    fn is_refreshing(&self) -> bool {
        self.asked
            .values()
            .any(|about| matches!(about, Asked::Refresh))
    }

    /// Has the text `name` checked, the next of all where it is `first`.
    pub(super) fn outdate(&mut self, name: String, first: bool) {
        if first {
            self.stale.retain(|waiting| *waiting != name);
            self.stale.push_front(name);
        } else if !self.stale.contains(&name) {
            self.stale.push_back(name);
        }
    }

    /// The text of the file `name` is another: all that read it is to be checked again.
    pub(super) fn changed(&mut self, name: &str) {
        self.told.outdate(name, &self.state);
        let readers = self.state.forget(name);
        if !readers.is_empty() {
            self.refresh();
        }
        for reader in readers {
            self.outdate(reader, false);
        }
        if self.state.documents.get(name).is_some() {
            self.outdate(name.to_owned(), true);
        }
    }

    /// Has those programs checked again that are not open and read the file `name`.
    pub(super) fn recheck_readers(&mut self, name: &str) {
        for reader in self.told.readers(name) {
            if self.state.documents.get(&reader).is_none() {
                self.look_again(&reader);
            }
        }
    }

    /// Has the program `name` checked again as it is on disk.
    pub(super) fn look_again(&mut self, name: &str) {
        let path = Path::new(name);
        if path.is_absolute() {
            self.walk.program(path.to_owned());
        }
    }

    fn check(&mut self, name: &str) {
        let news = match self.state.checked(name) {
            Some(checked) => self.told.take(&checked, &self.state),
            None => self.told.forget(name),
        };
        self.publish(news);
    }

    /// Sends what the client does not show yet of `files`.
    pub(super) fn publish(&mut self, files: BTreeSet<String>) {
        for file in files {
            if let Some(params) = self.told.publish(&file, &self.state) {
                self.send(Notification::new(PublishDiagnostics::METHOD.into(), params));
            }
        }
    }

    /// Starts the check of the folders that are open.
    pub(super) fn walk_folders(&mut self) {
        for folder in self.state.folders.clone() {
            self.walk.folder(folder);
        }
        if !self.walk.is_done() && self.state.client.has("/window/workDoneProgress") {
            let method = "window/workDoneProgress/create";
            self.ask(method, json!({"token": TOKEN}), Asked::Progress);
        }
    }

    fn walk_on(&mut self) {
        if let Some(path) = self.walk.step() {
            let name = path.display().to_string();
            if self.state.documents.get(&name).is_none() {
                self.check_closed(&path, &name);
            }
            let (done, left) = self.walk.count();
            if self.progress {
                let percentage = 100 * done / (done + left).max(1);
                let value = json!({
                    "kind": "report", "message": format!("{done}/{}", done + left),
                    "percentage": percentage,
                });
                self.report(value);
            }
        }
        if self.walk.is_done() && self.progress {
            self.progress = false;
            self.report(json!({"kind": "end"}));
        }
    }

    fn check_closed(&mut self, path: &Path, name: &str) {
        let news = match read(path) {
            Ok(bytes) => {
                let checked = self
                    .state
                    .guarded(|| Checked::new(name, &bytes, &self.state));
                match checked {
                    Some(checked) => self.told.take(&checked, &self.state),
                    None => self.told.forget(name),
                }
            }
            Err(_) => self.told.forget(name),
        };
        self.publish(news);
    }

    fn report(&mut self, value: Value) {
        let params = json!({"token": TOKEN, "value": value});
        self.send(Notification::new(Progress::METHOD.into(), params));
    }

    pub(super) fn log(&mut self, kind: MessageType, message: String) {
        let params = LogMessageParams { typ: kind, message };
        self.send(Notification::new(LogMessage::METHOD.into(), params));
    }

    /// Asks the client for something.
    pub(super) fn ask(&mut self, method: &str, params: Value, about: Asked) {
        let id = RequestId::from(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        self.asked.insert(id.clone(), about);
        self.send(Request::new(id, method.into(), params));
    }

    /// Sends to the client. One that has gone away is noticed when nothing comes from it either.
    fn send(&mut self, message: impl Into<Message>) {
        let _ = self.connection.sender.send(message.into());
    }
}
