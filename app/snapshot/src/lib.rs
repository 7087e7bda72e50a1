//! What a snapshot of etcd holds, and whether it is sound: its digest, its pages, its revisions.
