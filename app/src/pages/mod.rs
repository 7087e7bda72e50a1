//! One file a page. Pages are functions from what the server found out to a view; none of them
//! asks, waits or keeps state.

mod access;
mod api;
pub mod backups;
mod cards;
mod clusters;
mod demo;
pub mod deployments;
mod drift;
mod embedded;
mod figure;
mod filters;
mod frame;
pub mod history;
pub mod incidents;
mod notify;
pub mod objects;
mod overview;
mod people;
mod plan;
pub mod restore;
mod scripts;
mod table;
mod trouble;
mod waves;
mod what_if;

pub use access::{
    AuditLine, AuditSought, SessionLine, TokenLine, audit, first, refusal, sessions, sign_in, signed_out, tokens,
};
pub use api::{Body, Field, Kind, Operation, Tried, api};
pub use cards::{Card, CardHost, CardPage, CardTold, ON_A_PAGE, cards};
pub use clusters::clusters;
pub use demo::{Breaking, BrokenLine, breaking};
pub use drift::drift;
pub use embedded::{Embedded, embedded};
pub use figure::figure;
pub use frame::{Assets, Frame, Tab, Theme, Visitor, Warned, frame};
pub use overview::{Attention, ConcernLine, Done, LoadLine, Loads, Overview, overview};
pub use people::{UserLine, users};
pub use plan::plan;
pub use table::table;
pub use trouble::{not_found, trouble};
pub use waves::{Order, StuckLine, WaveLine};
pub use what_if::{Answered, HostLine, LossLine, Losses, PartLine, PointLine, WhatIf, what_if};
