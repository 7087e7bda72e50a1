//! A typed graph of an Inventory.
