//! The listener: one thread a connection, each request answered from the shared state.

use std::fmt;
use std::io::{self, BufReader};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::answer::Answer;
use super::fault::{Effect, Fault};
use super::http::{self, Request};
use super::rate::Rates;
use super::received::Received;
use super::state::State;
use super::token::{self, Bearer};
use super::{graphql, machines, sample, secrets, uiex};

/// A running stand-in on 127.0.0.1; it stops when dropped.
pub struct FakeFly {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

struct Shared {
    world: Mutex<World>,
    stopped: AtomicBool,
}

struct World {
    state: State,
    rates: Rates,
    received: Vec<Received>,
    open: Vec<TcpStream>,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FakeFly {
    /// Starts on a free port of the loopback interface.
    ///
    /// # Errors
    /// Fails where no port can be had.
    pub fn start(state: State) -> io::Result<Self> {
        Self::start_on(0, state)
    }

    /// Starts on this port of the loopback interface; 0 takes a free one.
    ///
    /// # Errors
    /// Fails where the port is taken.
    pub fn start_on(port: u16, mut state: State) -> io::Result<Self> {
        state.complete();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        let world =
            World { state, rates: Rates::default(), received: Vec::new(), open: Vec::new() };
        let shared = Arc::new(Shared { world: Mutex::new(world), stopped: AtomicBool::new(false) });
        let listening = thread::spawn({
            let shared = Arc::clone(&shared);
            move || listen(&listener, &shared)
        });
        Ok(Self { address, shared, listening: Some(listening) })
    }

    /// The base of all its URLs, as `http://127.0.0.1:4280`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The variables that send flyctl and fly-secrets here instead of to the real service.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let names =
            ["FLY_API_BASE_URL", "FLY_FLAPS_BASE_URL", "FLY_UIEX_BASE_URL", "FLY_METRICS_BASE_URL"];
        names.into_iter().map(|name| (name, self.url())).collect()
    }

    /// The requests so far, without the control calls.
    pub fn received(&self) -> Vec<Received> {
        self.shared.world().received.clone()
    }

    /// Forgets the requests so far.
    pub fn forget(&self) {
        self.shared.world().received.clear();
    }

    /// Looks at the state.
    pub fn state(&self) -> State {
        self.shared.world().state.clone()
    }

    /// Changes the state while it runs, as somebody else's dashboard would.
    pub fn change(&self, change: impl FnOnce(&mut State)) {
        let mut world = self.shared.world();
        change(&mut world.state);
        world.state.complete();
    }

    /// Makes something go wrong from now on.
    pub fn add_fault(&self, fault: Fault) {
        self.shared.world().state.faults.push(fault);
    }

    /// Waits for as long as it runs, for the program.
    pub fn join(mut self) {
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

impl fmt::Debug for FakeFly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeFly").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Drop for FakeFly {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        for stream in self.shared.world().open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // Wakes the listener, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        if let Ok(copy) = stream.try_clone() {
            let mut world = shared.world();
            world.open.retain(|stream| stream.peer_addr().is_ok());
            world.open.push(copy);
        }
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            let _ = serve(&stream, &shared);
            let _ = stream.shutdown(Shutdown::Both);
        });
    }
}

fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream;
    let mut reader = BufReader::new(stream);
    while let Some(request) = http::read(&mut reader, &mut writer)? {
        let started = Instant::now();
        let (mut answer, mut latency, ending) = act(shared, &request);
        if let Some(Effect::Slow(milliseconds)) = ending {
            latency += Duration::from_millis(milliseconds);
        }
        let is_control = request.path.starts_with("/_fake/");
        if !is_control {
            let mut world = shared.world();
            let number = world.received.len() + 1;
            answer.request_id = format!("01FAKEREQUEST{number:013}-iad");
            let closed = matches!(ending, Some(Effect::Close | Effect::CloseAfter));
            world.received.push(Received {
                method: request.method.clone(),
                path: request.path.clone(),
                status: if closed { 0 } else { answer.status },
                token_sha256: request
                    .header("authorization")
                    .and_then(|text| text.split_once(' '))
                    .map(|(_, token)| token::token_sha256(token.trim())),
                body: request.body.clone(),
            });
        }
        thread::sleep(latency.saturating_sub(started.elapsed()));
        match ending {
            Some(Effect::Close | Effect::CloseAfter) => return Ok(()),
            Some(Effect::Half) => return http::write(&mut writer, &answer, true),
            _ => http::write(&mut writer, &answer, false)?,
        }
        if request.wants_close() {
            return Ok(());
        }
    }
    Ok(())
}

/// Decides an answer and carries out what it stands for, with the world locked.
fn act(shared: &Shared, request: &Request) -> (Answer, Duration, Option<Effect>) {
    let mut world = shared.world();
    if let Some(answer) = control(&mut world, request) {
        return (answer, Duration::ZERO, None);
    }
    let latency = Duration::from_millis(world.state.latency_ms);
    let fault = world.state.faults.iter_mut().find_map(|fault| {
        let hits = fault.hits(&request.method, &request.path);
        hits.then(|| (fault.effect.clone(), fault.retry_after))
    });
    match fault {
        Some((Effect::Status(status), retry_after)) => {
            let mut answer = Answer::error(status, "a fault asked for on purpose");
            answer.retry_after = retry_after;
            (answer, latency, None)
        }
        Some((Effect::Echo, _)) => {
            let message = format!("cannot use {}", String::from_utf8_lossy(&request.body));
            (Answer::error(422, &message), latency, None)
        }
        Some((Effect::Html, _)) => (Answer::html(200, "502 Bad Gateway"), latency, None),
        Some((Effect::Close, _)) => (Answer::error(500, "closed"), latency, Some(Effect::Close)),
        Some((effect, _)) => (route(&mut world, request), latency, Some(effect)),
        None => (route(&mut world, request), latency, None),
    }
}

fn route(world: &mut World, request: &Request) -> Answer {
    if let Some(page) = sample::page(&world.state, request) {
        return page;
    }
    let Some(bearer) = token::bearer(request.header("authorization"), &world.state.tokens) else {
        return Answer::error(401, "token is missing or not valid");
    };
    let parts: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["graphql"] => graphql::answer(&world.state, request, &bearer),
        ["api", "v1", rest @ ..] => uiex::answer(&mut world.state, rest, request, &bearer)
            .unwrap_or_else(|| Answer::error(404, "page not found")),
        ["v1", "apps"] => apps(&world.state, &bearer),
        ["v1", "apps", name, rest @ ..] => app(world, name, rest, request, &bearer),
        _ => Answer::error(404, "page not found"),
    }
}

fn apps(state: &State, bearer: &Bearer) -> Answer {
    if bearer.is_app_scoped() {
        return Answer::error(403, "this token may not list apps");
    }
    let apps: Vec<Value> = state.apps.keys().map(|name| json!({"name": name})).collect();
    Answer::ok(&json!({"total_apps": apps.len(), "apps": apps}))
}

fn app(world: &mut World, name: &str, rest: &[&str], request: &Request, bearer: &Bearer) -> Answer {
    let kind = rest.first().copied().unwrap_or("app");
    let action = format!("{} {kind} {name}", request.method);
    if world.state.rate_limit && !world.rates.allows(action, Instant::now()) {
        let mut answer = Answer::error(429, "rate limit exceeded");
        answer.retry_after = Some(1);
        return answer;
    }
    let clock_offset = world.state.clock_offset_seconds;
    let Some(app) = world.state.apps.get_mut(name) else {
        return Answer::error(404, "app not found");
    };
    if !bearer.may_see(name) {
        return Answer::error(403, "this token may not see this app");
    }
    match rest {
        [] => machines::app(name, app),
        ["secrets"] => secrets::answer(app, None, request, bearer, clock_offset),
        ["secrets", secret] => secrets::answer(app, Some(secret), request, bearer, clock_offset),
        ["machines", rest @ ..] => machines::answer(app, rest, request, bearer),
        ["volumes"] => Answer::ok(&json!([])),
        _ => Answer::error(404, "page not found"),
    }
}

/// Calls to the stand-in itself, for a demo or a test in another process; none gives a value back.
fn control(world: &mut World, request: &Request) -> Option<Answer> {
    let answer = match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/_fake/requests") => {
            let requests = world.received.iter().map(|received| {
                json!({"method": received.method, "path": received.path, "status": received.status, "names": received.names()})
            });
            Answer::ok(&json!({"requests": requests.collect::<Vec<_>>()}))
        }
        ("POST", "/_fake/faults") => {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            let faults: Result<Vec<Fault>, String> =
                body.lines().filter(|line| !line.trim().is_empty()).map(str::parse).collect();
            match faults {
                Ok(faults) => {
                    world.state.faults.extend(faults);
                    Answer::ok(&json!({"faults": world.state.faults.len()}))
                }
                Err(message) => Answer::error(400, &message),
            }
        }
        ("DELETE", "/_fake/faults") => {
            world.state.faults.clear();
            Answer::ok(&json!({"faults": 0}))
        }
        ("POST", "/_fake/sample") => match serde_json::from_slice(&request.body) {
            Ok(sample) => {
                world.state.sample = sample;
                Answer::ok(&json!({"ok": true}))
            }
            Err(_) => Answer::error(400, "expected queue_services and data_services"),
        },
        (_, path) if path.starts_with("/_fake/") => Answer::error(404, "no such control call"),
        _ => return None,
    };
    Some(answer)
}
