//! What changes on a run's page, drawn once for all that look at the same time.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use leptos::prelude::{Owner, RenderHtml};
use tokio::sync::Mutex;

use super::{Office, story};
use crate::store::{RunRow, StoreError};

/// For how long a drawing is good: pages ask for it that long after they were told of a change, so that none of them
/// gets one that was drawn before.
const GOOD: Duration = Duration::from_millis(250);
/// Drawings at once.
const MOST: usize = 64;

/// The run, whether all tasks are listed, and whether whoever looks may act.
type Key = (String, bool, bool);
type Kept = (Instant, RunRow, Arc<str>);

/// Drawings of a moment ago.
#[derive(Default)]
pub(super) struct Parts(Mutex<HashMap<Key, Kept>>);

impl Parts {
    /// The part of a run's page that changes, as HTML.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub(super) async fn html(
        &self,
        office: &Office,
        row: RunRow,
        all_tasks: bool,
        acts: bool,
    ) -> Result<Arc<str>, StoreError> {
        // Held while it is drawn: who asks meanwhile gets the same.
        let mut kept = self.0.lock().await;
        let key = (row.id.clone(), all_tasks, acts);
        if let Some((at, of, html)) = kept.get(&key)
            && at.elapsed() < GOOD
            && *of == row
        {
            return Ok(html.clone());
        }
        let began = Instant::now();
        let part = story::part(office, &row, all_tasks, acts).await?;
        let html: Arc<str> = Owner::new().with(|| app::pages::deployments::part(&part).to_html()).into();
        if kept.len() >= MOST {
            kept.retain(|_, (at, ..)| at.elapsed() < GOOD);
        }
        kept.insert(key, (began, row, html.clone()));
        Ok(html)
    }
}
