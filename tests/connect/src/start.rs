//! What the suite tells the server at the start, and the server the suite.

use std::{fs, net::SocketAddr, path::Path};

use prost::Message as _;
use protoloop_server::{ServerConfig, TlsFiles};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, stdin, stdout};

use crate::{
    Fallible,
    v1::{ServerCompatRequest, ServerCompatResponse},
};

pub(crate) async fn read() -> Fallible<ServerCompatRequest> {
    let mut stdin = stdin();
    let length = stdin.read_u32().await?;
    let mut message = vec![0; length as usize];
    stdin.read_exact(&mut message).await?;
    Ok(ServerCompatRequest::decode(&message[..])?)
}

pub(crate) async fn tell(request: &ServerCompatRequest, address: SocketAddr) -> Fallible<()> {
    let creds = request.server_creds.as_ref().filter(|_| request.use_tls);
    let response = ServerCompatResponse {
        host: address.ip().to_string(),
        port: address.port().into(),
        pem_cert: creds.map(|creds| creds.cert.clone()).unwrap_or_default(),
    };
    let message = response.encode_to_vec();
    let mut stdout = stdout();
    stdout.write_u32(u32::try_from(message.len())?).await?;
    stdout.write_all(&message).await?;
    stdout.flush().await?;
    Ok(())
}

pub(crate) fn config(request: &ServerCompatRequest, folder: &Path) -> Fallible<ServerConfig> {
    let mut config = ServerConfig {
        // The suite looks at which deadline arrives.
        default_timeout: None,
        compress_responses: true,
        ..ServerConfig::default()
    };
    if request.message_receive_limit > 0 {
        config.max_request_bytes = request.message_receive_limit as usize;
    }
    if let Some(creds) = request.server_creds.as_ref().filter(|_| request.use_tls) {
        let file = |name: &str, content: &[u8]| {
            let path = folder.join(name);
            fs::write(&path, content).map(|()| path)
        };
        let client = &request.client_tls_cert;
        config.tls = Some(TlsFiles {
            certificate: file("cert.pem", &creds.cert)?,
            private_key: file("key.pem", &creds.key)?,
            client_ca: (!client.is_empty())
                .then(|| file("client.pem", client))
                .transpose()?,
        });
    }
    Ok(config)
}
