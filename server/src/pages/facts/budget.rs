//! Budgets of disruption and autoscalers, for the panels of what they guard and scale.

use app::source::FactLine;
use topology::{
    Inventory,
    inventory::{Autoscaler, Budget, Key, OwnerKind, Pod, Source},
};

use super::{line, standing};

const BUDGET: &str = "Disruption budget";
const AUTOSCALER: &str = "Autoscaler";

/// The budgets that guard a pod.
pub(super) fn of_pod(inventory: &Inventory, pod: &Pod) -> Vec<FactLine> {
    match standing(inventory, Source::PodDisruptionBudgets, &pod.key.namespace) {
        Err(unknown) => vec![line(BUDGET, unknown)],
        Ok(aged) => inventory.catalog().budgets_of(pod).map(|budget| self::budget(budget, &aged)).collect(),
    }
}

/// The budgets that guard the pods of an owner, and the autoscalers that scale it.
pub(super) fn of_owner(inventory: &Inventory, kind: &OwnerKind, key: &Key) -> Vec<FactLine> {
    let mut lines = Vec::new();
    let Some(owner) = inventory.owner(kind, key) else { return lines };
    match standing(inventory, Source::PodDisruptionBudgets, &key.namespace) {
        Err(unknown) => lines.push(line(BUDGET, unknown)),
        Ok(aged) => {
            lines.extend(inventory.catalog().budgets_over(owner).map(|budget| self::budget(budget, &aged)));
            let guarded = !matches!(kind, OwnerKind::DaemonSet | OwnerKind::Job | OwnerKind::Node);
            if lines.is_empty() && guarded {
                lines.push(line(BUDGET, format!("none: all of its pods may be evicted at once{aged}")));
            }
        }
    }
    match standing(inventory, Source::Autoscalers, &key.namespace) {
        Err(unknown) => lines.push(line(AUTOSCALER, unknown)),
        Ok(aged) => {
            let scalers = inventory.catalog().autoscalers_of(kind, key);
            lines.extend(scalers.map(|scaler| line(AUTOSCALER, format!("{}{aged}", scale(scaler)))));
        }
    }
    lines
}

fn budget(budget: &Budget, aged: &str) -> FactLine {
    let rule = match (&budget.min_available, &budget.max_unavailable) {
        (Some(least), _) => format!("at least {least} available"),
        (None, Some(most)) => format!("at most {most} unavailable"),
        (None, None) => "no rule".into(),
    };
    let may = match budget.allowed {
        None => "unknown: not counted yet".into(),
        Some(0) => "no pod may be evicted now".into(),
        Some(1) => "1 pod may be evicted now".into(),
        Some(count) => format!("{count} pods may be evicted now"),
    };
    let Budget { key, healthy, expected, desired, .. } = budget;
    line(BUDGET, format!("{}: {rule}; {may} ({healthy} of {expected} healthy, {desired} needed){aged}", key.name))
}

fn scale(scaler: &Autoscaler) -> String {
    let Autoscaler { key, min, max, current, desired, .. } = scaler;
    format!("{}: {min} to {max} pods; {current} now, {desired} wanted", key.name)
}
