//! The protocol on the standard streams of this process.

use std::{
    fs::File,
    io,
    os::fd::{AsFd, BorrowedFd},
};

use rmcp::{ServiceExt, service::ServerInitializeError, transport::async_rw::AsyncRwTransport};

use super::{MESSAGE, Source, api::Api, handler::Handler, tools::Reach};

/// Why the protocol came to no good end.
#[derive(Debug, thiserror::Error)]
pub enum StdioError {
    /// The streams cannot be used.
    #[error("standard input and output cannot be used: {0}")]
    Streams(#[from] io::Error),
    /// Whoever speaks on standard input does not speak the protocol.
    #[error(
        "whoever started this does not speak the Model Context Protocol: {0}. Name this command in the settings of an \
         assistant, as docs/mcp.md shows"
    )]
    Protocol(String),
}

/// Answers until standard input ends.
///
/// # Errors
/// [`StdioError`] when the streams cannot be used, or the other side does not speak the protocol.
pub async fn serve(source: Source) -> Result<(), StdioError> {
    let (api, reach) = match source {
        Source::Here(api, reach) => (Api::Within(api), reach),
        Source::Server(server) => (Api::Server(server), Reach::Server),
    };
    let (input, output) = (stream(io::stdin().as_fd())?, stream(io::stdout().as_fd())?);
    let transport = AsyncRwTransport::new_server(input, output).with_max_line_length(MESSAGE);
    let running = match Handler::new(api, reach).serve(transport).await {
        Ok(running) => running,
        // Whoever started us has thought better of it.
        Err(ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::TransportError { .. }) => return Ok(()),
        Err(error) => return Err(StdioError::Protocol(error.to_string())),
    };
    running.waiting().await.map_err(|error| StdioError::Protocol(error.to_string()))?;
    Ok(())
}

/// A stream of this process, whatever it is: a pipe, a socket, a file.
fn stream(of: BorrowedFd<'_>) -> io::Result<tokio::fs::File> {
    Ok(tokio::fs::File::from_std(File::from(of.try_clone_to_owned()?)))
}
