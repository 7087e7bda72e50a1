//! People come in through providers of every shape, stay for as long as these vouch for them, and leave.

mod house;
mod provider;
mod shapes;
mod staying;
mod trust;
