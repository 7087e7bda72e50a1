//! What the database promises, on SQLite and on PostgreSQL alike.

mod backups;
mod duty;
mod incidents;
mod killed;
mod nouns;
mod retention;
mod transfer;
mod upgrades;

use binnacle::store::{Place, Store};
use sqlx::{AnyConnection, Connection};

pub use backups::*;
pub use duty::*;
pub use incidents::*;
pub use killed::*;
pub use nouns::*;
pub use retention::*;
pub use transfer::*;
pub use upgrades::*;

/// A database of a test's own, empty at first.
pub struct Fresh {
    pub place: Place,
    /// Kept until the test ends.
    pub _kept: Option<Box<dyn std::any::Any>>,
}

/// A folder that goes with the test.
pub struct Folder(pub std::path::PathBuf);

impl Folder {
    pub fn new() -> Self {
        let name = format!("binnacle-store-{}-{:x}", std::process::id(), fastrand::u64(..));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A database that is a file, whatever the others of the test are.
pub fn in_a_folder() -> Fresh {
    let folder = Folder::new();
    Fresh { place: Place::beside(&folder.0), _kept: Some(Box::new(folder)) }
}

pub async fn open(fresh: &Fresh) -> Store {
    Store::open(&fresh.place).await.expect("a database")
}

/// Runs one statement past the store, as an admin of the database could.
pub async fn by_hand(fresh: &Fresh, sql: &'static str) -> Result<u64, sqlx::Error> {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(&killed::told(&fresh.place)).await?;
    let done = sqlx::query(sql).execute(&mut connection).await?.rows_affected();
    connection.close().await?;
    Ok(done)
}

/// A test for each of these, on what `fresh` of the test's own file makes.
macro_rules! promises {
    ($($promise:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                crate::store::$promise(crate::fresh()).await;
            }
        )+
        /// Begun as a process of its own by the promise about killed writers.
        #[tokio::test]
        async fn writer() {
            crate::store::write_until_killed().await;
        }
    };
}

/// Every promise, for one kind of database.
macro_rules! every_promise {
    () => {
        crate::store::promises!(
            a_user_is_kept_as_given_and_a_name_is_taken_once,
            a_session_ends_when_it_is_ended_and_when_it_expires,
            a_providers_sessions_are_looked_at_by_one_and_ended_there,
            a_token_is_revoked_once_and_stays_revoked,
            a_link_is_revoked_once_and_stays_revoked,
            the_audit_takes_entries_and_gives_none_up,
            the_audit_is_read_in_pages_and_by_who_action_and_cluster,
            the_audit_is_shortened_at_its_old_end_up_to_an_anchor,
            logs_of_deployments_go_by_age_and_by_size_and_deployments_stay,
            what_a_clock_that_was_ahead_wrote_holds_nobody_up,
            a_request_with_a_key_acts_once,
            a_key_whose_server_died_is_taken_over_only_by_what_may_be_done_twice,
            of_many_that_claim_a_key_at_once_one_acts,
            servers_that_ask_at_once_get_the_same_key,
            a_lease_has_one_holder_and_terms_that_grow,
            a_duty_that_is_given_back_is_taken_at_once,
            a_killed_server_is_replaced_by_another_within_fifteen_seconds,
            a_kill_loses_no_acknowledged_write,
            two_starts_at_once_migrate_once,
            every_earlier_version_is_brought_to_this_one_with_what_it_held,
            a_database_from_the_future_is_refused,
            two_replicas_go_on_while_the_database_is_upgraded_under_them,
            backups_are_told_newest_first_in_pages_with_where_they_lie,
            the_catalogue_follows_what_lies_in_each_place,
            what_waits_to_be_put_is_told_until_it_is_there,
            a_schedule_never_goes_back,
            news_of_a_warning_is_told_by_one_and_ends_where_it_began,
            ten_thousand_backups_are_paged_from_an_index,
            incidents_are_kept_by_the_lease_and_told_once,
            an_incident_that_is_open_again_is_told_anew,
            many_silenced_incidents_keep_back_no_other,
            a_silence_ends_by_itself_or_before,
            every_table_is_carried_or_left_out_with_a_reason,
            an_export_that_was_imported_is_exported_the_same_by_either_kind,
            numbers_go_on_where_every_entry_has_gone_to_an_anchor,
            an_import_is_refused_where_anything_is_or_a_server_runs,
            a_file_that_changes_while_it_is_imported_leaves_nothing,
            an_export_is_of_one_moment_while_others_write,
            a_file_of_an_earlier_version_is_brought_to_this_one,
            a_file_that_is_not_whole_is_said_so_and_makes_no_database,
        );
    };
}

pub(crate) use {every_promise, promises};
