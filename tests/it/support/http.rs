//! A plain HTTP/1.1 client: what is given is what goes over the wire, right or wrong.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// What came back.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The first header of a lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }
}

/// Sends one request on a connection of its own.
pub(crate) fn send(
    server: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Response {
    let answer = try_send(server, method, target, headers, body);
    answer.unwrap_or_else(|error| panic!("no answer to {method} {target}: {error}"))
}

/// The same to a server that may go away.
pub(crate) fn try_send(
    server: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Response> {
    let mut headers = headers.to_vec();
    headers.push(("connection", "close"));
    let mut connection = Connection::try_open(server)?;
    // The server may answer and close before it has read a body that is too large for it.
    let _ = connection.write(method, target, &headers, body);
    connection.read(method == "HEAD")
}

/// A connection that stays open between requests.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    host: SocketAddr,
}

impl Connection {
    /// Connects to a server that listens.
    pub(crate) fn open(host: SocketAddr) -> Self {
        Self::try_open(host).expect("the server listens")
    }

    /// Connects to a server that may be gone.
    fn try_open(host: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            host,
        })
    }

    /// `POST` with a JSON body; an error when the server goes away.
    pub(crate) fn post(&mut self, target: &str, json: &str) -> io::Result<Response> {
        self.write(
            "POST",
            target,
            &[("content-type", "application/json")],
            json.as_bytes(),
        )?;
        self.read(false)
    }

    fn write(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<()> {
        let mut request =
            format!("{method} {target} HTTP/1.1\r\nhost: {}\r\n", self.host).into_bytes();
        for (name, value) in headers {
            request.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        if !body.is_empty() || matches!(method, "POST" | "PUT" | "PATCH") {
            request.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
        }
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(body);
        self.stream.get_mut().write_all(&request)
    }

    fn read(&mut self, without_body: bool) -> io::Result<Response> {
        let status = self.line()?;
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
        let mut response = Response {
            status: status.ok_or(io::ErrorKind::InvalidData)?,
            headers: vec![],
            body: vec![],
        };
        loop {
            let line = self.line()?;
            match line.split_once(':') {
                Some((name, value)) => response
                    .headers
                    .push((name.to_ascii_lowercase(), value.trim().to_owned())),
                None => break,
            }
        }
        if !without_body && response.status != 204 && response.status != 304 {
            self.read_body(&mut response)?;
        }
        Ok(response)
    }

    fn read_body(&mut self, response: &mut Response) -> io::Result<()> {
        if response.header("transfer-encoding") == Some("chunked") {
            return self.read_chunks(&mut response.body);
        }
        match response
            .header("content-length")
            .and_then(|length| length.parse().ok())
        {
            Some(length) => {
                response.body.resize(length, 0);
                self.stream.read_exact(&mut response.body)
            }
            None => self.stream.read_to_end(&mut response.body).map(drop),
        }
    }

    fn read_chunks(&mut self, body: &mut Vec<u8>) -> io::Result<()> {
        loop {
            let size = self.line()?;
            let size = usize::from_str_radix(&size, 16).map_err(|_| io::ErrorKind::InvalidData)?;
            let start = body.len();
            body.resize(start + size, 0);
            self.stream.read_exact(&mut body[start..])?;
            self.line()?;
            if size == 0 {
                return Ok(());
            }
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}

/// `POST` with a JSON body.
pub(crate) fn post(server: SocketAddr, target: &str, json: &str) -> Response {
    send(
        server,
        "POST",
        target,
        &[("content-type", "application/json")],
        json.as_bytes(),
    )
}

/// `GET`.
pub(crate) fn get(server: SocketAddr, target: &str) -> Response {
    send(server, "GET", target, &[], b"")
}

/// All rows of a collection, page by page; `member` is what a page calls them.
pub(crate) fn rows(server: SocketAddr, collection: &str, member: &str) -> Vec<serde_json::Value> {
    let mut rows = Vec::new();
    let mut token = String::new();
    loop {
        let page = get(
            server,
            &format!("{collection}?pageSize=100&pageToken={token}"),
        );
        assert_eq!(page.status, 200, "{}", page.text());
        let page = page.json();
        rows.extend_from_slice(page[member].as_array().expect("a list"));
        token = page["nextPageToken"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if token.is_empty() {
            return rows;
        }
    }
}
