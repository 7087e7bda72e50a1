//! Deployments: what was ordered, how far it is, how it went.

use serde::Serialize;
use sqlx::{Row, any::AnyRow};

use super::{Store, StoreError};

const COLUMNS: &str = "id, cluster, kind, host, state, who, created, started, ended, dir, made, resume, size, judgement, \
                       trouble, cancelled_by, seen, versions, rules, hidden, redacted";

/// A deployment as it is kept. Texts that are JSON or words are whoever's who keeps them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunRow {
    /// Names it.
    pub id: String,
    /// The cluster.
    pub cluster: String,
    /// What is done to it, as a word.
    pub kind: String,
    /// The jump host.
    pub host: String,
    /// How far it is, as a word.
    pub state: String,
    /// Who ordered it.
    pub who: String,
    /// When it was ordered.
    pub created: i64,
    /// When it began.
    pub started: Option<i64>,
    /// When it ended.
    pub ended: Option<i64>,
    /// Its folder on the jump host.
    pub dir: String,
    /// Options, command and hosts, as JSON.
    pub made: String,
    /// Where to go on reading the raw log, as JSON.
    pub resume: String,
    /// How much of the log is kept, in bytes.
    pub size: i64,
    /// How it went, as JSON.
    pub judgement: Option<String>,
    /// What is being waited for.
    pub trouble: String,
    /// Who cancelled it.
    pub cancelled_by: Option<String>,
    /// How its hosts fared while their systems installed, as JSON; empty before.
    pub seen: String,
    /// What was deployed, by its versions, as JSON; empty as long as nobody told.
    pub versions: String,
    /// The version of the rules that its log was redacted by.
    pub rules: i64,
    /// What was hidden when its log was redacted anew, by rule, as JSON; empty before.
    pub hidden: String,
    /// When its log was redacted anew.
    pub redacted: Option<i64>,
}

/// What came of keeping an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ordered {
    /// It is a run of its own.
    New,
    /// The same was ordered before and has not ended; its id.
    Before(String),
}

/// Which runs are looked for; empty texts look for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runs {
    /// Only of this cluster.
    pub cluster: String,
    /// Only in this state.
    pub state: String,
    /// Only of this kind.
    pub kind: String,
    /// Only ordered by this one.
    pub who: String,
    /// Only those ordered before, in milliseconds, and after them by id: the next page.
    pub before: Option<(i64, String)>,
}

impl Store {
    /// Keeps an order with its plan, DHA file and network.yml, secrets masked; `ordered` is the same for the same order.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn order(&self, run: &RunRow, plan: &[String; 2], ordered: &str) -> Result<Ordered, StoreError> {
        let kept = sqlx::query(
            "INSERT INTO runs (id, cluster, kind, host, state, ordered, who, created, dir, made, dha, network, rules) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (ordered) DO NOTHING",
        )
        .bind(&run.id)
        .bind(&run.cluster)
        .bind(&run.kind)
        .bind(&run.host)
        .bind(&run.state)
        .bind(ordered)
        .bind(&run.who)
        .bind(run.created)
        .bind(&run.dir)
        .bind(&run.made)
        .bind(&plan[0])
        .bind(&plan[1])
        .bind(run.rules)
        .execute(&self.pool)
        .await?;
        if kept.rows_affected() == 1 {
            return Ok(Ordered::New);
        }
        let before = sqlx::query("SELECT id FROM runs WHERE ordered = $1").bind(ordered);
        let before = before.fetch_optional(&self.pool).await?;
        // It ended between the two questions: asked again, it is new.
        let before = before.ok_or_else(|| StoreError::Away("the same order ended just now: order again".into()))?;
        Ok(Ordered::Before(before.try_get("id")?))
    }

    /// The run of this id.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn run(&self, id: &str) -> Result<Option<RunRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM runs WHERE id = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(&self.pool).await?;
        row.as_ref().map(run).transpose()
    }

    /// A run's plan as it was, DHA file and network.yml, secrets masked.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn plan_of_run(&self, id: &str) -> Result<Option<[String; 2]>, StoreError> {
        let row =
            sqlx::query("SELECT dha, network FROM runs WHERE id = $1").bind(id).fetch_optional(&self.pool).await?;
        row.map(|row| Ok([row.try_get("dha")?, row.try_get("network")?])).transpose()
    }

    /// Runs, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn runs(&self, sought: &Runs, limit: u32) -> Result<Vec<RunRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM runs WHERE ($1 = '' OR cluster = $1) AND ($2 = '' OR state = $2) \
             AND ($3 = '' OR kind = $3) AND ($4 = '' OR who = $4) \
             AND (created < $5 OR (created = $5 AND id < $6)) ORDER BY created DESC, id DESC LIMIT $7"
        );
        let (at, id) = sought.before.clone().unwrap_or((i64::MAX, String::new()));
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(&sought.cluster)
            .bind(&sought.state)
            .bind(&sought.kind)
            .bind(&sought.who)
            .bind(at)
            .bind(id)
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(run).collect()
    }

    /// Runs that have not ended, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn live_runs(&self) -> Result<Vec<RunRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM runs WHERE ordered IS NOT NULL ORDER BY created, id");
        sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&self.pool).await?.iter().map(run).collect()
    }

    /// Gives a queued run its jump host; false while another has it.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn take_host(&self, id: &str, state: &str, now: i64) -> Result<bool, StoreError> {
        let taken = sqlx::query(
            "UPDATE runs SET holds = host, state = $2, started = $3 WHERE id = $1 AND holds IS NULL \
             AND ordered IS NOT NULL AND NOT EXISTS (SELECT 1 FROM runs AS other WHERE other.holds = runs.host)",
        );
        match taken.bind(id).bind(state).bind(now).execute(&self.pool).await.map_err(StoreError::from) {
            Ok(done) => Ok(done.rows_affected() == 1),
            Err(StoreError::Taken) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// How far a run is, and what it waits for.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn note_run(
        &self,
        id: &str,
        state: &str,
        trouble: &str,
        judgement: Option<&str>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE runs SET state = $2, trouble = $3, judgement = COALESCE($4, judgement) \
                   WHERE id = $1 AND ordered IS NOT NULL";
        sqlx::query(sql).bind(id).bind(state).bind(trouble).bind(judgement).execute(&self.pool).await?;
        Ok(())
    }

    /// A run has ended: its jump host is free, and the same can be ordered again.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn end_run(&self, id: &str, state: &str, judgement: Option<&str>, now: i64) -> Result<(), StoreError> {
        let sql = "UPDATE runs SET state = $2, judgement = COALESCE($3, judgement), ended = $4, trouble = '', \
                   holds = NULL, ordered = NULL WHERE id = $1 AND ordered IS NOT NULL";
        sqlx::query(sql).bind(id).bind(state).bind(judgement).bind(now).execute(&self.pool).await?;
        Ok(())
    }

    /// Somebody wants a run to end; false when it has ended, or somebody did before.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn cancel_run(&self, id: &str, who: &str) -> Result<bool, StoreError> {
        let sql = "UPDATE runs SET cancelled_by = $2 WHERE id = $1 AND ordered IS NOT NULL AND cancelled_by IS NULL";
        Ok(sqlx::query(sql).bind(id).bind(who).execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Nothing of a run is left on its jump host.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn left_run(&self, id: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE runs SET dir = '' WHERE id = $1 AND ended IS NOT NULL")
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Keeps how a run's hosts fare.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn seen_run(&self, id: &str, seen: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE runs SET seen = $2 WHERE id = $1").bind(id).bind(seen).execute(&self.pool).await?;
        Ok(())
    }

    /// Keeps the versions of what a run deployed.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn versions_run(&self, id: &str, versions: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE runs SET versions = $2 WHERE id = $1").bind(id).bind(versions).execute(&self.pool).await?;
        Ok(())
    }

    /// Keeps what a run's log tells.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn outline_run(&self, id: &str, outline: &[u8]) -> Result<(), StoreError> {
        sqlx::query("UPDATE runs SET outline = $2 WHERE id = $1").bind(id).bind(outline).execute(&self.pool).await?;
        Ok(())
    }

    /// What a run's log tells, as it was kept.
    ///
    /// # Errors
    /// [`StoreError::Away`].
    pub async fn outline_of(&self, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query("SELECT outline FROM runs WHERE id = $1").bind(id).fetch_optional(&self.pool).await?;
        Ok(row.map(|row| row.try_get("outline")).transpose()?.flatten())
    }
}

fn run(row: &AnyRow) -> Result<RunRow, StoreError> {
    Ok(RunRow {
        id: row.try_get("id")?,
        cluster: row.try_get("cluster")?,
        kind: row.try_get("kind")?,
        host: row.try_get("host")?,
        state: row.try_get("state")?,
        who: row.try_get("who")?,
        created: row.try_get("created")?,
        started: row.try_get("started")?,
        ended: row.try_get("ended")?,
        dir: row.try_get("dir")?,
        made: row.try_get("made")?,
        resume: row.try_get("resume")?,
        size: row.try_get("size")?,
        judgement: row.try_get("judgement")?,
        trouble: row.try_get("trouble")?,
        cancelled_by: row.try_get("cancelled_by")?,
        seen: row.try_get("seen")?,
        versions: row.try_get("versions")?,
        rules: row.try_get("rules")?,
        hidden: row.try_get("hidden")?,
        redacted: row.try_get("redacted")?,
    })
}
