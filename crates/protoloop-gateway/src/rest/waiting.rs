//! Callers that wait to be told to send the body (`Expect: 100-continue`).

use std::sync::Arc;

use bytes::Bytes;
use protoloop_core::{Call, CallContext, Handler};

use super::{
    Head, RestGateway,
    read::{Before, content_type_text},
    ready,
};
use crate::{
    bind::{self, Parts},
    plan::Plan,
    respond::Refusal,
    router::Match,
};

/// Who is asked whether a caller may call at all, and on behalf of whom.
#[derive(Clone, Copy)]
pub(super) struct Admission<'a> {
    pub(super) handler: Option<&'a Arc<dyn Handler>>,
    /// With all headers.
    pub(super) context: &'a CallContext,
}

impl RestGateway {
    /// Refuses what can be refused without the body: values of path, query and headers, and who calls.
    pub(super) async fn admit(
        &self,
        plan: &Plan,
        found: &Match<'_>,
        head: &Head<'_>,
        before: &Before<'_>,
        admission: Admission<'_>,
    ) -> Result<(), Refusal> {
        let parts = Parts {
            found,
            route: &self.router.routes()[found.route],
            query: head.uri.query().unwrap_or_default(),
            body: &Bytes::new(),
            form: None,
            message: None,
            content_type: content_type_text(plan, head.headers),
            from_headers: before.from_headers.clone(),
        };
        let system = bind::check_head(&self.tables, plan, &self.options, &parts)?;
        self.form(plan, head, &system)?;
        let mut context = admission.context.clone();
        ready(plan, &self.options, head.asked, &mut context)?;
        if let Some(handler) = admission.handler {
            let call = Call::unary(Arc::clone(&plan.method), context, Bytes::new());
            handler.call(call).await?;
        }
        Ok(())
    }
}
