//! Which backups belong to one life of a cluster. A rebuilt cluster keeps its name; its etcd has a new
//! cluster id, or the same id and a revision that went back. Backups of an earlier life are the ones
//! that are wanted in just those days, so nothing that is done for the new life may remove them.

/// What a backup says of its etcd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// etcd's cluster id.
    pub cluster_id: String,
    /// The revision at its end.
    pub revision: i64,
}

/// One life of a cluster, as its backups tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incarnation {
    /// etcd's cluster id in it.
    pub cluster_id: String,
    /// When its first backup was taken, in milliseconds since the epoch.
    pub first: i64,
    /// When its last one was taken.
    pub last: i64,
    /// How many backups it has.
    pub count: usize,
    /// The revision at the end of its last backup.
    pub revision: i64,
    /// Whether its revision began below the end of the life before, with the same cluster id.
    pub went_back: bool,
}

/// Tells lives apart, from the oldest backup on: answers each backup's life, counted from zero. A backup
/// that tells nothing of its etcd belongs to the life before it.
pub fn lives<'a>(oldest_first: impl IntoIterator<Item = Option<&'a Origin>>) -> Vec<usize> {
    let mut life = 0;
    let mut current: Option<&Origin> = None;
    let number = |origin: Option<&'a Origin>| {
        let Some(origin) = origin else { return life };
        if current.is_some_and(|before| is_another(before, origin)) {
            life += 1;
        }
        current = Some(origin);
        life
    };
    oldest_first.into_iter().map(number).collect()
}

fn is_another(before: &Origin, origin: &Origin) -> bool {
    before.cluster_id != origin.cluster_id || origin.revision < before.revision
}

/// The lives that verified backups tell of, oldest first; each backup with when it was taken.
pub fn incarnations(oldest_first: &[(i64, Origin)]) -> Vec<Incarnation> {
    let mut all: Vec<Incarnation> = Vec::new();
    let mut before: Option<&Origin> = None;
    for (began, origin) in oldest_first {
        let Origin { cluster_id, revision } = origin.clone();
        match all.last_mut() {
            Some(life) if !before.is_some_and(|before| is_another(before, origin)) => {
                life.last = *began;
                life.count += 1;
                life.revision = revision;
            }
            _ => {
                let went_back = before.is_some_and(|before| before.cluster_id == cluster_id);
                all.push(Incarnation { cluster_id, first: *began, last: *began, count: 1, revision, went_back });
            }
        }
        before = Some(origin);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cluster_id: &str, revision: i64) -> Origin {
        Origin { cluster_id: cluster_id.into(), revision }
    }

    #[test]
    fn another_cluster_id_or_a_lower_revision_begins_another_life() {
        let backups = [of("a", 10), of("a", 20), of("a", 5), of("a", 6), of("b", 900)];
        assert_eq!(lives(backups.iter().map(Some)), [0, 0, 1, 1, 2]);
        let dated: Vec<_> = (0..).zip(backups).collect();
        let all = incarnations(&dated);
        assert_eq!(
            all.iter().map(|life| (life.count, life.went_back)).collect::<Vec<_>>(),
            [(2, false), (2, true), (1, false)]
        );
        assert_eq!((all[1].first, all[1].last, all[1].revision), (2, 3, 6));
    }

    #[test]
    fn an_idle_cluster_lives_on_and_a_silent_backup_belongs_to_the_life_before() {
        let (one, other) = (of("a", 10), of("b", 10));
        assert_eq!(lives([Some(&one), Some(&one), None, Some(&other), None]), [0, 0, 0, 1, 1]);
        assert_eq!(lives([None, Some(&one)]), [0, 0]);
    }
}
