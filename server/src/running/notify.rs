//! Words to systemd, where it started us; elsewhere nobody listens.

use sd_notify::NotifyState;

/// It takes requests from now on.
pub fn ready(address: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(&format!("listening on {address}"))]);
}

/// It ends.
pub fn ending() {
    tell(&[NotifyState::Stopping, NotifyState::Status("streams are told to end")]);
}

/// Says that it lives as often as systemd wants to hear it; a runtime that hangs says nothing, and is started anew.
pub async fn watchdog() {
    let Some(wanted) = sd_notify::watchdog_enabled() else { return };
    loop {
        tell(&[NotifyState::Watchdog]);
        tokio::time::sleep(wanted / 3).await;
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("systemd cannot be told how it goes: {error}");
    }
}
