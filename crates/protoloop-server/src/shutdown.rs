//! When to stop.

use std::{future::Future, io};

/// Waits for the process to be asked to stop: SIGINT (Ctrl-C), and SIGTERM where there is one.
///
/// The handlers are installed by this call, not at the first poll, so that no signal after it is missed.
///
/// # Errors
/// When the operating system refuses a handler.
#[cfg(unix)]
pub fn signal() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Waits for the process to be asked to stop: Ctrl-C.
///
/// # Errors
/// When the operating system refuses a handler.
#[cfg(windows)]
pub fn signal() -> io::Result<impl Future<Output = ()> + Send> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
