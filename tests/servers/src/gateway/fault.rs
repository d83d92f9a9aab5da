//! Faults that a gateway can be told to inject.

use std::time::Duration;

use super::message::{Request, Response};

/// Something that goes wrong with a request, and the requests that it is for: the next one, unless told otherwise.
///
/// ```
/// use chronicle_test_servers::{Fault, Response};
///
/// let lost_answers = Fault::reset_after().method("POST").path_contains("/events").times(3);
/// let overloaded = Fault::respond(Response::new(429).header("retry-after", "1").json(r#"{"message":"slow down"}"#));
/// let outage = Fault::respond(Response::new(502).html("<html>Bad gateway</html>")).always();
/// ```
#[derive(Debug, Clone)]
pub struct Fault {
    action: Action,
    skip: u32,
    /// `None` is without an end.
    times: Option<u32>,
    method: Option<String>,
    path: Option<String>,
}

/// What happens to a request.
#[derive(Debug, Clone)]
pub(super) enum Action {
    BlackHole,
    BlackHoleAfter,
    Delay(Duration),
    DelayAnswer(Duration),
    ResetBefore,
    ResetAfter,
    Truncate(usize),
    Respond(Response),
    RespondAfter(Response),
    Hold(Option<Duration>),
}

impl Fault {
    fn new(action: Action) -> Self {
        Self { action, skip: 0, times: Some(1), method: None, path: None }
    }

    /// The request is read and never answered; the connection stays open until the client closes it.
    #[must_use]
    pub fn black_hole() -> Self {
        Self::new(Action::BlackHole)
    }

    /// The request is forwarded and its whole answer awaited, so it is committed; then it is never answered, and the
    /// connection stays open until the client closes it.
    #[must_use]
    pub fn black_hole_after() -> Self {
        Self::new(Action::BlackHoleAfter)
    }

    /// The request is forwarded after a delay, unless the client has closed its connection by then.
    #[must_use]
    pub fn delay(delay: Duration) -> Self {
        Self::new(Action::Delay(delay))
    }

    /// The request is forwarded and its whole answer awaited, which goes to the client after a delay, unless that has closed
    /// its connection by then: it tells of the past.
    #[must_use]
    pub fn delay_answer(delay: Duration) -> Self {
        Self::new(Action::DelayAnswer(delay))
    }

    /// The connection is reset (TCP RST) after the request was read; nothing is forwarded.
    #[must_use]
    pub fn reset_before() -> Self {
        Self::new(Action::ResetBefore)
    }

    /// The request is forwarded and its whole answer awaited, so it is committed; then the connection is reset (TCP RST).
    #[must_use]
    pub fn reset_after() -> Self {
        Self::new(Action::ResetAfter)
    }

    /// The answer announces its true length, and the connection is closed after `bytes` of its body.
    #[must_use]
    pub fn truncate(bytes: usize) -> Self {
        Self::new(Action::Truncate(bytes))
    }

    /// The gateway answers itself; nothing is forwarded.
    #[must_use]
    pub fn respond(response: Response) -> Self {
        Self::new(Action::Respond(response))
    }

    /// The request is forwarded and its whole answer awaited, so it is committed; then the gateway answers something else.
    #[must_use]
    pub fn respond_after(response: Response) -> Self {
        Self::new(Action::RespondAfter(response))
    }

    /// The request is forwarded after a delay **even when the client has closed** its connection; then its answer is thrown
    /// away. This is what a packet that arrives late does.
    #[must_use]
    pub fn hold(delay: Duration) -> Self {
        Self::new(Action::Hold(Some(delay)))
    }

    /// As [`hold`](Self::hold), until [`Gateway::release`](super::Gateway::release).
    #[must_use]
    pub fn hold_until_released() -> Self {
        Self::new(Action::Hold(None))
    }

    /// For that many requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// For all requests until [`Gateway::heal`](super::Gateway::heal).
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// Only after that many requests it would be for.
    #[must_use]
    pub fn after(mut self, requests: u32) -> Self {
        self.skip = requests;
        self
    }

    /// Only for requests of this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only for requests whose path, with its query as the client sent it, contains `part`.
    #[must_use]
    pub fn path_contains(mut self, part: &str) -> Self {
        self.path = Some(part.to_owned());
        self
    }

    /// The action, if it is for this request; counts it.
    pub(super) fn take_for(&mut self, request: &Request) -> Option<Action> {
        // A process asks for the function when it likes: what is counted would be for that or not.
        let is_counted = self.path.is_none() && self.times.is_some();
        let wanted = self.method.as_ref().is_none_or(|method| *method == request.method)
            && self.path.as_ref().is_none_or(|part| request.path.contains(part))
            && !(is_counted && request.path.contains("/rpc/chronicle_apply"));
        if !wanted || self.is_used_up() {
            return None;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        self.times = self.times.map(|times| times - 1);
        Some(self.action.clone())
    }

    pub(super) fn is_used_up(&self) -> bool {
        self.times == Some(0)
    }
}
