//! Callers that wait to be told to send the body (`Expect: 100-continue`).

use std::sync::Arc;

use bytes::Bytes;
use protoloop_core::{Call, Handler, Origin};

use super::{
    Head, RestGateway, context,
    read::{Before, content_type_text},
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
    pub(super) origin: &'a Origin,
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
        let context = context(
            plan,
            &self.options,
            head.asked,
            head.headers.clone(),
            head.extensions.cloned().unwrap_or_default(),
            *admission.origin,
        )?;
        if let Some(handler) = admission.handler {
            let call = Call::unary(Arc::clone(&plan.method), context, Bytes::new());
            handler.call(call).await?;
        }
        Ok(())
    }
}
