//! The fields of `multipart/form-data` as they come.

use std::{
    fmt,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http_body::Body as HttpBody;
use protoloop_core::{Error, Result};

use super::{Event, Head, Multipart};
use crate::stream::Plain;

/// What a form says next.
#[derive(Debug)]
pub(crate) enum Item {
    /// A field with all of its content.
    Field(Head, Bytes),
    /// A piece of a file.
    Piece {
        /// Of the file.
        head: Head,
        /// Whether the file begins here.
        first: bool,
        data: Bytes,
    },
}

/// Reads a form. Files that are passed on piece by piece are never held; of all the rest, together, no more than the
/// bound.
pub(crate) struct Reader<B> {
    body: Plain<B>,
    parts: Multipart,
    ended: bool,
    open: Option<Open>,
    /// Bytes that were held.
    held: usize,
    limit: usize,
    /// Parts that may still come.
    parts_left: usize,
    max_parts: usize,
}

struct Open {
    head: Head,
    content: Content,
}

enum Content {
    Held(BytesMut),
    Passed { begun: bool },
}

impl<B> Reader<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: fmt::Display,
{
    /// `limit` bounds the bytes of all fields that are held.
    pub(crate) fn new(body: Plain<B>, boundary: &str, limit: usize, max_parts: usize) -> Self {
        Self {
            body,
            parts: Multipart::new(boundary),
            ended: false,
            open: None,
            held: 0,
            limit,
            parts_left: max_parts,
            max_parts,
        }
    }

    /// The next item; `in_pieces` tells whether a part is passed on as it comes.
    pub(crate) async fn next(
        &mut self,
        in_pieces: impl Fn(&Head) -> Result<bool>,
    ) -> Option<Result<Item>> {
        std::future::poll_fn(|cx| self.poll(cx, &in_pieces)).await
    }

    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        in_pieces: &impl Fn(&Head) -> Result<bool>,
    ) -> Poll<Option<Result<Item>>> {
        loop {
            match self.parts.next(self.ended) {
                Err(error) => return Poll::Ready(Some(Err(error))),
                Ok(Some(event)) => match self.take(event, in_pieces) {
                    Ok(Taken::Nothing) => continue,
                    Ok(Taken::Item(item)) => return Poll::Ready(Some(Ok(item))),
                    Ok(Taken::End) => return Poll::Ready(None),
                    Err(error) => return Poll::Ready(Some(Err(error))),
                },
                Ok(None) => {}
            }
            match ready!(self.body.poll(cx)) {
                None => self.ended = true,
                Some(Ok(data)) => self.parts.push(data),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            }
        }
    }

    fn take(&mut self, event: Event, in_pieces: &impl Fn(&Head) -> Result<bool>) -> Result<Taken> {
        let closed = match event {
            Event::Data(data) => return self.data(data),
            Event::End => match self.open.take() {
                None => return Ok(Taken::End),
                closed => closed,
            },
            Event::Part(head) => {
                let Some(left) = self.parts_left.checked_sub(1) else {
                    let message = format!("the form has more than {} fields", self.max_parts);
                    return Err(Error::invalid_argument(message));
                };
                self.parts_left = left;
                let content = match in_pieces(&head)? {
                    true => Content::Passed { begun: false },
                    false => Content::Held(BytesMut::new()),
                };
                self.open.replace(Open { head, content })
            }
        };
        Ok(closed.map_or(Taken::Nothing, Open::close))
    }

    fn data(&mut self, data: Bytes) -> Result<Taken> {
        let Some(open) = &mut self.open else {
            return Ok(Taken::Nothing);
        };
        match &mut open.content {
            Content::Held(held) => {
                self.held += data.len();
                if self.held > self.limit {
                    let limit = self.limit;
                    let message = format!("the fields of the form are larger than {limit} bytes");
                    return Err(Error::resource_exhausted(message));
                }
                held.extend_from_slice(&data);
                Ok(Taken::Nothing)
            }
            Content::Passed { begun } => {
                let first = !std::mem::replace(begun, true);
                let head = open.head.clone();
                Ok(Taken::Item(Item::Piece { head, first, data }))
            }
        }
    }
}

/// What became of an event.
enum Taken {
    Nothing,
    Item(Item),
    End,
}

impl Open {
    /// What is told when the part is over.
    fn close(self) -> Taken {
        match self.content {
            Content::Held(held) => Taken::Item(Item::Field(self.head, held.freeze())),
            Content::Passed { begun: false } if !self.head.is_unchosen(b"") => {
                Taken::Item(Item::Piece {
                    head: self.head,
                    first: true,
                    data: Bytes::new(),
                })
            }
            Content::Passed { .. } => Taken::Nothing,
        }
    }
}
