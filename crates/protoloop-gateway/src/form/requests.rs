//! The messages of a client stream, from `multipart/form-data`.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_core::Stream;
use http_body::Body as HttpBody;
use protoloop_core::{Error, Result};
use protoloop_schema::MessageId;
use protoloop_wire::Tables;

use super::{Head, Item, Reader};
use crate::{
    RestOptions,
    bind::{Fields, FormBody},
    plan::{BodyPlan, Plan},
};

/// The messages of a form: the first one, which was bound before the call; then one for each piece of a file, and one
/// for each field that comes behind the first file.
pub(crate) struct FormRequests<B> {
    first: Option<Bytes>,
    rest: Option<Reader<B>>,
    how: How,
    /// Fields that were given and may not come again.
    given: Vec<Vec<u32>>,
}

/// How a part becomes a message.
struct How {
    tables: Arc<Tables>,
    /// What the form stands for.
    message: MessageId,
    plan: BodyPlan,
    options: RestOptions,
}

impl<B> FormRequests<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: fmt::Display,
{
    /// The fields up to the first piece of a file, with that piece.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) async fn begin(fields: Fields<'_>, reader: &mut Reader<B>) -> Result<FormBody> {
        let mut fields = fields;
        loop {
            let item = reader.next(|head| fields.comes_in_pieces(head)).await;
            match item.transpose()? {
                Some(Item::Field(head, data)) => {
                    fields.part(&head, &data)?;
                }
                Some(Item::Piece { head, first, data }) => {
                    fields.piece(&head, first, &data)?;
                    return fields.finish();
                }
                None => return fields.finish(),
            }
        }
    }

    /// `first` is the message that [`begin`](Self::begin) gave the fields of, `given` what stands in it, `reader` has the
    /// rest.
    pub(crate) fn new(
        first: Bytes,
        given: Vec<Vec<u32>>,
        reader: Reader<B>,
        tables: &Arc<Tables>,
        plan: &Plan,
        message: MessageId,
        options: &RestOptions,
    ) -> Self {
        let how = How {
            tables: Arc::clone(tables),
            message,
            plan: plan.body,
            options: options.clone(),
        };
        Self {
            first: Some(first),
            rest: Some(reader),
            how,
            given,
        }
    }

    /// The message of an item; `None` where it says nothing.
    fn message(&mut self, item: &Item) -> Result<Option<Bytes>> {
        let mut fields = self.how.fields();
        let (head, begins) = match item {
            Item::Field(head, data) => {
                if !fields.part(head, data)? {
                    return Ok(None);
                }
                (head, true)
            }
            Item::Piece { head, first, data } => {
                fields.piece(head, *first, data)?;
                (head, *first)
            }
        };
        let mut form = fields.finish()?;
        if begins {
            let again = |one: &Vec<u32>| {
                let related = |given: &Vec<u32>| given.starts_with(one) || one.starts_with(given);
                self.given.iter().any(related)
            };
            if form.given_once.iter().any(again) {
                return Err(Error::invalid_field(&*head.name, "is given more than once"));
            }
            self.given.append(&mut form.given_once);
        }
        Ok(Some(form.into_message(self.how.plan).into()))
    }
}

impl How {
    fn fields(&self) -> Fields<'_> {
        Fields::new(&self.tables, self.message, &self.options)
    }

    fn comes_in_pieces(&self, head: &Head) -> Result<bool> {
        self.fields().comes_in_pieces(head)
    }
}

impl<B> Stream for FormRequests<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: fmt::Display,
{
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(first) = this.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        loop {
            let Some(reader) = &mut this.rest else {
                return Poll::Ready(None);
            };
            let how = &this.how;
            let next = ready!(reader.poll(cx, &|head| how.comes_in_pieces(head)));
            let message = match next {
                None => None,
                Some(item) => match item.and_then(|item| this.message(&item)) {
                    Ok(None) => continue,
                    message => message.transpose(),
                },
            };
            if !matches!(message, Some(Ok(_))) {
                this.rest = None;
            }
            return Poll::Ready(message);
        }
    }
}
