//! What the kernel tells of this process, under the names that every Prometheus client library uses.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};
use std::sync::atomic::AtomicU64;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

/// Which program it is, and what it uses. What the kernel does not tell is left out.
pub(super) fn registry() -> Registry {
    let mut registry = Registry::default();
    let build = Family::<Build, Gauge>::default();
    build.get_or_create(&Build { version: env!("CARGO_PKG_VERSION") }).set(1);
    registry.register("binnacle_build_info", "The version that runs", build);
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{file}")).unwrap_or_default();
    let (stat, status) = (read("self/stat"), read("self/status"));
    if let Some(seconds) = cpu(&stat) {
        let used = Counter::<f64, AtomicU64>::default();
        used.inc_by(seconds);
        registry.register_with_unit(
            "process_cpu",
            "Processor time, of the user and of the system",
            Unit::Seconds,
            used,
        );
    }
    if let Some(seconds) = started(&stat, &read("stat")) {
        let began = Gauge::<f64, AtomicU64>::default();
        began.set(seconds);
        registry.register_with_unit("process_start_time", "When the process began", Unit::Seconds, began);
    }
    let mut gauge = |name: &str, help: &str, unit: Option<Unit>, told: Option<i64>| {
        let Some(told) = told else { return };
        let gauge: Gauge = Gauge::default();
        gauge.set(told);
        match unit {
            Some(unit) => registry.register_with_unit(name, help, unit, gauge),
            None => registry.register(name, help, gauge),
        }
    };
    let kilobytes = |name| status_of(&status, name).map(|kilobytes| kilobytes * 1024);
    gauge("process_resident_memory", "Memory that is in use", Some(Unit::Bytes), kilobytes("VmRSS:"));
    gauge("process_virtual_memory", "Memory that is addressed", Some(Unit::Bytes), kilobytes("VmSize:"));
    gauge("process_threads", "Threads of the process", None, status_of(&status, "Threads:"));
    let open = std::fs::read_dir("/proc/self/fd").ok().and_then(|files| i64::try_from(files.count()).ok());
    gauge("process_open_fds", "Files and connections that are open", None, open);
    gauge("process_max_fds", "Files and connections that may be open", None, most_files(&read("self/limits")));
    registry
}

/// The field of a process' `stat` with this number, from 1, as proc(5) counts. The name may hold blanks and brackets.
fn field(stat: &str, number: usize) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
}

fn seconds(ticks: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "ticks of a second are a hundred or a thousand")]
    let a_second = rustix::param::clock_ticks_per_second() as f64;
    ticks / a_second
}

fn cpu(stat: &str) -> Option<f64> {
    Some(seconds(field(stat, 14)? + field(stat, 15)?))
}

fn started(stat: &str, of_all: &str) -> Option<f64> {
    let boot: f64 = of_all.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(boot + seconds(field(stat, 22)?))
}

fn status_of(status: &str, name: &str) -> Option<i64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

fn most_files(limits: &str) -> Option<i64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_though_the_process_has_an_odd_name() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194304 9 0 0 0 250 50 0 0 20 0 4 0 1000 1 2 3";
        assert_eq!(field(stat, 14), Some(250.0));
        assert_eq!(cpu(stat), Some(seconds(300.0)));
        assert_eq!(started(stat, "cpu 1 2\nbtime 1700000000\n"), Some(1_700_000_000.0 + seconds(1000.0)));
        assert_eq!(cpu("nonsense"), None);
        assert_eq!(status_of("VmSize:\t  20 kB\nVmRSS:\t    12 kB\n", "VmRSS:"), Some(12));
        assert_eq!(
            most_files("Max open files            1024                 4096                 files\n"),
            Some(1024)
        );
        assert_eq!(most_files("Max open files            unlimited            unlimited            files\n"), None);
    }
}
